import { messageOf } from "./connection";
import { UsageError } from "./key-options";

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
