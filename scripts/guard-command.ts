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

/** Name of the stack that is selected; asked of the pulumi command, which alone knows its workspace. */
async function selectedStack(): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)("pulumi", ["stack", "--show-name", "--non-interactive"], {
      cwd: PROJECT_ROOT,
    });
    // A fully qualified name has its organization and project before it.
    const name = stdout.trim().split("/").at(-1);
    if (name) return name;
  } catch {
    // No pulumi, or no stack selected: the same for who asks.
  }
  throw new UsageError(["no stack is selected; name one with --stack"]);
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

/** Prints a failure; a wrong command line ends with 2, all else with 1. */
export function fail(error: unknown, script: string): void {
  if (error instanceof UsageError) {
    console.error(`${error.message}\n\nnpm run ${script} -- --help tells more`);
    process.exitCode = 2;
    return;
  }
  console.error(messageOf(error));
  process.exitCode = 1;
}
