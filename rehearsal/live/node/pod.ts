import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError } from "../../doubles/kubernetes/api";
import { type Cluster, nameOf, STRATEGIC } from "../cluster";
import type { V1Container, V1Pod } from "../kubernetes-types";
import type { PodLink, StageNetwork } from "../network";
import { Container, type Program, type RestartPolicy } from "./container";
import { checkProbes } from "./probes";
import { environmentOf, makeVolumes, mountsOf, relocate } from "./volumes";

/** What a process node knows of an image: how long its pull takes, and which program stands for it. */
export interface Runtime {
  /** Milliseconds until the image is on the node; 0 where it is there already. */
  pullMs(container: V1Container, pod: V1Pod): number;
  program(args: {
    readonly container: V1Container;
    readonly pod: V1Pod;
    /** Of the container's spec, with paths as they are here. */
    readonly command: readonly string[];
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    /** Folder of the pod. */
    readonly dir: string;
  }): Promise<Program>;
}

export interface PodArgs {
  readonly cluster: Cluster;
  readonly network: StageNetwork;
  readonly runtime: Runtime;
  readonly dir: string;
  readonly say: (line: string) => void;
}

const STATUS_MS = 50;
/** Thrown by a start that is not wanted any more. */
const LEFT = new Error("the pod is to go");

/** One pod on a process node, from its binding to its end. */
export class PodProcess {
  private readonly containers = new Map<string, Container>();
  private link: PodLink | undefined;
  private readonly startTime = new Date();
  private readonly conditions = new Map<string, { readonly holds: boolean; readonly since: string }>();
  private initialized = false;
  private message: string | undefined;
  private ended = false;
  private deleting = false;
  private writing = false;
  private dirty = false;

  constructor(
    private pod: V1Pod,
    private readonly args: PodArgs,
  ) {}

  get address(): string | undefined {
    return this.link?.address;
  }

  get name(): string {
    return nameOf(this.pod);
  }

  get spec(): V1Pod {
    return this.pod;
  }

  container(name: string): Container | undefined {
    return this.containers.get(name);
  }

  /** Starts everything, in the order a kubelet has. */
  async start(): Promise<void> {
    const { cluster, network, dir } = this.args;
    const home = join(dir, this.pod.metadata?.uid ?? this.name);
    try {
      this.link = await network.addPod();
      this.goOn();
      this.changed();
      const folders = await makeVolumes(this.pod, home, cluster);
      for (const spec of this.pod.spec?.initContainers ?? []) await this.startInit(spec, folders, home);
      this.initialized = true;
      const policy = (this.pod.spec?.restartPolicy ?? "Always") as RestartPolicy;
      await Promise.all((this.pod.spec?.containers ?? []).map((spec) => this.make(spec, folders, home, policy)));
    } catch (error) {
      if (error !== LEFT) {
        this.message = error instanceof Error ? error.message : String(error);
        this.args.say(`pod ${this.name}: ${this.message}`);
        this.changed();
      }
    } finally {
      // It was to go before it was all there.
      if (this.ended && this.link !== undefined) await network.removePod(this.link);
    }
  }

  /** With `Always` it goes on beside the others; without, it has to succeed before they begin, however often it takes. */
  private async startInit(spec: V1Container, folders: Readonly<Record<string, string>>, dir: string): Promise<void> {
    const sidecar = spec.restartPolicy === "Always";
    const policy = sidecar ? "Always" : this.pod.spec?.restartPolicy === "Never" ? "Never" : "OnFailure";
    const container = await this.make(spec, folders, dir, policy);
    while (!sidecar && container.exit !== "code 0") {
      if (container.exit !== undefined && policy === "Never")
        throw new Error(`init container ${spec.name}: ${container.exit}`);
      await sleep(50);
      this.goOn();
    }
  }

  /** Between the steps of a start: a pod that is to go starts nothing more. */
  private goOn(): void {
    if (this.deleting || this.ended) throw LEFT;
  }

  private async make(
    spec: V1Container,
    folders: Readonly<Record<string, string>>,
    dir: string,
    restart: RestartPolicy,
  ): Promise<Container> {
    const { cluster, runtime } = this.args;
    const { pod, link } = this;
    if (link === undefined) throw new Error("the pod has no network");
    checkProbes(spec);
    await sleep(runtime.pullMs(spec, pod));
    this.goOn();
    const mounts = mountsOf(spec, folders);
    const here = (text: string) => relocate(text, mounts);
    const env = await environmentOf(spec, { ...pod, status: { podIP: link.address } }, cluster);
    const program = await runtime.program({
      container: spec,
      pod,
      command: (spec.command ?? []).map(here),
      args: (spec.args ?? []).map(here),
      env: Object.fromEntries(Object.entries(env).map(([key, value]) => [key, here(value)])),
      dir,
    });
    this.goOn();
    const container = new Container({ pod, spec, program, link, restart, dir, onChange: () => this.changed() });
    this.containers.set(spec.name, container);
    container.start();
    return container;
  }

  /** What the API says of it now; a pod that is to go is ended. */
  update(pod: V1Pod): void {
    this.pod = pod;
    if (pod.metadata?.deletionTimestamp !== undefined && !this.deleting)
      this.finish().catch((error: Error) => this.ended || this.args.say(`pod ${this.name}: ${error.message}`));
  }

  private async finish(): Promise<void> {
    this.deleting = true;
    this.changed();
    const grace = this.pod.metadata?.deletionGracePeriodSeconds ?? this.pod.spec?.terminationGracePeriodSeconds ?? 30;
    await Promise.all([...this.containers.values()].map((container) => container.stop(grace * 1000)));
    await this.end();
    const { namespace, name } = this.pod.metadata ?? {};
    await this.args.cluster.remove(`/api/v1/namespaces/${namespace}/pods/${name}`, {
      kind: "DeleteOptions",
      apiVersion: "v1",
      gracePeriodSeconds: 0,
    });
  }

  /** Ends it without a word to the API: its node is gone, or the stage is. */
  async end(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    for (const container of this.containers.values()) container.kill();
    if (this.link !== undefined) await this.args.network.removePod(this.link);
  }

  private changed(): void {
    this.dirty = true;
    if (this.writing) return;
    this.writing = true;
    void this.write();
  }

  /** One status at a time; what has changed meanwhile goes into the next. */
  private async write(): Promise<void> {
    while (this.dirty && !this.ended) {
      this.dirty = false;
      const { namespace, name } = this.pod.metadata ?? {};
      await this.args.cluster
        .patch(`/api/v1/namespaces/${namespace}/pods/${name}/status`, { status: this.status() }, STRATEGIC)
        .catch((error: unknown) => {
          // A pod that is gone needs no status; for every other reason it is written again.
          this.dirty ||= !(error instanceof ApiError && error.code === 404);
        });
      await sleep(STATUS_MS);
    }
    this.writing = false;
  }

  private status() {
    const of = (specs: readonly V1Container[] | undefined) =>
      (specs ?? []).map(
        ({ name, image = "" }) =>
          this.containers.get(name)?.status() ?? {
            name,
            image,
            imageID: "",
            ready: false,
            started: false,
            restartCount: 0,
            state: {
              waiting: {
                reason: this.message ? "CreateContainerConfigError" : "ContainerCreating",
                message: this.message,
              },
            },
          },
      );
    const containers = this.pod.spec?.containers ?? [];
    const all = containers.map(({ name }) => this.containers.get(name));
    const exits = all.map((one) => one?.exit);
    const over =
      this.pod.spec?.restartPolicy !== "Always" && all.length > 0 && exits.every((exit) => exit !== undefined);
    const failed = exits.some((exit) => exit !== "code 0");
    const phase = over
      ? failed
        ? "Failed"
        : "Succeeded"
      : all.some((one) => one !== undefined)
        ? "Running"
        : "Pending";
    const ready = !this.deleting && !over && all.every((one) => one?.isReady === true);
    const condition = (type: string, holds: boolean) => {
      const before = this.conditions.get(type);
      const kept = before?.holds === holds ? before : { holds, since: new Date().toISOString() };
      this.conditions.set(type, kept);
      return { type, status: holds ? "True" : "False", lastTransitionTime: kept.since };
    };
    return {
      phase,
      startTime: this.startTime.toISOString(),
      ...(this.link === undefined ? {} : { podIP: this.link.address, podIPs: [{ ip: this.link.address }] }),
      conditions: [
        condition("PodReadyToStartContainers", this.link !== undefined),
        condition("Initialized", this.initialized),
        condition("ContainersReady", ready),
        condition("Ready", ready),
      ],
      initContainerStatuses: of(this.pod.spec?.initContainers),
      containerStatuses: of(containers),
    };
  }
}
