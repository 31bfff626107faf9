import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { images } from "../../components/versions";
import { GPU_NAMES, type GpuName } from "../../planner/gpus";
import { parseSource } from "../../planner/source";
import type { StackConfig } from "../../stacks/config";
import { type ControlPlane, kubeconfig } from "../control-plane";
import type { LiveTools } from "../equipment";
import type { Vllm } from "../tools/vllm";
import type { Cluster } from "./cluster";
import { compressed, type Delays, plannedDelays } from "./delays";
import type { V1Container, V1Node, V1Pod, V1ServiceAccount } from "./kubernetes-types";
import type { Program } from "./node/container";
import type { Runtime } from "./node/pod";
import { vllmProgram } from "./vllm-engine";

export interface RuntimeArgs {
  readonly config: StackConfig;
  readonly tools: LiveTools;
  readonly cluster: Cluster;
  readonly server: ControlPlane;
  /** How much faster than planned the simulated parts of a cold start go. */
  readonly speed: number;
  /** Where pods find the AWS account. */
  readonly awsUrl: string;
  /** The real vLLM, for engines that are not simulated. */
  readonly vllm?: Vllm;
  /** Folder of the run, for what vLLM leaves in temporary files. */
  readonly dir: string;
}

type Ask = Parameters<Runtime["program"]>[0];

/** A token that outlives any rehearsal. */
const TOKEN_SECONDS = 86_400;
const MODEL_LABEL = "app.kubernetes.io/instance";

/** Which program of this machine stands for which image, and how long it takes to be there. */
export class StageRuntime implements Runtime {
  private readonly nodes = new Map<string, V1Node>();
  /** When the pull of an image to a node is over, in ms since 1970, from its begin. */
  private readonly pulled = new Map<string, number>();
  private engines = 0;
  /** Models whose engines start and never serve: a fault to be played. */
  readonly broken = new Set<string>();

  constructor(private readonly args: RuntimeArgs) {}

  async start(): Promise<void> {
    await this.args.cluster.watch<V1Node>("/api/v1/nodes", (type, node) => {
      const name = node.metadata?.name ?? "";
      if (type === "gone") this.nodes.delete(name);
      else this.nodes.set(name, node);
    });
  }

  /** The engine's image is the one that takes minutes; what runs on system nodes is there long before anybody asks. */
  pullMs(container: V1Container, pod: V1Pod): number {
    if (!isEngineImage(container)) return 0;
    const key = `${pod.spec?.nodeName} ${container.image}`;
    const over = this.pulled.get(key) ?? Date.now() + this.delays(pod).pullMs;
    this.pulled.set(key, over);
    return Math.max(0, over - Date.now());
  }

  private delays(pod: V1Pod): Delays {
    const { config, speed } = this.args;
    const name = pod.metadata?.labels?.[MODEL_LABEL] ?? "";
    const model = config.models[name];
    if (model === undefined) throw new Error(`pod ${pod.metadata?.name} belongs to no model of the stack`);
    return compressed(plannedDelays(name, model, this.label(pod, "pilotlight.dev/pool"), config), speed);
  }

  private label(pod: V1Pod, label: string): string {
    return this.nodes.get(pod.spec?.nodeName ?? "")?.metadata?.labels?.[label] ?? "";
  }

  async program(ask: Ask): Promise<Program> {
    const { tools } = this.args;
    const env = { ...SYSTEM_ENV, ...ask.env, ...(await this.apiAccess(ask)) };
    const python = dirname(tools.gatewayPython);
    switch (repositoryOf(ask.container)) {
      case images.epp.repository:
        return { command: tools.epp, args: ask.args, env };
      case images.envoy.repository:
        return { command: join(python, "envoy"), args: ask.args, env };
      case images.litellm.repository:
        if (isJob(ask.pod)) return NOTHING_TO_DO;
        if (ask.command[0] === "python") return this.script(ask, env);
        return { command: join(python, "litellm"), args: ask.args, env };
      case images.vllm.repository:
        return ask.command[0] === "python3" ? this.script(ask, env) : this.engine(ask, env);
      default:
        throw new Error(`image ${ask.container.image}: no program of this machine stands for it`);
    }
  }

  /** A script of the kit's own, with the AWS account of the stage. */
  private script(ask: Ask, env: Readonly<Record<string, string>>): Program {
    const [, ...args] = ask.command;
    const aws = {
      AWS_ENDPOINT_URL: this.args.awsUrl,
      AWS_ACCESS_KEY_ID: "rehearsal",
      AWS_SECRET_ACCESS_KEY: "rehearsal",
      AWS_EC2_METADATA_DISABLED: "true",
    };
    return { command: this.args.tools.gatewayPython, args: [...args, ...ask.args], env: { ...env, ...aws } };
  }

  private engine(ask: Ask, env: Readonly<Record<string, string>>): Program {
    const name = ask.pod.metadata?.labels?.[MODEL_LABEL] ?? "";
    if (this.broken.has(name)) return NEVER_READY;
    const { vllm } = this.args;
    if (vllm !== undefined) return this.realEngine(vllm, ask, env);
    const source = parseSource(this.args.config.models[name]?.source ?? "");
    const gpu = this.label(ask.pod, "pilotlight.dev/gpu");
    const surroundings = {
      host: "0.0.0.0",
      port: ask.container.ports?.[0]?.containerPort ?? 8000,
      loadMs: Math.round(this.delays(ask.pod).loadMs),
      requestLog: requestLogOf(ask.dir),
      model: source.kind === "hub" ? source.repository : name,
      gpu: GPU_NAMES.includes(gpu as GpuName) ? gpu : "l40s",
    };
    return {
      command: process.execPath,
      args: ["--import", TSX, ENGINE, ...ask.args],
      env: { ...env, PILOTLIGHT_ENGINE: JSON.stringify(surroundings) },
    };
  }

  private realEngine(vllm: Vllm, ask: Ask, env: Readonly<Record<string, string>>): Program {
    // Short: it becomes part of a socket's path.
    const temporary = join(this.args.dir, `vllm-${this.engines++}`);
    mkdirSync(temporary);
    const port = ask.container.ports?.[0]?.containerPort ?? 8000;
    return vllmProgram({ ...vllm, podArgs: ask.args, env, port, temporary });
  }

  /** A pod whose account may speak to the API finds it by a kubeconfig with that account's own token: its Role counts. */
  private async apiAccess({ pod, dir }: Ask): Promise<Record<string, string>> {
    const { cluster, server } = this.args;
    const { namespace, name = "" } = pod.metadata ?? {};
    const account = pod.spec?.serviceAccountName ?? "default";
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}`;
    const found = await cluster.get<V1ServiceAccount>(path);
    if ((pod.spec?.automountServiceAccountToken ?? found?.automountServiceAccountToken) === false || !found) return {};
    const answer = await cluster.api.ask("POST", `${path}/token`, {
      body: { spec: { expirationSeconds: TOKEN_SECONDS, audiences: ["https://kubernetes.default.svc"] } },
    });
    const { token } = (answer as unknown as { status: { token: string } }).status;
    mkdirSync(dir, { recursive: true });
    const file = join(dir, "kubeconfig");
    writeFileSync(file, kubeconfig({ url: server.url, caData: server.caData, token }, name), { mode: 0o600 });
    return { KUBECONFIG: file };
  }
}

/** Where an engine writes down what it generates, in the folder of its pod. */
export const requestLogOf = (dir: string): string => join(dir, "requests.jsonl");

const ENGINE = join(__dirname, "engine", "main.ts");
const TSX = pathToFileURL(require.resolve("tsx")).href;
/** What every image has. */
const SYSTEM_ENV = { PATH: process.env.PATH ?? "/usr/bin:/bin", LANG: "C.UTF-8" } as const;
/** Copies of weights and keys in a database: neither is there to be had. */
const NEVER_READY: Program = { command: "sleep", args: ["86400"], env: {} };
const NOTHING_TO_DO: Program = { command: "true", args: [], env: {} };

const repositoryOf = ({ image = "" }: V1Container): string => image.replace(/(@sha256:.*|:[^:/]*)$/, "");
const isEngineImage = (container: V1Container) => repositoryOf(container) === images.vllm.repository;
const isJob = ({ metadata }: V1Pod) => metadata?.ownerReferences?.some(({ kind }) => kind === "Job") === true;
