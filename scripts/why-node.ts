import { type Cause, stackFlag } from "./why-cause";
import { isUnknown } from "./why-facts";
import { verdicts } from "./why-launch";
import { conditionOf, GPU_RESOURCE, isTrue, nameOf } from "./why-objects";
import { coldStart } from "./why-pod";
import { refusedText } from "./why-refused";
import { createdAt, type ModelView, POOL_LABEL, poolOfClaim, poolsAskedFor, sinceCondition } from "./why-view";
import { ago, quoted, sentence, span } from "./why-words";

/*
 * Causes of a pod that has no node, as far as a node is on its way or cannot be: Karpenter's part. Pure.
 */

/** Seconds after which a step that usually takes less than half of it is taken for stuck. */
const JOIN_PATIENCE = 300;
const DRIVER_PATIENCE = 180;

const unplaced = ({ waiting }: ModelView): boolean => waiting !== undefined && waiting.spec?.nodeName === undefined;

export function noKarpenter(view: ModelView): Cause | undefined {
  const karpenter = view.facts.controllers.find((one) => nameOf(one) === "karpenter");
  if (!unplaced(view) || karpenter === undefined || (karpenter.status?.availableReplicas ?? 0) > 0) return undefined;
  const where = karpenter.metadata?.namespace;
  return {
    state: "launch-failed",
    because: "gets no node: Karpenter is down",
    sentences: [`Deployment karpenter in namespace ${where} has no available pod. Look at it with:`],
    commands: [`kubectl -n ${where} describe deployment karpenter`],
  };
}

/** Karpenter has asked EC2, and EC2 has refused for another reason than capacity. */
export function launchFailed(view: ModelView): Cause | undefined {
  const { claim, facts } = view;
  const launched = conditionOf(claim, "Launched");
  const failed = launched?.status === "Unknown" && !["AwaitingReconciliation", undefined].includes(launched.reason);
  if (!unplaced(view) || claim === undefined || launched === undefined || (launched.status !== "False" && !failed))
    return undefined;
  const denied = launched.reason === "Unauthorized";
  const asked = facts.guard !== undefined && !isUnknown(facts.guard);
  return {
    state: "launch-failed",
    because: `gets no node: EC2 refuses what Karpenter asks for (${launched.reason})`,
    sentences: [
      sentence(`NodeClaim ${nameOf(claim)} of NodePool ${poolOfClaim(claim)} says: ${quoted(launched.message)}`),
      denied && !asked
        ? "The spend guard denies launches while it keeps GPUs off; ask it with:"
        : "Karpenter tries again and again. Its log has EC2's own words:",
    ],
    commands: [
      denied && !asked
        ? `npm run lease${stackFlag(facts)}`
        : "kubectl -n kube-system logs -l app.kubernetes.io/name=karpenter --tail 100",
    ],
  };
}

export function notJoining(view: ModelView): Cause | undefined {
  const { claim, now } = view;
  if (!unplaced(view) || claim === undefined || !isTrue(claim, "Launched") || isTrue(claim, "Registered"))
    return undefined;
  const passed = sinceCondition(view, claim, "Launched") / 1000;
  if (passed < JOIN_PATIENCE) return undefined;
  const instance = claim.status?.providerID?.split("/").at(-1);
  return {
    state: "node-not-joining",
    because: `waits for a node that does not join: ${machine(view)} was launched ${span(passed)} ago`,
    sentences: [
      `NodeClaim ${nameOf(claim)} is not registered (${conditionOf(claim, "Registered")?.message ?? "nothing is said"}).`,
      `Karpenter gives the machine up 15 min after it was asked for, in ${span(900 - (now - createdAt(claim)) / 1000)}, and tries another. Subnets without a way to the cluster or to the registries, and roles that the cluster does not know, look like this; the machine's own words:`,
    ],
    commands:
      instance === undefined
        ? []
        : [`aws ec2 get-console-output --latest --output text --instance-id ${instance}${region(view)}`],
  };
}

const region = ({ facts }: ModelView) => (facts.region === undefined ? "" : ` --region ${facts.region}`);

/** The node is there, and offers no GPU. */
export function noDevicePlugin(view: ModelView): Cause | undefined {
  if (!unplaced(view)) return undefined;
  const { facts, now, claim } = view;
  const pools = poolsAskedFor(view);
  const bare = facts.nodes.find(
    (node) =>
      pools.includes(node.metadata?.labels?.[POOL_LABEL] ?? "") &&
      isTrue(node, "Ready") &&
      Number(node.status?.allocatable?.[GPU_RESOURCE] ?? 0) === 0 &&
      now - createdAt(node) > DRIVER_PATIENCE * 1000,
  );
  if (bare === undefined) return undefined;
  const word = conditionOf(claim, "Initialized");
  return {
    state: "no-device-plugin",
    because: `waits for a GPU that node ${nameOf(bare)} does not show`,
    sentences: [
      `The node joined ${ago(createdAt(bare), now)} and is ready, but has no ${GPU_RESOURCE}: its driver or device plugin is not up${
        word?.reason === "ResourceNotRegistered" ? ` (NodeClaim ${nameOf(claim)}: ${word.message})` : ""
      }.`,
      "Look at what runs there, and at its events:",
    ],
    commands: [`kubectl get pods -A -o wide --field-selector spec.nodeName=${nameOf(bare)}`],
  };
}

export function waitingForNode(view: ModelView): Cause | undefined {
  const { claim, now } = view;
  if (!unplaced(view) || claim === undefined) return undefined;
  const launched = isTrue(claim, "Launched");
  const step = !launched
    ? "EC2 has not answered yet"
    : isTrue(claim, "Registered")
      ? `it has joined, and gets ready${initializing(view)}`
      : "it has not joined yet";
  const before = verdicts(view).filter(({ kind }) => kind === "quota" || kind === "refused");
  return {
    state: "waiting-for-node",
    because: `waits for a node: Karpenter ${launched ? "launched" : "asks for"} ${machine(view)}${launched ? ` ${ago(now - sinceCondition(view, claim, "Launched"), now)}` : ""}; ${step}`,
    sentences: [...before.map((one) => refusedText(one, now)), ...coldStart(view)],
  };
}

const initializing = ({ claim }: ModelView) => {
  const message = conditionOf(claim, "Initialized")?.message;
  return message === undefined ? "" : ` (${message})`;
};

function machine({ claim }: ModelView): string {
  const labels = claim?.metadata?.labels ?? {};
  const type = labels["node.kubernetes.io/instance-type"];
  const kind = labels["karpenter.sh/capacity-type"];
  const words = [kind, `NodePool ${claim === undefined ? "" : poolOfClaim(claim)}`, `NodeClaim ${nameOf(claim)}`];
  return `${type ?? "a node"} (${words.filter(Boolean).join(", ")})`;
}
