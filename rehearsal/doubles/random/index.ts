import { isDeepStrictEqual } from "node:util";
import { version } from "@pulumi/random/package.json";
import { UNKNOWN } from "../aws/inputs";
import type { Props } from "../aws/table";
import { type Double, type Served, serve } from "../rpc";
import { completePassword, password, passwordFaults } from "./password";

const PASSWORD = "random:index/randomPassword:RandomPassword";

/** The random provider, as far as the program needs it: passwords. */
export function startRandom(): Promise<Served> {
  return serve(randomDouble);
}

/** Everything a password is made by is fixed: another length or keeper is another password. `bcryptHash` is left out. */
export const randomDouble: Double<Props> = {
  version,
  configure: (inputs) => inputs,
  check: (_config, { type, given }) => {
    demandPassword(type);
    const inputs = completePassword(given);
    const unknown = Object.values(inputs).includes(UNKNOWN);
    return { inputs, failures: unknown ? [] : passwordFaults(inputs) };
  },
  diff: (_config, { type, old, now }) => {
    demandPassword(type);
    const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])];
    const changed = keys.filter((key) => !isDeepStrictEqual(old[key], now[key])).sort();
    return { changed, replaces: changed, deleteFirst: false };
  },
  create: async (_config, { type, inputs, preview }) => {
    demandPassword(type);
    return preview
      ? { id: "", outs: { ...inputs, result: UNKNOWN } }
      : { id: "none", outs: { ...inputs, result: password(inputs) } };
  },
  update: async (_config, { type }) => {
    throw new Error(`the random double was asked to update a ${type}: its resources are only ever replaced`);
  },
  read: async (_config, { type, state }) => {
    demandPassword(type);
    return state;
  },
  delete: async () => {},
  invoke: async (_config, token) => {
    throw new Error(`the random double does not know the function "${token}"`);
  },
};

function demandPassword(type: string): void {
  if (type !== PASSWORD) {
    throw new Error(`the random double does not know the resource type "${type}": it makes passwords only`);
  }
}
