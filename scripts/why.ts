import { fail } from "./failure";
import { explain, textOf } from "./why-explain";
import { gatherFacts } from "./why-facts";
import { chosen, parseWhyOptions, USAGE } from "./why-options";
import { askingOf } from "./why-stack";
import { modelsIn } from "./why-view";

/*
 * `npm run why`: why a model is as it is.
 */

async function main(argv: string[]): Promise<void> {
  const options = parseWhyOptions(argv);
  if (options.command === "help") {
    console.log(USAGE);
    return;
  }
  const facts = await gatherFacts(await askingOf(options.stack));
  const answers = explain(facts, chosen(options.models, modelsIn(facts)));
  if (options.json) console.log(JSON.stringify(answers, null, 2));
  else console.log(answers.length === 0 ? "the cluster has no model" : textOf(answers));
  // A guard that is given up on may still hold a connection.
  process.exit();
}

main(process.argv.slice(2)).catch((error: unknown) => fail(error, "why"));
