import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import program from "../../stacks/main";
import { readStackFile } from "../../stacks/stack-file";
import { type Equipment, findEquipment } from "../equipment";
import { follow } from "../progress";
import { rehearse } from "../rehearse";
import { exitWith, inOwnFolder, type Run } from "../run";
import { startStage } from "../stage";
import { createStack } from "../workspace";
import { growth, type Point, withModels } from "./models";

const USAGE = `Usage: npm run bench -- [rehearsal] [preview] [--json FILE]

  rehearsal   seconds of each phase of \`npm run rehearse\`, tools not counted
  preview     seconds and resources of a preview with 1, 10 and 50 models, and what each further model adds
  --json FILE write the figures to FILE

Without a name, both. The machine's load changes the seconds; compare figures of one run.`;

const STACK = "rehearsal";
const MODELS = [1, 10, 50];

async function rehearsalSeconds(tools: Equipment, run: Run) {
  const stage = await startStage({ ...run, tools, config: readStackFile(STACK).config });
  const { phases, seconds } = await rehearse({ ...run, tools, stackName: STACK, stage }).finally(stage.close);
  return { seconds, phases: Object.fromEntries(phases.map(({ name, seconds: each }) => [name, each])) };
}

async function previews(tools: Equipment, run: Run) {
  const { config } = readStackFile(STACK);
  const stage = await startStage({ ...run, tools, config });
  const points: Point[] = [];
  try {
    for (const models of MODELS) points.push(await preview(models));
  } finally {
    await stage.close();
  }
  return { points, growth: growth(points) };

  async function preview(models: number): Promise<Point> {
    const stackDir = join(run.dir, `models-${models}`);
    mkdirSync(stackDir);
    const stack = await createStack({
      dir: stackDir,
      pulumi: tools.pulumi,
      stackName: `models-${models}`,
      config: withModels(config, models),
      program,
      env: stage.env,
    });
    const started = Date.now();
    const { steps, onEvent } = follow((line) => run.say(`  ${line}`));
    await stack.preview({ onEvent, color: "never", signal: run.signal });
    const point = { models, resources: steps.byOperation.create ?? 0, seconds: (Date.now() - started) / 1000 };
    run.say(`${models} models: ${point.resources} resources, ${point.seconds.toFixed(1)} s`);
    return point;
  }
}

async function main(argv: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { json: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  const unknown = positionals.filter((name) => name !== "rehearsal" && name !== "preview");
  if (values.help || unknown.length > 0) {
    console.log(unknown.length > 0 ? `there is no bench called ${unknown.join(", ")}\n\n${USAGE}` : USAGE);
    process.exitCode = unknown.length > 0 ? 2 : 0;
    return;
  }
  const wanted = (name: string) => positionals.length === 0 || positionals.includes(name);
  const figures: Record<string, unknown> = {};
  for (const [name, measure] of Object.entries({ rehearsal: rehearsalSeconds, preview: previews }))
    if (wanted(name))
      await inOwnFolder(async (run) => {
        figures[name] = await measure(await findEquipment(run.say, run.signal), run);
      });
  console.log(JSON.stringify(figures, null, 2));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => exitWith(error, () => false));
