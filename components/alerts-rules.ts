/*
 * What Prometheus works out of its series, and when it raises an alarm. Pure.
 *
 * Series of kube-state-metrics 2.20.0 (docs/metrics of that tag; it writes `nvidia.com/gpu` as `nvidia_com_gpu`), DCGM exporter
 * 4.8 (its `Hostname` is the node's name, which the GPU Operator's DaemonSet hands it) and endpoint picker 1.5.0. Another
 * Prometheus stack in the cluster may count the same things a second time, so every series is aggregated before it is joined.
 */

/** Percent by `node` and `provider_id`: the busiest GPU of a node in the last minute, 0 on one whose GPUs no pod has. */
export const GPU_USE = "pilotlight:gpu_use:percent";

const GPU_NODE = "pilotlight:gpu_node:info";
const GPU_POD = "pilotlight:gpu_pod:info";
const GPU = 'resource="nvidia_com_gpu"';

/** Seconds that a fault of a scrape has to last: shorter ones come with every rollout. */
const UNSEEN_SECONDS = 300;
/** Seconds without a GPU pod that are an alarm, at the least. */
const IDLE_SECONDS = 900;
/** Between a node's end being due and the node being gone: drain, termination, the next evaluation. */
const ENDING_SECONDS = 300;

export interface AlertRulesArgs {
  /** Namespace of the models. */
  namespace: string;
  /** The longest time that a request of any model is held. */
  longestHoldSeconds: number;
  /** Seconds for which the pools keep an empty node; none where nodes are somebody else's, who decides what they are for. */
  emptyForSeconds: readonly number[];
}

/** Of a node without a GPU pod: 15 minutes, or longer where a pool keeps its empty nodes longer. */
export const idleNodeSeconds = (emptyForSeconds: readonly number[]): number =>
  Math.max(IDLE_SECONDS, ...emptyForSeconds.map((seconds) => seconds + ENDING_SECONDS));

/** The `spec` of a PrometheusRule. One group, because its rules are evaluated in this order. */
export function prometheusRuleSpec(args: AlertRulesArgs) {
  return { groups: [{ name: "pilotlight", rules: [...recordings(), ...alerts(args)] }] };
}

function recordings() {
  // By the taint as well: a node whose driver never came up has no GPU to allocate, and costs the same.
  const taint = `kube_node_spec_taint{key="nvidia.com/gpu"}`;
  const phase = `kube_pod_status_phase{phase=~"Pending|Running"} == 1`;
  const busiest = `max by (node) (label_replace(max_over_time(DCGM_FI_DEV_GPU_UTIL[1m]), "node", "$1", "Hostname", "(.+)"))`;
  return [
    { record: GPU_NODE, expr: `group by (node) (${taint} or kube_node_status_allocatable{${GPU}} > 0)` },
    {
      // A finished pod keeps its requests and has given its GPUs back.
      record: GPU_POD,
      expr: `group by (namespace, pod, uid, node) (kube_pod_container_resource_requests{${GPU}} > 0) and on (namespace, pod, uid) (${phase})`,
    },
    {
      record: GPU_USE,
      expr:
        `(${busiest} or 0 * (${GPU_NODE} unless on (node) ${GPU_POD}))` +
        ` * on (node) group_left (provider_id) group by (node, provider_id) (kube_node_info{provider_id=~"aws://.+"})`,
    },
  ];
}

function alerts({ namespace, longestHoldSeconds, emptyForSeconds }: AlertRulesArgs) {
  const idle = idleNodeSeconds(emptyForSeconds);
  const router = `job=~"${namespace}/.+-router"`;
  const readyRouters = `kube_pod_status_ready{namespace="${namespace}", pod=~".+-router-.+", condition="true"} == 1`;
  const pending = `kube_pod_status_phase{namespace="${namespace}", phase="Pending"} == 1`;
  const held = `sum by (job) (inference_extension_flow_control_queue_size{${router}}) > 0`;
  const answered = `sum by (job) (inference_objective_running_requests{${router}}) > 0`;
  return [
    ...(emptyForSeconds.length === 0
      ? []
      : [
          alert("GpuNodeIdle", {
            expr: `${GPU_NODE} unless on (node) ${GPU_POD}`,
            seconds: idle,
            summary: `GPU node {{ $labels.node }} has had no GPU pod for ${minutes(idle)}`,
            description:
              "It is paid for. Karpenter ends an elastic node that is empty; look at what keeps this one: kubectl describe node {{ $labels.node }}",
          }),
        ]),
    alert("GpuPodPending", {
      expr: `${GPU_POD} and on (namespace, pod, uid) (${pending})`,
      seconds: longestHoldSeconds,
      summary: `GPU pod {{ $labels.pod }} has been pending for ${minutes(longestHoldSeconds)}`,
      description: "Requests that waited for it have been refused by now. Ask for the reason: npm run why",
    }),
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
