import { GPU_NODE, GPU_POD, GPU_USE_PUBLISHER, type GpuUseRulesArgs, gpuUseRules, POD } from "./gpu-use-rules";

/*
 * When Prometheus raises an alarm. Pure.
 *
 * Series of kube-state-metrics 2.20.0 (docs/metrics of that tag) and endpoint picker 1.5.0, and what gpu-use-rules.ts records.
 */

/** Seconds that a fault of a scrape has to last: shorter ones come with every rollout. */
const UNSEEN_SECONDS = 300;
/** Seconds without a GPU pod that are an alarm, at the least. */
const IDLE_SECONDS = 900;
/** Seconds without a publisher of GPU use: longer than its pod takes to move to another node. */
const UNPUBLISHED_SECONDS = 600;
/** Between a node's end being due and the node being gone: drain, termination, the next evaluation. */
const ENDING_SECONDS = 300;

export interface AlertRulesArgs extends GpuUseRulesArgs {
  /** Seconds for which the pools keep an empty node; none where nodes are somebody else's, who decides what they are for. */
  emptyForSeconds: readonly number[];
  /** Where the publisher of GPU use runs. */
  monitoringNamespace: string;
}

/** Of a node without a GPU pod: 15 minutes, or longer where a pool keeps its empty nodes longer. */
export const idleNodeSeconds = (emptyForSeconds: readonly number[]): number =>
  Math.max(IDLE_SECONDS, ...emptyForSeconds.map((seconds) => seconds + ENDING_SECONDS));

/** The `spec` of a PrometheusRule. One group, because its rules are evaluated in this order. */
export function prometheusRuleSpec(args: AlertRulesArgs) {
  return { groups: [{ name: "pilotlight", rules: [...gpuUseRules(args), ...alerts(args)] }] };
}

function alerts({ namespace, longestHoldSeconds, emptyForSeconds, monitoringNamespace }: AlertRulesArgs) {
  const router = `job=~"${namespace}/.+-router"`;
  const readyRouters = `kube_pod_status_ready{namespace="${namespace}", pod=~".+-router-.+", condition="true"} == 1`;
  const pending = `kube_pod_status_phase{namespace="${namespace}", phase="Pending"} == 1`;
  const held = `sum by (job) (inference_extension_flow_control_queue_size{${router}}) > 0`;
  const answered = `sum by (job) (inference_objective_running_requests{${router}}) > 0`;
  return [
    // Nodes of somebody else's are theirs to judge, and no guard is told of them.
    ...(emptyForSeconds.length === 0
      ? []
      : [nodeIdle(idleNodeSeconds(emptyForSeconds)), useUnpublished(monitoringNamespace)]),
    alert("GpuPodPending", {
      expr: `${GPU_POD} and ${POD} (${pending})`,
      seconds: longestHoldSeconds,
      summary: `GPU pod {{ $labels.pod }} has been pending for ${minutes(longestHoldSeconds)}`,
      description: "Requests that waited for it have been refused by now. Ask for the reason: npm run why",
    }),
    engineNotReady(namespace, longestHoldSeconds),
    alert("RequestsHeld", {
      expr: `(${held}) unless on (job) (${answered})`,
      seconds: longestHoldSeconds,
      summary: `{{ $labels.job }} has held requests for ${minutes(longestHoldSeconds)} and answers none`,
      description: "No replica came up, with or without a pending pod. Ask for the reason: npm run why",
    }),
    alert("RouterUnseen", {
      expr: `group by (namespace, pod) (${readyRouters}) unless on (namespace, pod) (up{${router}} == 1)`,
      seconds: UNSEEN_SECONDS,
      summary: `Prometheus does not see router {{ $labels.pod }}`,
      description: "KEDA reads its queue from there: until it is seen, nothing wakes the model or lets it sleep.",
    }),
    alert("ClusterUnseen", {
      expr: "absent(kube_node_info)",
      seconds: UNSEEN_SECONDS,
      summary: "Prometheus does not see kube-state-metrics",
      description: "Until it does, no other alarm of nodes and pods can be raised, and no use of GPUs is published.",
    }),
  ];
}

const nodeIdle = (seconds: number) =>
  alert("GpuNodeIdle", {
    expr: `${GPU_NODE} unless on (node) ${GPU_POD}`,
    seconds,
    summary: `GPU node {{ $labels.node }} has had no GPU pod for ${minutes(seconds)}`,
    description:
      "It is paid for. Karpenter ends an elastic node that is empty; look at what keeps this one: kubectl describe node {{ $labels.node }}",
  });

/**
 * Of an engine that starts over and over, too: its pod runs on, with the same uid, while the container waits for its next try.
 * A pod of which nothing has started yet is GpuPodPending's. One that drains refuses new requests, for longer than a hold if
 * its answers are that long: it is passed over until its deletion's timestamp, when its grace is over.
 */
function engineNotReady(namespace: string, seconds: number) {
  const running = `kube_pod_status_phase{namespace="${namespace}", phase="Running"} == 1`;
  const ready = `kube_pod_status_ready{namespace="${namespace}", condition="true"} == 1`;
  const ending = `kube_pod_deletion_timestamp{namespace="${namespace}"} > time()`;
  return alert("EngineNotReady", {
    expr: `${GPU_POD} and ${POD} (${running}) unless ${POD} (${ready}) unless ${POD} (${ending})`,
    seconds,
    summary: `Engine {{ $labels.pod }} has not been ready for ${minutes(seconds)}`,
    description: "Its GPUs are paid for and serve nobody. Ask for the reason: npm run why",
  });
}

function useUnpublished(namespace: string) {
  const labels = `namespace="${namespace}", deployment="${GPU_USE_PUBLISHER}"`;
  const available = `kube_deployment_status_replicas_available{${labels}}`;
  return alert("GpuUseUnpublished", {
    // Of a Deployment that somebody has deleted, too. Without kube-state-metrics it is ClusterUnseen that says so.
    expr: `(sum(${available}) or vector(0)) == 0 unless on () absent(kube_node_info)`,
    seconds: UNPUBLISHED_SECONDS,
    summary: `No pod of ${GPU_USE_PUBLISHER} has been available for ${minutes(UNPUBLISHED_SECONDS)}`,
    description:
      "The spend guard is not told which GPUs are used and ends no idle node; with a lease (or spend.unseenNode) it ends, after " +
      `a notice, nodes of whose use nothing is known. Ask the pod: kubectl -n ${namespace} logs deploy/${GPU_USE_PUBLISHER}`,
  });
}

interface Alarm {
  readonly expr: string;
  readonly seconds: number;
  readonly summary: string;
  readonly description: string;
}

const alert = (name: string, { expr, seconds, ...annotations }: Alarm) => ({
  alert: name,
  expr,
  for: `${Math.ceil(seconds)}s`,
  labels: { severity: "warning" },
  annotations,
});

const minutes = (seconds: number): string => `${Math.ceil(seconds / 60)} min`;
