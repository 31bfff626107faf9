import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { GuardRequest } from "../guard/settings";
import { PROJECT_ROOT } from "../stacks/stack-file";
import { messageOf } from "./connection";
import { askGuard, invoker } from "./guard-call";
import { statusText } from "./guard-text";
import { UsageError } from "./key-options";
import { stackAccount } from "./stack-account";

/*
 * What `npm run lease` and `npm run wake` have in common: ask the guard of a stack, print what it answers.
 */

/** Milliseconds after which a silent command would look stuck. */
const SILENCE = 2_000;

/** Why the pulumi command names no stack. Pure. @param error what came of asking it, where it failed. */
export function noStack(error?: unknown): Error {
  if (error === undefined || /no stack selected/.test(String(error)))
    return new UsageError(["no stack is selected; name one with --stack"]);
  return new Error(`${messageOf(error)}; or name the stack with --stack`);
}

/** Name of the stack that is selected; asked of the pulumi command, which alone knows its workspace. */
async function selectedStack(): Promise<string> {
  const asked = promisify(execFile)("pulumi", ["stack", "--show-name", "--non-interactive"], { cwd: PROJECT_ROOT });
  const { stdout } = await asked.catch((error: unknown) => {
    throw noStack(error);
  });
  const name = stdout.trim();
  if (name === "") throw noStack();
  return name;
}

export async function runGuard(stackName: string | undefined, request: GuardRequest): Promise<void> {
  const account = stackAccount(stackName ?? (await selectedStack()));
  const progress = setTimeout(() => console.error(`asking the spend guard of ${account.stack} ...`), SILENCE);
  try {
    const status = await askGuard(account, request, invoker(account));
    console.log(statusText(status, account.short, new Date()));
    if (status.faults.length > 0) process.exitCode = 1;
  } finally {
    clearTimeout(progress);
  }
}
