import * as pulumi from "@pulumi/pulumi";
import main from "../../stacks/main";
import { readStackFile } from "../../stacks/stack-file";
import { type Registered, register } from "../harness";

export type Settings = Record<string, unknown>;

export const settingsOf = (stack: string): Settings => readStackFile(stack).config;

/** Settings as the engine hands them over: objects as JSON. */
export const asText = (settings: Settings): Record<string, string> =>
  Object.fromEntries(
    Object.entries(settings).map(([key, setting]) => [
      key,
      typeof setting === "string" ? setting : JSON.stringify(setting),
    ]),
  );

const value = <T>(input: pulumi.Input<T> | undefined) =>
  new Promise<unknown>((done) => pulumi.output(input).apply((known) => done(known)));

/** The program with these settings, on mocks: what it registered and what it puts out. */
export async function run(settings: Settings): Promise<{ seen: Registered[]; outputs: Record<string, unknown> }> {
  pulumi.runtime.setAllConfig(asText(settings));
  const outputs: Record<string, unknown> = {};
  const seen = await register(async () => {
    const made = await main();
    for (const [key, output] of Object.entries(made)) outputs[key] = await value(output as pulumi.Input<unknown>);
  });
  return { seen, outputs };
}
