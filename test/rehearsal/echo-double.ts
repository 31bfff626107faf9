import { type Double, serve } from "../../rehearsal/doubles/rpc";

/**
 * A provider that does nothing and answers with its inputs, for those parts of a program that a test is not about.
 * @param version of the SDK it stands in for.
 * @param outs what it adds to the inputs, by resource type.
 */
export function serveEcho(version: string, outs: { readonly [type: string]: object } = {}) {
  const made = (type: string, inputs: object) => JSON.parse(JSON.stringify({ ...inputs, ...outs[type] }));
  const echo: Double<object> = {
    version,
    configure: (inputs) => inputs,
    check: (_config, { given }) => ({ inputs: given, failures: [] }),
    diff: (_config, { old, now }) => {
      const changed = Object.keys(now).filter((key) => JSON.stringify(old[key]) !== JSON.stringify(now[key]));
      return { changed, replaces: [], deleteFirst: false };
    },
    create: async (_config, { type, name, inputs, preview }) => ({
      id: preview ? "" : name,
      outs: preview ? inputs : made(type, inputs),
    }),
    update: async (_config, { type, now }) => made(type, now),
    read: async (_config, { state }) => state,
    delete: async () => {},
    invoke: async (_config, token) => {
      throw new Error(`the echo double answers no ${token}`);
    },
  };
  return serve(echo);
}
