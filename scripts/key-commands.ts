import { didYouMean } from "../planner/near-name";
import type { KeyGateway } from "./key-gateway";
import type { CreateOptions, KeyOptions } from "./key-options";
import { createdText, json, listText, madeKey, nameOf, revokedText, statusOf, usageText } from "./key-table";

/** What a command asks of the gateway. */
export type Gateway = Pick<KeyGateway, "hasDatabase" | "models" | "keys" | "create" | "revoke">;
type Work = Exclude<KeyOptions, { command: "help" }>;

const WITHOUT_DATABASE =
  "this gateway has no database, so it keeps no keys that are made while it runs; name them in the stack file, " +
  "gateway: { keys: [alice, ci] }, and run pulumi up; docs/keys.md";

/**
 * Does what the command line asks for.
 * @returns what to print.
 * @throws Error naming everything that stands against it; nothing has been changed then.
 */
export async function runCommand(options: Work, gateway: Gateway, now: Date): Promise<string> {
  if (!(await gateway.hasDatabase())) throw new Error(WITHOUT_DATABASE);
  switch (options.command) {
    case "create":
      return create(options, gateway, now);
    case "list": {
      const keys = await gateway.keys();
      return options.json ? json(keys, now) : listText(keys, now);
    }
    case "usage": {
      const keys = await gateway.keys();
      const wanted = options.name === undefined ? keys : [known(options.name, keys)];
      return options.json ? json(wanted, now) : usageText(wanted, now);
    }
    case "revoke": {
      // LiteLLM deletes by the name alone, so a key without one is none.
      known(
        options.name,
        (await gateway.keys()).filter(({ key_alias }) => key_alias),
      );
      await gateway.revoke(options.name);
      return revokedText(options);
    }
    default:
      return options satisfies never;
  }
}

async function create(options: CreateOptions, gateway: Gateway, now: Date): Promise<string> {
  const [models, keys] = [options.models.length > 0 ? await gateway.models() : [], await gateway.keys()];
  const faults = options.models
    .filter((model) => !models.includes(model))
    .map((model) => `there is no model ${model}; the gateway has ${models.join(", ")}${didYouMean(model, models)}`);
  const same = keys.find((key) => nameOf(key) === options.name);
  if (same !== undefined)
    faults.push(
      `there is a key ${options.name} already, ${statusOf(same, now)}; choose another name, ` +
        `or take that one away first: npm run key -- revoke --name ${options.name}`,
    );
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return createdText(options, madeKey(options, await gateway.create(options)));
}

/** The key of a name. */
function known<T extends Parameters<typeof nameOf>[0]>(name: string, keys: readonly T[]): T {
  const found = keys.find((key) => nameOf(key) === name);
  if (found !== undefined) return found;
  const names = keys.map(nameOf);
  throw new Error(
    `there is no key ${name}; ${names.length === 0 ? "there is none at all" : `there are ${names.join(", ")}`}` +
      didYouMean(name, names),
  );
}
