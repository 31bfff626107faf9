import { type Cause, kubectl, pulumiUp } from "./why-cause";
import { verdicts } from "./why-launch";
import { conditionOf, nameOf, seenAt } from "./why-objects";
import { eventsOf, gpuLimit, gpusUsed, type ModelView, POOL_LABEL, poolLabel, poolsAskedFor } from "./why-view";
import { ago, list, quoted, sentence } from "./why-words";

/*
 * Causes of a pod that has no node because none of its NodePools may or can make one. Pure.
 */

const unplaced = ({ waiting }: ModelView): boolean => waiting !== undefined && waiting.spec?.nodeName === undefined;

/** All that it may run on is at the limit. */
export function atLimit(view: ModelView): Cause | undefined {
  const all = verdicts(view);
  if (!unplaced(view) || all.length === 0 || !all.every(({ kind }) => kind === "full")) return undefined;
  const pools = [...new Set(view.pools.map(poolLabel))];
  return {
    state: "limit",
    because: `gets no node: ${all.length === 1 ? "its NodePool is" : "all its NodePools are"} at the limit of GPUs`,
    sentences: [
      `${list(all.map(({ pool }) => `${nameOf(pool)} has ${gpusUsed(pool)} of at most ${gpuLimit(pool)}`))}.`,
      `Wait until another replica sleeps, or raise maxGpus of pool ${list(pools, "or")} in the stack file (pilotlight:gpuPools), then:`,
    ],
    commands: [pulumiUp(view.facts)],
  };
}

export function notReady(view: ModelView): Cause | undefined {
  const all = verdicts(view);
  if (!unplaced(view) || all.length === 0 || !all.every(({ kind }) => kind === "not-ready")) return undefined;
  const classes = view.pools.map(({ spec }) => spec?.template?.spec?.nodeClassRef?.name);
  const faults = view.facts.nodeClasses
    .filter((one) => classes.includes(nameOf(one)))
    .flatMap((one) =>
      (one.status?.conditions ?? [])
        .filter(({ status, type }) => status !== "True" && type !== "Ready")
        .map(({ type, message }) => sentence(`EC2NodeClass ${nameOf(one)}, ${type}: ${quoted(message)}`)),
    );
  const pool = view.pools[0];
  return {
    state: "launch-failed",
    because: `gets no node: NodePool ${list(view.pools.map(nameOf))} ${view.pools.length === 1 ? "is" : "are"} not ready`,
    sentences: [
      ...(faults.length > 0 ? faults : [sentence(quoted(conditionOf(pool, "Ready")?.message))]),
      "What the stack makes is put back with:",
    ],
    commands: [pulumiUp(view.facts, "--refresh")],
  };
}

/** Nothing would ever fit: what the pod asks for, against what there is. */
export function mismatch(view: ModelView): Cause | undefined {
  const { waiting, pools, facts, now } = view;
  if (!unplaced(view) || waiting === undefined) return undefined;
  const asked = poolsAskedFor(view);
  const steady = facts.nodes.some(({ metadata }) => asked.includes(metadata?.labels?.[POOL_LABEL] ?? ""));
  const there = [...new Set(facts.nodePools.map(poolLabel).filter(Boolean))];
  if (asked.length > 0 && pools.length === 0 && !steady)
    return {
      state: "not-schedulable",
      because: `fits no node: it asks for pool ${list(asked, "or")}, and there ${there.length === 0 ? "is no NodePool at all" : `are NodePools of ${list(there)} alone`}`,
      sentences: ["The stack's settings and the cluster differ; bring them together with:"],
      commands: [pulumiUp(view.facts, "--refresh")],
    };
  const event = eventsOf(facts, "Pod", nameOf(waiting)).find(
    ({ reason, message = "" }) => reason === "FailedScheduling" && message.startsWith("Failed to schedule pod"),
  );
  const own = (event?.message ?? "").split("; ").filter((part) => !part.includes(`key ${POOL_LABEL}`));
  const misfit = /incompatible requirements|did not tolerate|has enough resources|met all requirements/;
  if (event === undefined || own.length === 0 || !own.every((part) => misfit.test(part))) return undefined;
  return {
    state: "not-schedulable",
    because: "fits no node that its pools can have",
    sentences: [
      sentence(
        `Karpenter says, ${ago(seenAt(event), now)}: ${quoted(own.join("; ").replace(/^Failed to schedule pod, /, ""), 400)}`,
      ),
      "Compare what the pod asks for with the NodePools:",
    ],
    commands: [kubectl(view, `describe pod ${nameOf(waiting)}`)],
  };
}
