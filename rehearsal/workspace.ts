import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LocalWorkspace, PulumiCommand, type PulumiFn, Stack } from "@pulumi/pulumi/automation";
import { parse, stringify } from "yaml";
import { isEncrypted, PROJECT_ROOT } from "../stacks/stack-file";

/**
 * Settings with a placeholder for each encrypted value: here is no key to decrypt it, and no need.
 * @returns the settings, and the full keys that were encrypted.
 */
export function withPlaceholders(config: Record<string, unknown>): {
  plain: Record<string, unknown>;
  secrets: string[];
} {
  const plain: Record<string, unknown> = {};
  const secrets: string[] = [];
  for (const [key, value] of Object.entries(config)) {
    if (isEncrypted(value)) secrets.push(key);
    else plain[key] = value;
  }
  return { plain, secrets };
}

export interface WorkspaceArgs {
  /** Empty folder of this run. */
  dir: string;
  /** File of the Pulumi CLI. */
  pulumi: string;
  stackName: string;
  config: Record<string, unknown>;
  program: PulumiFn;
  /** Environment of the engine, the doubles' ports among it. */
  env: Record<string, string>;
}

/**
 * A stack on the real engine, on copies: the engine writes a salt into the stack file and deletes the file with the stack.
 * State lies in a folder of the run; the passphrase is made up and forgotten.
 */
export async function createStack({ dir, pulumi, stackName, config, program, env }: WorkspaceArgs): Promise<Stack> {
  const workDir = join(dir, "project");
  const state = join(dir, "state");
  mkdirSync(join(workDir, "stacks"), { recursive: true });
  mkdirSync(state, { recursive: true });
  copyFileSync(join(PROJECT_ROOT, "Pulumi.yaml"), join(workDir, "Pulumi.yaml"));
  // The engine looks whether `main` is there; what it runs is the program in this process.
  writeFileSync(join(workDir, "stacks", "main.ts"), "");
  // The program names the file of the spend guard's code relative to its own folder, and the engine reads it.
  symlinkSync(join(PROJECT_ROOT, "node_modules"), join(workDir, "node_modules"));
  const { plain, secrets } = withPlaceholders(config);
  writeFileSync(join(workDir, "stacks", `Pulumi.${stackName}.yaml`), stringify({ config: plain }));

  const workspace = await LocalWorkspace.create({
    pulumiCommand: await installed(pulumi, dir),
    workDir,
    program,
    envVars: {
      PULUMI_BACKEND_URL: `file://${state}`,
      PULUMI_CONFIG_PASSPHRASE: randomBytes(16).toString("hex"),
      PULUMI_HOME: join(dir, "pulumi-home"),
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      ...env,
    },
  });

  const stack = await Stack.create(stackName, workspace);
  for (const key of secrets)
    await stack.setConfig(key, { value: `placeholder-${randomBytes(8).toString("hex")}`, secret: true });
  return stack;
}

/** The CLI as the Automation API takes it: in the folder `bin` of an installation, which is made below `dir`. */
export function installed(pulumi: string, dir: string): Promise<PulumiCommand> {
  const root = join(dir, "cli");
  mkdirSync(join(root, "bin"), { recursive: true });
  symlinkSync(pulumi, join(root, "bin", "pulumi"));
  return PulumiCommand.get({ root });
}

/** The settings with one harmless difference, for the update that the rehearsal shows: the first model sleeps a minute later. */
export function changeIdleTime(config: Record<string, unknown>): { changed: Record<string, unknown>; what: string } {
  const changed = structuredClone(config);
  const models = changed["pilotlight:models"] as Record<string, { idleAfter?: string }>;
  const [name, model] = Object.entries(models)[0] ?? [];
  if (name === undefined || model === undefined) throw new Error("the stack has no model to change");
  const before = model.idleAfter ?? "10m";
  model.idleAfter = before === "11m" ? "12m" : "11m";
  return { changed, what: `models.${name}.idleAfter: ${before} → ${model.idleAfter}` };
}

/** Rewrites the settings of the run's copy of the stack file, keeping what the engine wrote into it. */
export function rewriteConfig(dir: string, stackName: string, config: Record<string, unknown>): void {
  const path = join(dir, "project", "stacks", `Pulumi.${stackName}.yaml`);
  const file = parse(readFileSync(path, "utf8"));
  const { plain } = withPlaceholders(config);
  writeFileSync(path, stringify({ ...file, config: { ...file.config, ...plain } }));
}
