import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { exitWith } from "../run";
import { usageFault } from "./usage";

const USAGE = `Usage: npm run bench -- [rehearsal] [preview] [live] [--json FILE]
       npm run bench -- planner [--data FILE] [--memory FILE] [--configs DIR] [--json]

  rehearsal   seconds of each phase of \`npm run rehearse\`, tools not counted
  preview     seconds and resources of a preview with 1, 10 and 50 models, and what each further model adds
  live        a cold start by stage, and what LiteLLM, Envoy and picker cost against the engine itself, side by side
  --json FILE write the figures to FILE

  planner     errors of the planner's speed and memory against measurements
  --data FILE     CSV with the columns of test/data/measured-serving.csv, which is the default
  --memory FILE   CSV with the columns of test/data/measured-memory.csv, which is the default
  --configs DIR   config.json of models that are in no table, as DIR/OWNER--NAME.json
  --json          print JSON instead of a table

Without a name, rehearsal and preview; live has to be named. The machine's load changes the seconds; compare figures of one run.
Ends with 1 where a run fails, with 2 for a wrong command line.`;

async function main(argv: string[]): Promise<void> {
  // What a bench needs is loaded when it is asked for: the planner's does without Pulumi.
  if (argv.includes("planner") && !argv.includes("--help") && !argv.includes("-h"))
    return (await import("./planner.js")).benchPlanner(argv);
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { json: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  const unknown = positionals.filter((name) => !["rehearsal", "preview", "live", "planner"].includes(name));
  if (values.help || unknown.length > 0) {
    console.log(unknown.length > 0 ? `there is no bench called ${unknown.join(", ")}\n\n${USAGE}` : USAGE);
    process.exitCode = unknown.length > 0 ? 2 : 0;
    return;
  }
  const { benchRuns } = await import("./runs.js");
  const figures = await benchRuns((name) => (positionals.length === 0 ? name !== "live" : positionals.includes(name)));
  console.log(JSON.stringify(figures, null, 2));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
}

const argv = process.argv.slice(2);
main(argv).catch((error: unknown) => {
  const told = usageFault(error, argv);
  exitWith(told === undefined ? error : `${told}\n\nnpm run bench -- --help tells more`, () => told !== undefined);
});
