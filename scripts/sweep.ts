import { messageOf } from "./connection";
import { confirmed, exportState, stackNamed } from "./destroy-workspace";
import { UsageError } from "./key-options";
import { stackAccount } from "./stack-account";
import { clientsOf } from "./sweep-account";
import { alsoCommand, deleteCommand, listCommand, Refusal } from "./sweep-command";
import { parseSweepOptions, SWEEP_USAGE } from "./sweep-options";

/*
 * `npm run sweep`: what the account still holds of a stack, and its deletion.
 */

async function main(argv: string[]): Promise<void> {
  const options = parseSweepOptions(argv);
  if (options.command === "help") {
    console.log(SWEEP_USAGE);
    return;
  }
  const account = stackAccount(options.stack);
  console.error(`looking for what ${account.aws.region} holds of ${account.stack} ...`);
  const stack = await stackNamed(options.stack);
  const deployment = stack === undefined ? {} : (await exportState(stack)).deployment;
  const search = { clients: clientsOf(account), region: account.aws.region, stack: account.stack };
  const args = { search, deployment, say: (line: string) => console.log(line) };
  const sure = async () => options.yes || confirmed("What is left over will be deleted for good.", account.short);
  const left = await (options.command === "list" ? listCommand(args) : deleteCommand(args, sure));
  const also = await alsoCommand(args);
  if (left.length > 0 || also) process.exitCode = 1;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof UsageError) console.error(`${error.message}\n\nnpm run sweep -- --help tells more`);
  else console.error(messageOf(error));
  process.exitCode = error instanceof UsageError || error instanceof Refusal ? 2 : 1;
});
