import { mkdirSync } from "node:fs";
import { join } from "node:path";
import program from "../../stacks/main";
import { readStackFile } from "../../stacks/stack-file";
import { type Equipment, findEquipment } from "../equipment";
import { follow } from "../progress";
import { rehearse } from "../rehearse";
import { inOwnFolder, type Run } from "../run";
import { startStage } from "../stage";
import { createStack } from "../workspace";
import { benchLive } from "./live";
import { growth, type Point, withModels } from "./models";

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

type Measure = (run: Run) => Promise<unknown>;

const equipped =
  (measure: (tools: Equipment, run: Run) => Promise<unknown>): Measure =>
  async (run) =>
    measure(await findEquipment(run.say, run.signal), run);

/** What `npm run bench` measures by running, by name. */
const MEASURES = { rehearsal: equipped(rehearsalSeconds), preview: equipped(previews), live: benchLive };

/** The figures of the benches that `wanted` accepts. */
export async function benchRuns(wanted: (name: string) => boolean): Promise<Record<string, unknown>> {
  const figures: Record<string, unknown> = {};
  for (const [name, measure] of Object.entries(MEASURES))
    if (wanted(name))
      await inOwnFolder(async (run) => {
        figures[name] = await measure(run);
      });
  return figures;
}
