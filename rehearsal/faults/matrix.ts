import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { stackNameInAws } from "../../guard/tags";
import program from "../../stacks/main";
import { readStackFile } from "../../stacks/stack-file";
import type { Equipment } from "../equipment";
import { Processes } from "../processes";
import type { Run } from "../run";
import { startStage } from "../stage";
import { createStack } from "../workspace";
import { parseFault } from "./parse";
import { FaultError, playPhase, type Seen } from "./play";
import type { FaultRow } from "./table";
import type { World } from "./world";

/** Name of the stack that faults are played with. */
const STACK = "faults";

/** The rehearsal's settings without the fallback GPU: an elastic pool, a steady one, and everything around them. */
export function faultConfig(): Record<string, unknown> {
  const { config } = readStackFile("rehearsal");
  const { a10g: _, ...pools } = config["pilotlight:gpuPools"] as Record<string, unknown>;
  const models = Object.entries(config["pilotlight:models"] as Record<string, { gpu: string | string[] }>).map(
    ([name, model]) => [name, { ...model, gpu: [model.gpu].flat().filter((gpu) => gpu !== "a10g") }],
  );
  return { ...config, "pilotlight:gpuPools": pools, "pilotlight:models": Object.fromEntries(models) };
}

/** One stage for as many faults as end as they must; after one that does not, a new one. */
export class FaultStage {
  private current: Started | undefined;
  private count = 0;

  constructor(
    private readonly run: Pick<Run, "dir" | "say" | "signal">,
    private readonly tools: Equipment,
  ) {}

  /** Plays a fault in `up` and in `destroy`. @throws FaultError where one does not end as its row says. */
  async play(row: FaultRow): Promise<Seen[]> {
    const fault = parseFault(row.fault);
    if (typeof fault === "string") throw new Error(fault);
    this.current ??= await this.start();
    const { world, before } = this.current;
    try {
      const seen = [await playPhase(world, fault, "up", row.up), await playPhase(world, fault, "destroy", row.destroy)];
      await demandNothingLeft(world, before, row.fault);
      return seen;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const { current } = this;
    this.current = undefined;
    await current?.world.stage.close();
    await current?.processes.stopAll();
  }

  private async start(): Promise<Started> {
    const { signal, say } = this.run;
    this.count += 1;
    const dir = join(this.run.dir, `faults-${this.count}`);
    mkdirSync(dir);
    // Logs of its own: in those of another stage its programs would find the ports of others.
    const processes = new Processes(dir);
    const config = faultConfig();
    const stage = await startStage({ tools: this.tools, processes, dir, config, say, signal });
    const { pulumi } = this.tools;
    const stack = await createStack({ dir, pulumi, stackName: STACK, config, program, env: stage.env });
    const world: World = {
      stage,
      stack,
      region: String(config["aws:region"]),
      name: stackNameInAws("pilotlight", STACK),
      home: join(dir, "pulumi-home"),
    };
    return { processes, world, before: new Set(await stage.objects.names()) };
  }
}

interface Started {
  readonly processes: Processes;
  readonly world: World;
  readonly before: ReadonlySet<string>;
}

async function demandNothingLeft({ stage, stack }: World, before: ReadonlySet<string>, fault: string): Promise<void> {
  const { deployment } = await stack.exportStack();
  const resources: { urn: string; type: string }[] = deployment?.resources ?? [];
  const kept = new Set(stage.keptCrds().map((name) => `CustomResourceDefinition ${name}`));
  const left = [
    ...resources.filter(({ type }) => type !== "pulumi:pulumi:Stack").map(({ urn }) => `state: ${urn}`),
    ...(await stage.objects.names())
      .filter((name) => !before.has(name) && !kept.has(name))
      .map((name) => `Kubernetes API: ${name}`),
    ...(await stage.leftovers()).left.map((thing) => `AWS: ${thing}`),
  ];
  if (left.length > 0) throw new FaultError(`--fault ${fault}: left behind:\n  ${left.join("\n  ")}`);
}
