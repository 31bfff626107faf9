import type { StackConfig } from "../stacks/config";
import { parseStack } from "../stacks/config-read";
import { describeModels } from "../stacks/models";
import { readStackFile } from "../stacks/stack-file";

/** The settings of a namespace in a stack file, as the program gets them. */
const settingsOf = (namespace: string, config: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(config).flatMap(([key, value]) =>
      key.startsWith(`${namespace}:`) ? [[key.slice(namespace.length + 1), value]] : [],
    ),
  );

/**
 * A stack file as the program reads it.
 * @param today ISO date.
 * @throws ConfigError with every fault of the file.
 */
export function readSettings(stack: string, today: string): { settings: StackConfig; region: string | undefined } {
  const { config } = readStackFile(stack);
  const aws = settingsOf("aws", config);
  const region = typeof aws.region === "string" ? aws.region : undefined;
  return { settings: parseStack(settingsOf("pilotlight", config), { region, aws, today, running: false }), region };
}

/**
 * What a stack file says, in a few lines; needs no tool, so a newcomer sees it at once.
 * @param today ISO date.
 * @throws ConfigError with every fault of the file.
 */
export function showSettings(stack: string, today: string): string[] {
  return Object.entries(describeModels(readSettings(stack, today).settings)).map(
    ([name, { gpusPerReplica, gpu, replicas, instanceTypes, holdSeconds }]) =>
      `${name}: ${gpusPerReplica} × ${gpu.join(" or ")}, ${replicas.min} to ${replicas.max} replicas, ` +
      `on ${instanceTypes[0] ?? "your own nodes"}${instanceTypes.length > 1 ? ` or ${instanceTypes.length - 1} larger` : ""}; ` +
      `a request waits up to ${holdSeconds} s for it to wake`,
  );
}
