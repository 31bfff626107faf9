import type { Account } from "../../aws/account";
import { items, list, type Props, props, text } from "../../aws/table";
import type { Api } from "../api";
import { playStatus } from "../controllers";
import { nameOf, type Objects } from "../objects";
import type { Releases } from "../release";
import { LoadBalancers } from "./load-balancers";
import { Nodes } from "./nodes";

/*
 * Controllers that make things in AWS for objects of the cluster. What they made holds the network until its object is
 * gone, and the object stays until its controller has taken it away: without the controller neither goes.
 */

export interface CloudController {
  /** Chart that brings it. */
  readonly chart: string;
  readonly apiVersion: string;
  readonly kind: string;
  /** What it writes into its objects, so that none goes without it. */
  readonly finalizer: string;
  /** @param values of its chart's release, `region` among them. */
  make(object: Props, values: Props): Promise<void>;
  takeAway(object: Props, values: Props): Promise<void>;
}

/** Seconds after which an object that nobody lets go is given up; the provider waits ten minutes and longer. */
export const HELD_SECONDS = 3;

export interface CloudArgs {
  readonly api: Api;
  readonly objects: Objects;
  readonly releases: Releases;
  readonly account: Account;
}

export class CloudControllers {
  private readonly balancers: CloudController;
  private readonly nodes: CloudController;
  private scaling: Promise<unknown> = Promise.resolve();

  constructor(private readonly args: CloudArgs) {
    this.balancers = new LoadBalancers(args.account);
    this.nodes = new Nodes(args.account, args.objects);
  }

  /** What a controller does with an object that is new. */
  async created(object: Props): Promise<Props> {
    return this.isOf(this.balancers, object) ? this.make(this.balancers, object) : object;
  }

  /** Whether an object waits for a controller that is not there: an Ingress that nobody makes a load balancer of. */
  isForsaken(object: Props): boolean {
    const ofAlb = this.isOf(this.balancers, object) && text(object, "spec.ingressClassName") === "alb";
    const served = items(props(props(object.status).loadBalancer).ingress).length > 0;
    return ofAlb && !served && this.args.releases.valuesOf(this.balancers.chart) === undefined;
  }

  /** A controller has come, or come back: it finds what nobody has served. */
  async controllerCame(chart: string, region: string): Promise<void> {
    if (chart !== this.balancers.chart) return;
    const { apiVersion, kind } = this.balancers;
    const found = items((await this.args.api.ask("GET", "/apis/networking.k8s.io/v1/ingresses")).items);
    for (const one of found) {
      const ingress = { apiVersion, kind, ...one };
      if (isHeld(ingress, this.balancers.finalizer)) continue;
      await playStatus(this.args.objects, await this.make(this.balancers, ingress), region);
    }
  }

  /** Pods have wanted GPUs: each NodePool has a node. @returns how many there are. */
  scaleUp(region: string): Promise<number> {
    // One after the other: two at once would both see a NodePool without a node, and launch two.
    const turn = this.scaling.then(() => this.scaleUpNow(region));
    this.scaling = turn.catch(() => {});
    return turn;
  }

  private async scaleUpNow(region: string): Promise<number> {
    const pools = items((await this.args.api.ask("GET", "/apis/karpenter.sh/v1/nodepools")).items);
    for (const pool of pools)
      await this.make(this.nodes, { apiVersion: "karpenter.sh/v1", kind: "NodePool", ...pool }, region);
    return pools.length;
  }

  /** What a controller does with an object that is to go; nothing where none of it runs, and then the object stays. */
  async deleting(object: Props): Promise<void> {
    for (const controller of [this.balancers, this.nodes]) {
      if (!this.isOf(controller, object)) continue;
      const values = this.args.releases.valuesOf(controller.chart);
      const live = await this.args.objects.get(object);
      if (values === undefined || live === undefined || !isHeld(live, controller.finalizer)) continue;
      await controller.takeAway(live, values);
      const others = list(props(live.metadata).finalizers).filter((one) => one !== controller.finalizer);
      await this.args.objects.setFinalizers(live, others);
    }
  }

  /** Seconds to wait for an object to go: no longer than needed where nobody is left to let it. */
  async patienceWith(object: Props): Promise<number | undefined> {
    const controller = [this.balancers, this.nodes].find((one) => this.isOf(one, object));
    if (!controller || this.args.releases.valuesOf(controller.chart) !== undefined) return undefined;
    const live = await this.args.objects.get(object);
    return live && isHeld(live, controller.finalizer) ? HELD_SECONDS : undefined;
  }

  private isOf = ({ apiVersion, kind }: CloudController, object: Props) =>
    text(object, "apiVersion") === apiVersion && text(object, "kind") === kind;

  private async make(controller: CloudController, object: Props, region?: string): Promise<Props> {
    const values = this.args.releases.valuesOf(controller.chart);
    if (values === undefined || isHeld(object, controller.finalizer)) return object;
    try {
      const finalizers = [...list(props(object.metadata).finalizers), controller.finalizer];
      const held = await this.args.objects.setFinalizers(object, finalizers);
      await controller.make(held, region === undefined ? values : { ...values, region });
      return held;
    } catch (error) {
      throw new Error(
        `${controller.chart}, played for ${controller.kind} ${nameOf(object)}: ${(error as Error).message}`,
      );
    }
  }
}

const isHeld = (object: Props, finalizer: string) => list(props(object.metadata).finalizers).includes(finalizer);
