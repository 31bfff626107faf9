import * as pulumi from "@pulumi/pulumi";

/** Milliseconds that each mocked resource takes: long enough that what does not wait has started before it is over. */
const CREATION_MS = 15;

/**
 * Which resources waited for which: mocks that take their time, so that a missing `dependsOn` shows as a start before the
 * end of what should come first. The engine destroys in the reverse of this order.
 */
export async function creationOrder(build: () => unknown): Promise<{ waits(later: string, earlier: string): boolean }> {
  const started = new Map<string, number>();
  const ended = new Map<string, number>();
  let clock = 0;
  await pulumi.runtime.setMocks(
    {
      newResource: async ({ type, name, inputs, id }) => {
        const key = `${type.split(":").at(-1)} ${name}`;
        started.set(key, clock++);
        await new Promise((done) => setTimeout(done, CREATION_MS));
        ended.set(key, clock++);
        return { id: id || `${name}-id`, state: { arn: `arn:${name}`, url: `https://${name}`, name, ...inputs } };
      },
      call: ({ inputs }) => inputs,
    },
    "pilotlight",
    "test",
    false,
  );
  await build();
  await pulumi.runtime.disconnect();
  const at = (times: Map<string, number>, key: string) => {
    const time = times.get(key);
    if (time === undefined) throw new Error(`no "${key}" among:\n${[...times.keys()].join("\n")}`);
    return time;
  };
  return { waits: (later, earlier) => at(started, later) > at(ended, earlier) };
}
