import { fail } from "./failure";
import { runGuard } from "./guard-command";
import { parseGuardOptions, WAKE_USAGE } from "./guard-options";

/*
 * `npm run wake`: GPUs on again after the spend guard has switched them off.
 */

async function main(argv: string[]): Promise<void> {
  const options = parseGuardOptions(argv, ["stack"]);
  if (options.command === "help") {
    console.log(WAKE_USAGE);
    return;
  }
  await runGuard(options.stack, { action: "wake" });
}

main(process.argv.slice(2)).catch((error: unknown) => fail(error, "wake"));
