import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { PROJECT_ROOT } from "../stacks/stack-file";
import { ApiObjects } from "./api-objects";
import { type ControlPlane, type ControlPlaneArgs, startControlPlane } from "./control-plane";
import { type Aws, seedOf, startAws } from "./doubles/aws";
import { type KubernetesDouble, startKubernetes } from "./doubles/kubernetes";
import { Moments } from "./doubles/moments";
import { startRandom } from "./doubles/random";
import type { Equipment } from "./equipment";
import type { Processes } from "./processes";
import type { Note } from "./report";

/** What a stack is rehearsed on: an API server, an AWS account, and the doubles of the providers. */
export interface Stage {
  /** Environment of the engine: where it finds its CLI, and where the doubles listen. */
  readonly env: Record<string, string>;
  readonly objects: ApiObjects;
  readonly server: ControlPlane;
  readonly aws: Aws;
  readonly kubernetes: KubernetesDouble;
  /** Steps of the doubles, for faults that come at one of them. */
  readonly moments: Moments;
  /** What the doubles did in the place of something real. */
  readonly notes: Note[];
  /** What the account still holds: what should be gone, and what AWS itself deletes only later. */
  leftovers(): Promise<{ left: string[]; later: string[] }>;
  /** Names of the CRDs that helm has left behind on purpose. */
  keptCrds(): readonly string[];
  close(): Promise<void>;
}

export interface StageArgs {
  readonly tools: Equipment;
  readonly processes: Processes;
  /** Folder of this run. */
  readonly dir: string;
  /** Settings of the stack, by full key: what they take for granted is put in place. */
  readonly config: Readonly<Record<string, unknown>>;
  /** For a stage in which pods run: where the API server listens, more of its flags, and what runs beside it. */
  readonly live?: Pick<ControlPlaneArgs, "address" | "flags"> & {
    readonly startControllers: (server: ControlPlane) => void;
  };
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

export async function startStage({ tools, processes, dir, config, live, say, signal }: StageArgs): Promise<Stage> {
  const notes: Note[] = [];
  const noteOf =
    (provider: Note["provider"]) =>
    (op: string, type: string, name: string, text?: string): void => {
      notes.push({ provider, op, type, name, text });
    };
  const moments = new Moments();
  const seed = seedOf(config);
  const closing: (() => Promise<void>)[] = [];
  const opened = <T>(thing: T, close: (thing: T) => Promise<void>): T => {
    closing.unshift(() => close(thing));
    return thing;
  };
  const close = async () => {
    for (const one of closing) await one();
  };
  try {
    return await start();
  } catch (error) {
    // A double that still listens would keep this process alive.
    await close();
    throw error;
  }

  async function start(): Promise<Stage> {
    const server = opened(await startControlPlane({ ...live, dir, tools, processes, say, signal }), (it) => it.stop());
    live?.startControllers(server);
    const helmDir = join(dir, "helm");
    mkdirSync(helmDir, { recursive: true });
    const aws = opened(
      await startAws({
        python: tools.python,
        processes,
        apiServer: server.url,
        caData: server.caData,
        account: seed.account,
        note: noteOf("aws"),
        moments,
      }),
      (it) => it.close(),
    );
    const kubernetes = opened(
      await startKubernetes({
        server,
        helm: tools.helm,
        dir: helmDir,
        chartCache: tools.chartCache,
        programDir: join(PROJECT_ROOT, "stacks"),
        ambientKubeconfig: server.kubeconfigPath,
        controllersRun: live !== undefined,
        account: aws.account,
        crdsOf: tools.crdsOf,
        manifestOf: tools.manifestOf,
        note: noteOf("kubernetes"),
        moments,
      }),
      (it) => it.close(),
    );
    const random = opened(await startRandom(), (it) => it.close());
    await aws.seed(seed);
    say("the AWS account and the doubles of the providers are ready");
    const named = ({ kind, id }: { kind: string; id: string }) => `${kind} ${id}`;
    return {
      env: {
        PULUMI_DEBUG_PROVIDERS: `aws:${aws.port},kubernetes:${kubernetes.port},random:${random.port}`,
      },
      server,
      aws,
      kubernetes,
      moments,
      objects: new ApiObjects(tools.kubectl, server.kubeconfigPath),
      notes,
      leftovers: async () => {
        const { left, allowed } = await aws.leftovers();
        return { left: left.map(named), later: allowed.map(named) };
      },
      keptCrds: () => kubernetes.keptCrds(),
      close,
    };
  }
}
