import { messageOf } from "./connection";
import { clusterGoneCommand, destroyCommand } from "./destroy-command";
import { DESTROY_USAGE, parseDestroyOptions } from "./destroy-options";
import { probe } from "./destroy-probe";
import { confirmed, stackNamed } from "./destroy-workspace";
import { UsageError } from "./key-options";
import { stackAccount } from "./stack-account";
import { clientsOf } from "./sweep-account";
import { alsoCommand, listCommand, Refusal } from "./sweep-command";

/*
 * `npm run destroy`: the end of a stack.
 */

async function main(argv: string[]): Promise<void> {
  const options = parseDestroyOptions(argv);
  if (options.command === "help") {
    console.log(DESTROY_USAGE);
    return;
  }
  const account = stackAccount(options.stack);
  const search = { clients: clientsOf(account), region: account.aws.region, stack: account.stack };
  const say = (line: string) => console.log(line);
  const stack = await stackNamed(options.stack);
  if (stack === undefined) {
    say(`Pulumi has no stack ${options.stack}`);
    const args = { search, deployment: {}, say };
    const left = await listCommand(args);
    // Where the state is lost, only tags tell what it had.
    const also = await alsoCommand(args);
    if (left.length > 0 || also) process.exitCode = 1;
    return;
  }
  const cut = new AbortController();
  // The engine gets the terminal's interrupt, too, and ends the steps under way; the next one ends this process.
  process.once("SIGINT", () => {
    console.error("stopping after the steps under way; the same command goes on from there");
    cut.abort(new Error("interrupted; the same command goes on from there"));
  });
  const confirm = async (what: string) => options.yes || confirmed(what, options.stack);
  console.error(`looking whether the cluster of ${account.stack} answers ...`);
  const common = { stack, short: options.stack, search, probe, confirm, say, folder: process.cwd() };
  const done = await (options.command === "cluster-gone" ? clusterGoneCommand : destroyCommand)({
    ...common,
    signal: cut.signal,
  });
  if (!done) process.exitCode = 1;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof UsageError) console.error(`${error.message}\n\nnpm run destroy -- --help tells more`);
  // A failed destroy says more than the one line that `messageOf` takes of an output.
  else
    console.error(
      error instanceof Error && error.message.startsWith("destroy failed:") ? error.message : messageOf(error),
    );
  process.exitCode = error instanceof UsageError || error instanceof Refusal ? 2 : 1;
});
