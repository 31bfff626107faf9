import { fail } from "./failure";
import { runGuard } from "./guard-command";
import { LEASE_USAGE, parseGuardOptions } from "./guard-options";

/*
 * `npm run lease`: what the spend guard knows, and more time.
 */

async function main(argv: string[]): Promise<void> {
  const options = parseGuardOptions(argv, ["stack", "extend"]);
  if (options.command === "help") {
    console.log(LEASE_USAGE);
    return;
  }
  const { stack, extendSeconds: seconds } = options;
  await runGuard(stack, seconds === undefined ? { action: "status" } : { action: "extend", seconds });
}

main(process.argv.slice(2)).catch((error: unknown) => fail(error, "lease"));
