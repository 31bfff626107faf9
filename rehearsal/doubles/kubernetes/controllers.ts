import { createHash } from "node:crypto";
import { items, list, type Props, props, text } from "../aws/table";
import { type Api, ApiError, nothingIfGone, pathOf } from "./api";
import type { Objects } from "./objects";
import { until } from "./wait";

/*
 * What controllers do in a cluster, and none of which runs in a plain rehearsal: as little of it as the program waits for.
 */

/** What was done in a controller's place, in words for the report; nothing for most objects. */
export interface Played {
  readonly live: Props;
  readonly text?: string;
}

/** The status that the program reads of an object, written by the double. */
export async function playStatus(objects: Objects, live: Props, region: string): Promise<Played> {
  switch (`${text(live, "apiVersion")} ${text(live, "kind")}`) {
    case "batch/v1 Job":
      return { live: await objects.patchStatus(live, jobStatus(new Date())), text: "its completion: no pod ran" };
    case "networking.k8s.io/v1 Ingress": {
      const hostname = balancerName(live, region);
      const status = { loadBalancer: { ingress: [{ hostname }] } };
      return { live: await objects.patchStatus(live, status), text: `its load balancer ${hostname}` };
    }
    default:
      return { live };
  }
}

function jobStatus(now: Date): Props {
  const time = `${now.toISOString().slice(0, 19)}Z`;
  const condition = (type: string) => ({
    type,
    status: "True",
    reason: "CompletionsReached",
    lastProbeTime: time,
    lastTransitionTime: time,
  });
  return {
    startTime: time,
    completionTime: time,
    succeeded: 1,
    uncountedTerminatedPods: {},
    conditions: [condition("SuccessCriteriaMet"), condition("Complete")],
  };
}

/** A name as AWS gives it: `k8s-<namespace>-<name>-<10 digits>-<number>.<region>.elb.amazonaws.com`. */
export function balancerName(ingress: Props, region: string): string {
  const [namespace, name] = [text(ingress, "metadata.namespace"), text(ingress, "metadata.name")];
  const hash = createHash("sha256").update(`${namespace}/${name}`).digest("hex");
  const short = (part: string) => part.replace(/[^a-z0-9]/g, "").slice(0, 8);
  const number = Number.parseInt(hash.slice(10, 18), 16);
  return `k8s-${short(namespace)}-${short(name)}-${hash.slice(0, 10)}-${number}.${region}.elb.amazonaws.com`;
}

/** Waits until a CRD's kind is served, and until its group's entry is listed, so that helm finds it too. */
export async function crdServed(api: Api, crd: Props, seconds: number): Promise<void> {
  const group = text(crd, "spec.group");
  const kind = text(crd, "spec.names.kind");
  const versions = items(props(crd.spec).versions).filter(({ served }) => served === true);
  const served = await until(seconds, async () => {
    const found = await Promise.all(versions.map(({ name }) => api.kind(`${group}/${name}`, kind)));
    return found.every((one) => one !== undefined) && (await groups(api)).has(group) ? true : undefined;
  });
  if (!served)
    throw new Error(`the API server does not serve ${kind} in ${group} ${seconds} s after its CRD was applied`);
}

/** Waits until the API server has taken back the entry it makes for each version of a CRD's group. */
export async function crdForgotten(api: Api, crd: Props, seconds: number): Promise<void> {
  api.forgetKinds();
  const group = text(crd, "spec.group");
  await until(seconds, async () => {
    // Another CRD of the group keeps the entries.
    const left = (await crds(api)).some((one) => text(one, "metadata.name").endsWith(`.${group}`));
    return left || !(await groups(api)).has(group) ? true : undefined;
  });
}

async function groups(api: Api): Promise<Set<string>> {
  const { items: services } = await api.ask("GET", "/apis/apiregistration.k8s.io/v1/apiservices");
  return new Set(items(services).map((service) => text(service, "spec.group")));
}

/** All CRDs, without their schemas. */
export async function crds(api: Api): Promise<readonly Props[]> {
  const accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
  const answer = await api.ask("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", { accept });
  return items(answer.items);
}

/** Empties a namespace that is being deleted and lets it go. Returns how many objects there were. */
export async function finishNamespace(api: Api, name: string): Promise<number> {
  const place = `/api/v1/namespaces/${name}`;
  const kinds = (await api.namespacedKinds()).filter(({ verbs }) => verbs.includes("list") && verbs.includes("delete"));
  const body = { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy: "Background" };
  let deleted = 0;
  for (const kind of kinds) {
    const there = await api.ask("GET", pathOf(kind, name)).catch(nothingIfGone);
    for (const object of items(there?.items)) {
      await api.ask("DELETE", pathOf(kind, name, text(object, "metadata.name")), { body }).catch(nothingIfGone);
      // What the API server makes by itself in each namespace, and events, are nobody's loss.
      if (kind.plural !== "events") deleted += 1;
    }
  }
  const namespace = await api.ask("GET", place).catch(nothingIfGone);
  if (!namespace) return deleted;
  const finalizers = list(props(namespace.spec).finalizers).filter((one) => one !== "kubernetes");
  const released = { ...namespace, spec: { ...props(namespace.spec), finalizers } };
  await api.ask("PUT", `${place}/finalize`, { body: released }).catch((error: unknown) => {
    if (error instanceof ApiError && (error.code === 404 || error.code === 409)) return;
    throw error;
  });
  return deleted;
}
