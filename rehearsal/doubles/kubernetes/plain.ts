import { items, type Props, props, text } from "../aws/table";
import { HalfMade } from "../half-made";
import { type Api, ApiError } from "./api";
import type { CloudControllers } from "./cloud";
import { crdForgotten, crdServed, finishNamespace, playStatus } from "./controllers";
import { holdsUnknown, nameOf, type Objects } from "./objects";
import { until } from "./wait";

/** Who owns the fields that the program sets. */
const MANAGER = { manager: "pulumi-kubernetes" } as const;
/** Seconds until a new CRD is served everywhere, and a removed one nowhere. */
const CRD_SECONDS = 120;
const JOB_SECONDS = 600;
/** Where no region is named there is no AWS. */
const NO_REGION = "local";

/** What a step did in a controller's place, where it did. */
export type Played = { readonly text?: string };

/** The life of an object that the program registers by itself. */
export class PlainObjects {
  constructor(
    private readonly api: Api,
    private readonly objects: Objects,
    /** Kubernetes' own controllers run: what they do is waited for, not played. */
    private readonly controllersRun = false,
    /** Controllers that make things in AWS, played where none of them runs. */
    private readonly cloud?: CloudControllers,
  ) {}

  /** What a preview knows: the server's own answer where it can give one, else the inputs. */
  async plan(inputs: Props, current?: Props): Promise<Props> {
    if (holdsUnknown(inputs) || !(await this.objects.exists(inputs))) return inputs;
    const dryRun = { ...MANAGER, dryRun: true };
    try {
      const answer = current ? await this.objects.apply(inputs, dryRun) : await this.objects.create(inputs, dryRun);
      return current ? outputs(answer) : withoutStatus(outputs(answer));
    } catch (error) {
      // The namespace is made in the same update, or the object in the way is deleted in it.
      if (error instanceof ApiError && (error.code === 404 || error.reason === "AlreadyExists")) return inputs;
      throw error;
    }
  }

  async create(inputs: Props, region = NO_REGION): Promise<{ id: string; outs: Props } & Played> {
    const made = await this.objects.create(inputs, MANAGER);
    if (this.cloud?.isForsaken(made)) throw forsaken(made, "created");
    try {
      const { live, text: played } =
        this.controllersRun && text(made, "kind") === "Job"
          ? { live: await this.finishedJob(made), text: undefined }
          : await playStatus(this.objects, (await this.cloud?.created(made)) ?? made, region);
      if (isCrd(made)) await crdServed(this.api, made, CRD_SECONDS);
      return { id: nameOf(live), outs: outputs(live), text: played };
    } catch (error) {
      // The engine would not know of it.
      await this.remove(made).catch(() => undefined);
      throw error;
    }
  }

  /** Waits as the official provider does. @throws Error if the Job fails. */
  private async finishedJob(job: Props): Promise<Props> {
    const condition = (live: Props, type: string) =>
      items(props(live.status).conditions).find((one) => one.type === type && one.status === "True");
    const finished = await until(JOB_SECONDS, async () => {
      const live = await this.objects.get(job);
      return live && (condition(live, "Complete") || condition(live, "Failed")) ? live : undefined;
    });
    if (finished === undefined) throw new Error(`the Job ${nameOf(job)} did not end within ${JOB_SECONDS} s`);
    const failed = condition(finished, "Failed");
    if (failed) throw new Error(`the Job ${nameOf(job)} failed: ${text(failed, "message")}`);
    return finished;
  }

  async update(inputs: Props): Promise<Props> {
    const live = await this.objects.apply(inputs, MANAGER);
    if (this.cloud?.isForsaken(live)) throw forsaken(live, "updated");
    if (isCrd(live)) await crdServed(this.api, live, CRD_SECONDS);
    return outputs(live);
  }

  async read(state: Props): Promise<Props | undefined> {
    const live = await this.objects.get(state);
    // The official provider waits at a refresh, too: what was half made stays so in the state.
    if (live && this.cloud?.isForsaken(live)) throw forsaken(live, "read");
    return live === undefined ? undefined : outputs(live);
  }

  async remove(state: Props): Promise<Played> {
    if (!isNamespace(state)) {
      await this.objects.remove(state, async () => {
        await this.cloud?.deleting(state);
        return this.cloud?.patienceWith(state);
      });
      if (isCrd(state)) await crdForgotten(this.api, state, CRD_SECONDS);
      return {};
    }
    let emptied = 0;
    await this.objects.remove(state, async () => {
      if (this.controllersRun) return;
      emptied = await finishNamespace(this.api, text(state, "metadata.name"));
    });
    return emptied > 0 ? { text: `the namespace controller: deleted ${emptied} objects that were left in it` } : {};
  }
}

/** In the official provider's words, which it has after ten minutes. Source: pulumi-kubernetes, provider/pkg/await. */
const forsaken = (live: Props, done: string) =>
  new HalfMade(
    nameOf(live),
    outputs(live),
    `resource ${nameOf(live)} was successfully ${done}, but the Kubernetes API server reported that it failed to fully initialize or become live: Ingress .status.loadBalancer field was not updated with a hostname/IP address`,
  );

const isCrd = (object: Props) => text(object, "kind") === "CustomResourceDefinition";
const isNamespace = (object: Props) => text(object, "apiVersion") === "v1" && text(object, "kind") === "Namespace";

/** The live object, without the server's bookkeeping of owners. */
function outputs(live: Props): Props {
  const { managedFields: _, ...metadata } = (live.metadata ?? {}) as Props;
  return { ...live, metadata };
}

/** An empty status would let a preview resolve what only the update knows. */
function withoutStatus(live: Props): Props {
  const { status: _, ...rest } = live;
  const {
    uid: _uid,
    creationTimestamp: _time,
    resourceVersion: _version,
    ...metadata
  } = (live.metadata ?? {}) as Props;
  return { ...rest, metadata };
}
