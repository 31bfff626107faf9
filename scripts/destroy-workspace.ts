import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { promisify } from "node:util";
import { LocalWorkspace, type Stack, StackNotFoundError } from "@pulumi/pulumi/automation";
import { PROJECT_ROOT } from "../stacks/stack-file";
import type { Deployment } from "./destroy-state";
import { shortName } from "./stack-name";
import { Refusal } from "./sweep-command";

/*
 * The stack in Pulumi, and its state as text. The Automation API's own export and import are not used where a file is
 * written: they hold secrets in the clear.
 */

/** The checkout's stack of this name, if there is one. */
export async function stackNamed(name: string): Promise<Stack | undefined> {
  try {
    return await LocalWorkspace.selectStack({ stackName: name, workDir: PROJECT_ROOT });
  } catch (error) {
    if (error instanceof StackNotFoundError) return undefined;
    throw error;
  }
}

const MAX_STATE = 256 * 1024 * 1024;

/** @returns standard output. */
async function pulumi({ name, workspace }: Stack, args: readonly string[]): Promise<string> {
  const { pulumiCommand, pulumiHome, envVars, workDir } = workspace;
  const env = { ...process.env, ...envVars, ...(pulumiHome === undefined ? {} : { PULUMI_HOME: pulumiHome }) };
  const all = [...args, "--stack", name, "--non-interactive"];
  const options = { cwd: workDir, env, maxBuffer: MAX_STATE };
  return (await promisify(execFile)(pulumiCommand.command, all, options)).stdout;
}

export interface Exported {
  /** As Pulumi writes it, secrets encrypted. */
  readonly text: string;
  readonly deployment: Deployment;
}

export async function exportState(stack: Stack): Promise<Exported> {
  const text = await pulumi(stack, ["stack", "export"]);
  return { text, deployment: JSON.parse(text).deployment ?? {} };
}

/** With secrets in the clear: never written, never printed. */
export async function stateWithSecrets(stack: Stack): Promise<Deployment> {
  return (await stack.exportStack()).deployment ?? {};
}

/** Puts a changed state in the place of the exported one. */
export async function importState(stack: Stack, { text }: Exported, deployment: Deployment): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "pilotlight-state-"));
  try {
    const file = join(dir, "state.json");
    writeFileSync(file, JSON.stringify({ ...JSON.parse(text), deployment }), { mode: 0o600 });
    await pulumi(stack, ["stack", "import", "--file", file]);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** @returns file of the backup, which `pulumi stack import --file` takes back. */
export function backUp({ text }: Exported, stack: string, folder: string, now: Date): string {
  const time = now.toISOString().replace(/[:.]/g, "-");
  const file = join(folder, `pilotlight-${shortName(stack)}-state-${time}.json`);
  writeFileSync(file, text, { mode: 0o600, flag: "wx" });
  return file;
}

/** Asks for the stack's name. @throws Refusal where nobody is there to answer. */
export async function confirmed(what: string, stack: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new Refusal("there is no terminal to confirm on; add --yes to do it without");
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await asking.question(`${what} Type the stack's name, ${stack}, to go on: `)).trim() === stack;
  } finally {
    asking.close();
  }
}
