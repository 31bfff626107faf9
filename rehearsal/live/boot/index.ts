import { setTimeout as sleep } from "node:timers/promises";
import type { Account } from "../../doubles/aws/account";
import { items, type Props, text, type Where } from "../../doubles/aws/table";
import { type Api, ApiError, nothingIfGone } from "../../doubles/kubernetes/api";
import { MERGE, STRATEGIC } from "../cluster";
import { type Machine, Machines } from "./machines";
import { LEASES, leaseObject, leaseRenewal, NOT_READY, nodeName, nodeObject, nodeStatus } from "./node";

/** How long a machine of a type takes, on the rehearsal's own clock. */
export interface BootTimings {
  /** From its start until its kubelet is ready. */
  readonly bootMs: (instanceType: string) => number;
  /** From then until the device plugin reports its GPUs. */
  readonly deviceMs: (instanceType: string) => number;
}

/** A node of the stage, for whoever runs its pods. */
export interface BootedNode {
  readonly name: string;
  readonly instanceId: string;
  readonly instanceType: string;
  readonly gpus: number;
}

export interface BootArgs {
  readonly account: Account;
  readonly api: Api;
  readonly where: Where;
  readonly timings: BootTimings;
  /** The machine is off, and with it all that ran there. */
  readonly onGone?: (name: string) => void;
  readonly say: (line: string) => void;
  /** Ends the player. */
  readonly signal: AbortSignal;
}

export interface Boot {
  /** Nodes that are ready now. */
  nodes(): readonly BootedNode[];
  /** Resolves when nothing is written any more. */
  stop(): Promise<void>;
}

const POLL_MS = 1000;
const RENEW_MS = 10_000;

/** What a machine has come to, and when. */
interface Seen {
  readonly instance: Props;
  readonly at: number;
  node?: {
    readonly machine: Machine;
    readonly booted: BootedNode;
    readonly at: number;
    devices: boolean;
    renewed: number;
  };
}

/** Plays EC2's boot and the kubelet for every machine that Karpenter or EKS starts, and the end of those that are ended. */
export function startBoot(args: BootArgs): Boot {
  const ending = new AbortController();
  const signal = AbortSignal.any([args.signal, ending.signal]);
  const player = new Player(args);
  const done = player.run(signal);
  return {
    nodes: () => player.nodes(),
    stop: () => {
      ending.abort();
      return done;
    },
  };
}

class Player {
  private readonly machines: Machines;
  private readonly seen = new Map<string, Seen>();
  private readonly told = new Map<string, string>();
  private kubelet = "";

  constructor(private readonly args: BootArgs) {
    this.machines = new Machines(args.account, args.where);
  }

  nodes(): BootedNode[] {
    return [...this.seen.values()].flatMap(({ node }) => (node ? [node.booted] : []));
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.attempt("the account", signal, () => this.look(signal));
      await sleep(POLL_MS, undefined, { signal }).catch(() => {});
    }
  }

  private async look(signal: AbortSignal): Promise<void> {
    const running = await this.machines.running();
    for (const [id, instance] of running) {
      const seen = this.seen.get(id) ?? { instance, at: Date.now() };
      this.seen.set(id, seen);
      await this.attempt(id, signal, () => this.advance(id, seen));
    }
    for (const [id, seen] of this.seen) if (!running.has(id)) await this.attempt(id, signal, () => this.end(id, seen));
  }

  /** What fails is said once and tried again: a kubelet does not give up either. */
  private async attempt(what: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.told.delete(what);
    } catch (error) {
      const line = `boot: ${what}: ${error instanceof Error ? error.message : error}`;
      if (!signal.aborted && this.told.get(what) !== line) this.args.say(line);
      this.told.set(what, line);
    }
  }

  private async advance(id: string, seen: Seen): Promise<void> {
    const { timings } = this.args;
    const type = text(seen.instance, "InstanceType");
    if (!seen.node) {
      if (Date.now() - seen.at >= timings.bootMs(type)) await this.register(id, seen);
      return;
    }
    const { node } = seen;
    if (!node.devices && Date.now() - node.at >= timings.deviceMs(type)) {
      await this.report(node.machine, true);
      node.devices = true;
      if (node.booted.gpus > 0) this.args.say(`boot: ${node.booted.name} has ${node.booted.gpus} GPUs`);
    }
    if (Date.now() - node.renewed >= RENEW_MS) {
      const body = leaseRenewal(new Date().toISOString());
      await this.args.api.ask("PATCH", `${LEASES}/${node.booted.name}`, { body, contentType: MERGE });
      node.renewed = Date.now();
    }
  }

  private async register(id: string, seen: Seen): Promise<void> {
    const { api, say } = this.args;
    const machine = await this.machines.machine(seen.instance);
    const name = nodeName(machine.instance);
    // A kubelet registers with its size: Karpenter remembers what it first sees of a type, and no pod fits a node of nothing.
    const body = {
      ...nodeObject(machine.instance, machine.settings, machine.size.arch),
      status: await this.statusOf(machine, false),
    };
    const made = await api.ask("POST", "/api/v1/nodes", { body }).catch(ifThere);
    const node = made ?? (await api.ask("GET", `/api/v1/nodes/${name}`));
    await this.report(machine, false);
    await this.admit(name);
    const lease = leaseObject(name, text(node, "metadata.uid"), new Date().toISOString());
    await api.ask("POST", LEASES, { body: lease }).catch(ifThere);
    const instanceType = text(machine.instance, "InstanceType");
    const booted = { name, instanceId: id, instanceType, gpus: machine.size.gpus };
    seen.node = { machine, booted, at: Date.now(), devices: machine.size.gpus === 0, renewed: Date.now() };
    say(`boot: ${name} is ready: ${instanceType}, ${id}`);
  }

  private async statusOf(machine: Machine, devices: boolean): Promise<Props> {
    this.kubelet ||= text(await this.args.api.ask("GET", "/version"), "gitVersion");
    return nodeStatus({ ...machine, devices, kubelet: this.kubelet, now: new Date().toISOString() });
  }

  private async report(machine: Machine, devices: boolean): Promise<void> {
    const status = await this.statusOf(machine, devices);
    const path = `/api/v1/nodes/${nodeName(machine.instance)}/status`;
    await this.args.api.ask("PATCH", path, { body: { status }, contentType: STRATEGIC });
  }

  /** Takes the taint of a node that is not ready off, as the node controller does wherever one runs. */
  private async admit(name: string): Promise<void> {
    const path = `/api/v1/nodes/${name}`;
    const { spec, metadata } = await this.args.api.ask("GET", path);
    const taints = items((spec as Props).taints);
    const kept = taints.filter(({ key }) => key !== NOT_READY);
    if (kept.length === taints.length) return;
    // With the version, so that a taint that somebody else adds or removes meanwhile stays as they want it.
    const body = { metadata: { resourceVersion: text(metadata, "resourceVersion") }, spec: { taints: kept } };
    await this.args.api.ask("PATCH", path, { body, contentType: MERGE }).catch(ifThere);
  }

  private async end(id: string, seen: Seen): Promise<void> {
    const name = nodeName(seen.instance);
    const { api, say, onGone } = this.args;
    if (seen.node) {
      seen.node = undefined;
      say(`boot: ${name} is off: ${text(seen.instance, "InstanceType")}, ${id}`);
      onGone?.(name);
    }
    // As AWS's node controller does; Karpenter has mostly done it before.
    await api.ask("DELETE", `/api/v1/nodes/${name}`).catch(nothingIfGone);
    await api.ask("DELETE", `${LEASES}/${name}`).catch(nothingIfGone);
    this.seen.delete(id);
  }
}

/** Made before, or changed meanwhile: both are Conflict. */
function ifThere(error: unknown): undefined {
  if (error instanceof ApiError && error.code === 409) return undefined;
  throw error;
}
