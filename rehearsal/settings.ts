import { parseStack } from "../stacks/config-read";
import { describeModels } from "../stacks/models";
import { readStackFile } from "./workspace";

/** The settings of the project in a stack file, as the program gets them. */
const ofProject = (config: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(config).flatMap(([key, value]) =>
      key.startsWith("pilotlight:") ? [[key.slice("pilotlight:".length), value]] : [],
    ),
  );

/**
 * What a stack file says, in a few lines; needs no tool, so a newcomer sees it at once.
 * @param today ISO date.
 * @throws ConfigError with every fault of the file.
 */
export function showSettings(stack: string, today: string): string[] {
  const { config } = readStackFile(stack);
  const region = config["aws:region"];
  const around = { region: typeof region === "string" ? region : undefined, today, running: false };
  const settings = parseStack(ofProject(config), around);
  return Object.entries(describeModels(settings)).map(
    ([name, { gpusPerReplica, gpu, replicas, instanceTypes, holdSeconds }]) =>
      `${name}: ${gpusPerReplica} × ${gpu.join(" or ")}, ${replicas.min} to ${replicas.max} replicas, ` +
      `on ${instanceTypes[0] ?? "your own nodes"}${instanceTypes.length > 1 ? ` or ${instanceTypes.length - 1} larger` : ""}; ` +
      `a request waits up to ${holdSeconds} s for it to wake`,
  );
}
