import { hourlyPrice } from "../../planner/plan-option";
import type { Cluster } from "./cluster";
import type { V1Deployment, V1Node, V1Pod } from "./kubernetes-types";
import { bytesOf, peakBytes } from "./memory";
import type { ProcessNode } from "./node/node";
import { metricsOf, type Queue, queueIn } from "./picker-metrics";
import type { ColdStart, LiveEvent, MemoryUse, ModelSample, NodeSample, Sample } from "./record";

const SAMPLE_MS = 250;
const UNREAD = { held: 0, running: 0, unread: true };
const INSTANCE_TYPE = "node.kubernetes.io/instance-type";
const GPU = "pilotlight.dev/gpu";
const INSTANCE = "app.kubernetes.io/instance";
const COMPONENT = "app.kubernetes.io/component";

/** A moment on the way from a request to its answer, by model. */
export type Mark = "scaled" | "launched" | "node" | "gpu" | "bound" | "pulled" | "ready";

interface NodeClaim {
  readonly metadata?: { readonly name?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly status?: {
    readonly nodeName?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

/** Looks at the stage several times a second and writes down what it sees. */
export class Observer {
  readonly samples: Sample[] = [];
  readonly events: LiveEvent[] = [];
  private readonly marks: {
    readonly at: number;
    readonly model: string;
    readonly mark: Mark;
    readonly about: string;
  }[] = [];
  private readonly deployments = new Map<string, V1Deployment>();
  private readonly nodes = new Map<string, V1Node>();
  private readonly peaks = new Map<string, MemoryUse>();
  private timer: NodeJS.Timeout | undefined;
  private looking = false;
  private readonly seen = new Set<string>();
  onSample: ((sample: Sample) => void) | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly node: ProcessNode,
    private readonly models: readonly string[],
    readonly now: () => number,
  ) {}

  async start(): Promise<void> {
    await this.cluster.watch<V1Deployment>("/apis/apps/v1/namespaces/inference/deployments", (type, deployment) => {
      const name = deployment.metadata?.name ?? "";
      const before = this.deployments.get(name)?.spec?.replicas;
      const now = deployment.spec?.replicas;
      if (type === "gone") this.deployments.delete(name);
      else this.deployments.set(name, deployment);
      if (!this.models.includes(name) || before === now || before === undefined) return;
      this.event(name, `replicas ${before} → ${now}`);
      if (before === 0) this.mark(name, "scaled", name);
    });
    await this.cluster.watch<V1Node>("/api/v1/nodes", (type, node) => this.nodeChanged(type, node));
    await this.cluster.watch<V1Pod>("/api/v1/namespaces/inference/pods", (type, pod) => this.podChanged(type, pod));
    await this.cluster.watch<NodeClaim & object>("/apis/karpenter.sh/v1/nodeclaims", (type, claim) => {
      const { name = "", labels } = claim.metadata ?? {};
      const launched = claim.status?.conditions?.find((one) => one.type === "Launched");
      if (type === "gone")
        this.once(`${name} gone`, () => this.event(name, "node claim gone: its machine is terminated"));
      else if (launched?.status === "True")
        this.once(`${name} launched`, () => {
          const text = `${labels?.[INSTANCE_TYPE]} ${labels?.["karpenter.sh/capacity-type"]} launched`;
          this.event(name, text);
          this.mark("", "launched", name);
        });
    });
    this.timer = setInterval(() => void this.look(), SAMPLE_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  event(subject: string, text: string): void {
    this.events.push({ at: this.now(), subject, text });
  }

  private once(key: string, act: () => void): void {
    if (this.seen.has(key)) return;
    this.seen.add(key);
    act();
  }

  private mark(model: string, mark: Mark, about: string): void {
    this.marks.push({ at: this.now(), model, mark, about });
  }

  private nodeChanged(type: string, node: V1Node): void {
    const name = node.metadata?.name ?? "";
    if (type === "gone") {
      if (this.nodes.delete(name) && node.metadata?.labels?.[GPU]) this.event(name, "node gone");
      return;
    }
    this.nodes.set(name, node);
    if (node.metadata?.labels?.[GPU] === undefined) return;
    if (isReady(node))
      this.once(`${name} ready`, () => {
        this.mark("", "node", name);
        this.event(name, `${node.metadata?.labels?.[INSTANCE_TYPE]} joined`);
      });
    if (Number(node.status?.allocatable?.["nvidia.com/gpu"] ?? 0) > 0)
      this.once(`${name} gpu`, () => this.mark("", "gpu", name));
  }

  private podChanged(type: string, pod: V1Pod): void {
    const { name = "", labels = {}, deletionTimestamp } = pod.metadata ?? {};
    if (labels[COMPONENT] !== "engine") return;
    const model = labels[INSTANCE] ?? "";
    if (type === "gone") {
      this.event(name, "engine gone");
      return;
    }
    if (deletionTimestamp !== undefined) this.once(`${name} leaves`, () => this.event(name, "engine leaves"));
    const statuses = pod.status?.containerStatuses ?? [];
    const moments: readonly (readonly [Mark, boolean])[] = [
      ["bound", pod.spec?.nodeName !== undefined],
      ["pulled", statuses.some(({ state }) => state?.running !== undefined)],
      ["ready", conditionOf(pod, "Ready")],
    ];
    for (const [mark, reached] of moments)
      if (reached) this.once(`${name} ${mark}`, () => this.mark(model, mark, name));
    if (conditionOf(pod, "Ready")) this.once(`${name} serves`, () => this.event(name, "engine ready"));
  }

  /**
   * Where the time of a cold start went.
   * @param sent when the request was sent; @param firstToken and when its first token was there.
   */
  coldStart(model: string, sent: number, firstToken: number): ColdStart {
    const after = (mark: Mark, of: string, from: number) =>
      this.marks.find((one) => one.mark === mark && one.model === of && one.at >= from - 0.001)?.at;
    const stages: { name: string; seconds: number; compressed: boolean }[] = [];
    let last = sent;
    const add = (name: string, until: number | undefined, compressed = false) => {
      if (until === undefined || until > firstToken) return;
      stages.push({ name, seconds: Math.max(0, until - last), compressed });
      last = Math.max(last, until);
    };
    add("router, Prometheus and KEDA notice", after("scaled", model, sent));
    add("Karpenter decides and launches", after("launched", "", sent));
    add("boot", after("node", "", sent), true);
    add("device plugin", after("gpu", "", sent), true);
    add("scheduler binds", after("bound", model, sent));
    add("image pull", after("pulled", model, sent), true);
    add("engine loads", after("ready", model, sent), true);
    add("router sends it on, first token", firstToken);
    return { model, at: sent, stages };
  }

  /** When something happened for the first time after `from`. */
  markAfter(mark: Mark, model: string, from: number): number | undefined {
    return this.marks.find((one) => one.mark === mark && one.model === model && one.at >= from)?.at;
  }

  wanted(model: string): number {
    return this.deployments.get(model)?.spec?.replicas ?? 0;
  }

  ready(model: string): number {
    return this.deployments.get(model)?.status?.readyReplicas ?? 0;
  }

  gpuNodes(): NodeSample[] {
    return [...this.nodes.values()].flatMap((node) => {
      const { name = "", labels = {} } = node.metadata ?? {};
      const gpu = labels[GPU];
      const instanceType = labels[INSTANCE_TYPE] ?? "";
      const capacityType = labels["karpenter.sh/capacity-type"];
      return gpu === undefined ? [] : [{ name, instanceType, gpu, capacityType, ready: isReady(node) }];
    });
  }

  last(): Sample | undefined {
    return this.samples.at(-1);
  }

  memory(): MemoryUse[] {
    return [...this.peaks.values()].sort((a, b) => b.peakBytes - a.peakBytes);
  }

  private async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      const queues = await Promise.all(this.models.map((model) => this.queue(model)));
      const models = Object.fromEntries(
        this.models.map((model, index): [string, ModelSample] => [
          model,
          { ...(queues[index] ?? UNREAD), wanted: this.wanted(model), ready: this.ready(model) },
        ]),
      );
      const nodes = this.gpuNodes();
      const usdPerHour = nodes.reduce((sum, { instanceType }) => sum + (hourlyPrice(instanceType, {}) ?? 0), 0);
      const sample = { at: this.now(), models, nodes, usdPerHour };
      this.samples.push(sample);
      this.weigh();
      this.onSample?.(sample);
    } finally {
      this.looking = false;
    }
  }

  /** The routers' own figures, from where Prometheus reads them. */
  private async queue(model: string): Promise<Queue & { readonly unread: boolean }> {
    const routers = this.node.find({ [INSTANCE]: model, [COMPONENT]: "router" });
    const texts = await Promise.all(routers.map(metricsOf));
    const told = texts.filter((text) => text !== undefined).map(queueIn);
    const sum = (of: (queue: Queue) => number) => told.reduce((total, queue) => total + of(queue), 0);
    return { held: sum(({ held }) => held), running: sum(({ running }) => running), unread: told.length === 0 };
  }

  private weigh(): void {
    for (const pod of this.node.find({}))
      for (const { name, resources } of pod.spec.spec?.containers ?? []) {
        const pid = pod.container(name)?.pid;
        const peak = peakBytes(pid);
        if (peak === undefined || name === "engine") continue;
        const labels = pod.spec.metadata?.labels ?? {};
        const program = labels[COMPONENT] === "router" ? `${name} of ${labels[INSTANCE]}` : name;
        const before = this.peaks.get(program)?.peakBytes ?? 0;
        const limitBytes = bytesOf(resources?.limits?.memory);
        this.peaks.set(program, { program, peakBytes: Math.max(before, peak), limitBytes });
      }
  }
}

const conditionOf = (pod: V1Pod, type: string) =>
  pod.status?.conditions?.some((one) => one.type === type && one.status === "True") === true;
const isReady = (node: V1Node) =>
  node.status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") === true;
