import { withGateway } from "./connection";
import { fail } from "./failure";
import { runCommand } from "./key-commands";
import { KeyGateway } from "./key-gateway";
import { parseOptions, USAGE } from "./key-options";

/*
 * `npm run key`: keys, budgets and spend of a gateway with a database. The master key goes from the cluster's Secret into
 * the Authorization header and nowhere else.
 */

async function main(argv: string[]): Promise<void> {
  const options = parseOptions(argv);
  if (options.command === "help") {
    console.log(USAGE);
    return;
  }
  const text = await withGateway(options.stack, (url, masterKey) =>
    runCommand(options, new KeyGateway(url, masterKey), new Date()),
  );
  console.log(text);
}

main(process.argv.slice(2)).catch((error: unknown) => fail(error, "key"));
