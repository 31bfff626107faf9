import * as pulumi from "@pulumi/pulumi";
import { mocks } from "./harness";
import { listen, type Wiring } from "./recorder";

/**
 * Which resources come after which, read off the dependencies that each registers: the engine creates in this order and
 * destroys in its reverse. A key is the last part of the type and the name, for example `Cluster kit`.
 */
export async function creationOrder(build: () => unknown): Promise<{
  waits(later: string, earlier: string): boolean;
  /** How long the engine waits for one resource, for example `3h`. */
  timeout(key: string, of: "create" | "delete"): string;
}> {
  await pulumi.runtime.setMocks(mocks(), "pilotlight", "test", false);
  const wirings = listen();
  await build();
  await pulumi.runtime.disconnect();
  const byUrn = new Map(wirings.map((wiring) => [wiring.urn, wiring]));

  function withKey(key: string): Wiring {
    const named = wirings.filter((wiring) => wiring.key === key);
    // A component and its main child may share their key: what is made and destroyed is the child.
    const made = named.filter(({ component }) => !component);
    const [found, ...others] = made.length > 0 ? made : named;
    if (found === undefined || others.length > 0)
      throw new Error(
        `${others.length + (found ? 1 : 0)} "${key}" among:\n${wirings.map((one) => one.key).join("\n")}`,
      );
    return found;
  }
  function reaches(from: Wiring, urn: string, seen = new Set<string>()): boolean {
    if (from.after.includes(urn)) return true;
    seen.add(from.urn);
    return from.after.some((next) => {
      const wiring = byUrn.get(next);
      return wiring !== undefined && !seen.has(next) && reaches(wiring, urn, seen);
    });
  }
  return {
    waits: (later, earlier) => reaches(withKey(later), withKey(earlier).urn),
    timeout: (key, of) => withKey(key).timeouts[of],
  };
}

/** Stands for whatever a component is made before or after. */
export class Marker extends pulumi.CustomResource {
  constructor(name: string, dependsOn: pulumi.Input<pulumi.Resource>[] = []) {
    super("test:index:Marker", name, {}, { dependsOn });
  }
}
