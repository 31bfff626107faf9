import { type Cause, kubectl, pulumiUp, stackFlag } from "./why-cause";
import { isUnknown } from "./why-facts";
import { conditionOf, type KubeEvent, nameOf, prometheusOf, seenAt, timeOf } from "./why-objects";
import type { ModelView } from "./why-view";
import { ago, count, quoted, sentence } from "./why-words";

/*
 * Causes before there is a pod: nothing is asked, or something keeps KEDA or Kubernetes from making one. Pure.
 */

export function awake({ wanted, ready, held = 0 }: ModelView): Cause | undefined {
  if (wanted === 0 || ready < wanted) return undefined;
  const waits =
    held > 0 ? [`${count(held, "request")} in the queue ${held === 1 ? "waits" : "wait"} for a free place.`] : [];
  return { state: "awake", because: `is awake: ${ready} of ${count(wanted, "replica")} ready`, sentences: waits };
}

/** The guard's word outranks what Karpenter says: a denied launch is what it has brought about. */
export function switchedOff({ facts, now }: ModelView): Cause | undefined {
  const { guard } = facts;
  if (guard === undefined || isUnknown(guard) || !guard.gpusOff) return undefined;
  const since = guard.since === undefined ? "" : ` ${ago(timeOf(guard.since), now)}`;
  return {
    state: "switched-off",
    because: `gets no GPU: the spend guard switched GPUs off${since}`,
    sentences: [
      ...(guard.because ? [`Its reason: ${sentence(quoted(guard.because))}`] : []),
      "Switch them on again with:",
    ],
    commands: [`npm run wake${stackFlag(facts)}`],
  };
}

const PAUSED = /^autoscaling\.keda\.sh\/paused(-replicas|-scale-out)?$/;

export function paused(view: ModelView): Cause | undefined {
  const { wanted, ready, scaledObject, model } = view;
  const annotation = Object.entries(scaledObject?.metadata?.annotations ?? {}).find(
    ([name, value]) => PAUSED.test(name) && value !== "false",
  );
  if (annotation === undefined || wanted > ready) return undefined;
  return {
    state: "scaling-blocked",
    because: "does not wake: its scaling is paused",
    sentences: [`ScaledObject ${model} has the annotation ${annotation[0]}: ${annotation[1]}. Take it away with:`],
    commands: [kubectl(view, `annotate scaledobject ${model} ${annotation[0]}-`)],
  };
}

export function noScaler(view: ModelView): Cause | undefined {
  const { wanted, facts, scaledObject, model } = view;
  if (wanted > 0) return undefined;
  const operator = facts.controllers.find((one) => nameOf(one) === "keda-operator");
  if (operator !== undefined && (operator.status?.availableReplicas ?? 0) === 0)
    return {
      state: "scaling-blocked",
      because: "does not wake: KEDA is down",
      sentences: [
        `Deployment keda-operator in namespace ${operator.metadata?.namespace} has no available pod. Look at it with:`,
      ],
      commands: [`kubectl -n ${operator.metadata?.namespace} describe deployment keda-operator`],
    };
  if (scaledObject === undefined)
    return {
      state: "scaling-blocked",
      because: "does not wake: nothing scales it",
      sentences: [`There is no ScaledObject ${model} in namespace ${view.namespace}. Make it again with:`],
      commands: [pulumiUp(facts, "--refresh")],
    };
  const ready = conditionOf(scaledObject, "Ready");
  if (ready?.status !== "False") return undefined;
  return {
    state: "scaling-blocked",
    because: "does not wake: KEDA cannot tell whether it is asked",
    sentences: [
      `ScaledObject ${model} is not ready (${ready.reason}): ${sentence(quoted(ready.message))}`,
      isUnknown(facts.held)
        ? "Prometheus has to come back first. Look with:"
        : "Requests stay held until it is. Look with:",
    ],
    commands: isUnknown(facts.held)
      ? [`kubectl -n ${prometheusOf(facts.scaledObjects)?.namespace ?? "monitoring"} get pods`]
      : [kubectl(view, `describe scaledobject ${model}`)],
  };
}

export function asleep({ wanted, held, scaledObject }: ModelView): Cause | undefined {
  if (wanted > 0) return undefined;
  if (held !== undefined && held > 0)
    return {
      state: "waking",
      because: "is about to wake: requests are held, and KEDA has not asked for a replica yet",
      sentences: [`It looks every ${scaledObject?.spec?.pollingInterval ?? 30} s.`],
    };
  return {
    state: "asleep",
    because: "is asleep",
    sentences: held === undefined ? [] : ["Nothing is asked of it, so it needs no GPU: that is as it should be."],
  };
}

/** Of the ReplicaSets of a Deployment: its name and a hash without a dash. */
function refusedPods({ model, facts, now }: ModelView): KubeEvent | undefined {
  return facts.events
    .filter(
      ({ reason, involvedObject: of }) =>
        reason === "FailedCreate" &&
        of?.kind === "ReplicaSet" &&
        /^-[a-z0-9]+$/.test((of.name ?? "").slice(model.length)) &&
        of.name?.startsWith(model),
    )
    .filter((event) => now - seenAt(event) < 3_600_000)
    .sort((a, b) => seenAt(b) - seenAt(a))[0];
}

export function noPod(view: ModelView): Cause | undefined {
  const { wanted, pods, now } = view;
  if (pods.length >= wanted) return undefined;
  const event = refusedPods(view);
  if (event === undefined) return undefined;
  const quota = /exceeded quota: ([^,]+), requested: (\S+), used: (\S+), limited: (\S+)/.exec(event.message ?? "");
  if (quota === null)
    return {
      state: "pods-refused",
      because: "has no pod: Kubernetes refuses to make one",
      sentences: [`It says, ${ago(seenAt(event), now)}: ${sentence(quoted(event.message))}`],
    };
  const [, name, requested, used, limited] = quota;
  return {
    state: "resource-quota",
    because: `has no pod: ResourceQuota ${name} of namespace ${view.namespace} is used up`,
    sentences: [
      `A replica requests ${requested}, in use are ${used}, allowed are ${limited}.`,
      "The quota is the sum of what the pools may have: wait until another model sleeps, or raise maxGpus of a pool in the stack file, then:",
    ],
    commands: [pulumiUp(view.facts)],
  };
}
