import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { mocks, type Registered, register } from "../harness";
import { listen, type Wiring } from "../recorder";
import { makeEveryComponent } from "./every-component";

const FOLDER = join(__dirname, "..", "..", "components");
const BOUNDARY = "arn:aws:iam::123456789012:policy/boundary";
/** Type tokens that the sources of the components name. */
const declared = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".ts"))
  .flatMap((file) => [...readFileSync(join(FOLDER, file), "utf8").matchAll(/super\("(pilotlight:index:\w+)"/g)])
  .map(([, token]) => token);

describe("every component", () => {
  let wirings: Wiring[];
  /** Class names of the components that registered their outputs in their own constructor. */
  let finished: string[];
  beforeAll(async () => {
    await pulumi.runtime.setMocks(mocks(), "pilotlight", "test", false);
    wirings = listen();
    const open = pulumi.ComponentResource.prototype as unknown as { registerOutputs(this: object): void };
    const outputs = vi.spyOn(open, "registerOutputs");
    makeEveryComponent();
    // Read before anything else runs: Pulumi does it for a component that did not, later and with nothing in it.
    finished = outputs.mock.contexts.map((component) => component.constructor.name);
    outputs.mockRestore();
    await pulumi.runtime.disconnect();
  });
  const components = () => wirings.filter(({ type }) => type.startsWith("pilotlight:index:"));

  test("is made by this test, whatever file it is in", () => {
    expect(declared.length).toBeGreaterThan(15);
    expect([...new Set(components().map(({ type }) => type))].sort()).toEqual(declared.sort());
  });

  test("registers its outputs, each once", () => {
    const made = components().map(({ type }) => type.replace("pilotlight:index:", ""));
    expect(finished.sort()).toEqual(made.sort());
  });

  test("is the parent of all it makes: nothing hangs at the root or under a resource", () => {
    const ours = new Map(components().map((component) => [component.urn, component]));
    const loose = wirings.filter(({ urn, parent }) => !ours.has(urn) && !ours.has(parent));
    expect(loose.map(({ key }) => key)).toEqual([]);
    // A component inside another is its child too.
    const inner = components().filter(({ parent }) => parent !== "");
    expect(inner.map(({ key }) => key).sort()).toEqual([
      "GuardAlarms guard",
      "NodeRole cluster-elastic-node",
      "NodeRole cluster-node",
      "PodRole autoscaling-alerts",
      "PodRole balancer",
      "PodRole copy",
      "PodRole karpenter",
      "PodRole use",
    ]);
  });

  test("sends the engine none of its arguments: secrets among them would lie in the state", async () => {
    const seen = await register(makeEveryComponent);
    for (const { type, name, inputs } of seen)
      if (type.startsWith("pilotlight:index:")) expect(inputs, name).toEqual({});
  });
});

describe("every role", () => {
  const roles = (seen: Registered[]) => seen.filter(({ type }) => type === "aws:iam/role:Role");

  test("carries the permissions boundary, when the account demands one", async () => {
    const made = roles(await register(() => makeEveryComponent(BOUNDARY)));
    expect(made.map(({ name }) => name)).toEqual([
      "autoscaling-alerts",
      "balancer",
      "cluster",
      "cluster-elastic-node",
      "cluster-node",
      "copy",
      "engine",
      "guard",
      "guard-schedule",
      "karpenter",
      "system-cni",
      "use",
    ]);
    for (const { name, inputs } of made) expect(inputs.permissionsBoundary, name).toBe(BOUNDARY);
  });

  test("has none otherwise, and in either case a name of Pulumi's making, so that two stacks never meet", async () => {
    for (const { name, inputs } of roles(await register(() => makeEveryComponent()))) {
      expect(inputs, name).not.toHaveProperty("permissionsBoundary");
      expect(inputs, name).not.toHaveProperty("name");
    }
  });
});
