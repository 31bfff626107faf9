import { ENGINES } from "./engines";

/*
 * What Prometheus works out of its series on who has which GPUs, and whether anybody uses them. Pure.
 *
 * No single series says so. DCGM's GPU_UTIL is a look of a second or less every 30 s, so that short answers fall between two
 * looks. GR_ENGINE_ACTIVE is an average without gaps, but some GPUs and drivers do not have it (NVIDIA/DCGM#226). An engine
 * counts every token, and only while it is scraped. So whatever says "used" is believed, and "unused" takes all of them.
 *
 * Series of kube-state-metrics 2.20.0 (docs/metrics of that tag; it writes `nvidia.com/gpu` as `nvidia_com_gpu`), DCGM exporter
 * 4.6.0-4.8.3 (its `hostname` is the node's name, which the GPU Operator's DaemonSet hands it) and the engines. Another
 * Prometheus stack in the cluster may count the same things a second time, so every series is aggregated before it is joined.
 */

/** Percent by `node` and `provider_id`; 0 only where it is known that nobody uses the node's GPUs, and a gap where it is not. */
export const GPU_USE = "pilotlight:gpu_use:percent";
/** The Deployment that publishes it. */
export const GPU_USE_PUBLISHER = "gpu-use";

/** GPU nodes, by `node`. */
export const GPU_NODE = "pilotlight:gpu_node:info";
/** Pods that have GPUs or wait for them, by `namespace`, `pod`, `uid` and, once they have one, `node`. */
export const GPU_POD = "pilotlight:gpu_pod:info";
/** Tokens that an engine took in and gave out in the last 5 minutes, by `namespace` and `pod`. */
const TOKENS = "pilotlight:engine_tokens:increase5m";
/** Engines that are scraped now, by `namespace` and `pod`. */
const SCRAPED = "pilotlight:engine_scraped:info";
/** Percent by `node` and `source`: who says that the node is used, or that it is not. */
const SOURCE = "pilotlight:gpu_use:source_percent";
/** Engines on nodes of which it is not known that they have nothing to do. */
const UNKNOWN = "pilotlight:engine_unknown:info";

const GPU = 'resource="nvidia_com_gpu"';
/** Joins series of one pod: another one may come to its name. */
export const POD = "on (namespace, pod, uid)";

export interface GpuUseRulesArgs {
  /** Namespace of the models: its GPU pods are engines. */
  namespace: string;
  /** The longest time that a request of any model is held; an engine that takes longer is not taken to be loading. */
  longestHoldSeconds: number;
}

/** Recording rules, each of which may read those before it. */
export function gpuUseRules(args: GpuUseRulesArgs) {
  return [...whoHasGpus(), ...whatEnginesSay(), ...sources(args), ...verdict(args)];
}

function whoHasGpus() {
  // By the taint as well: a node whose driver never came up has no GPU to allocate, and costs the same.
  const taint = `kube_node_spec_taint{key="nvidia.com/gpu"}`;
  const phase = `kube_pod_status_phase{phase=~"Pending|Running"} == 1`;
  const requests = `kube_pod_container_resource_requests{${GPU}} > 0`;
  return [
    rule(GPU_NODE, `group by (node) (${taint} or kube_node_status_allocatable{${GPU}} > 0)`),
    // A finished pod keeps its requests and has given its GPUs back.
    rule(GPU_POD, `group by (namespace, pod, uid, node) (${requests}) and ${POD} (${phase})`),
  ];
}

function whatEnginesSay() {
  const engines = Object.values(ENGINES);
  // Added up by pod before anything else: `increase` takes the counters' names away, and equal series would collide.
  const increase = (counter: string) => `sum by (namespace, pod) (increase(${counter}[5m]))`;
  const tokens = engines.map(({ tokenCounters }) => `(${tokenCounters.map(increase).join(" + ")})`);
  // A scrape that fails ends the series at once, while the increase outlives it by up to 5 minutes.
  const scraped = engines.flatMap(({ tokenCounters }) => tokenCounters.slice(0, 1));
  return [rule(TOKENS, tokens.join(" or ")), rule(SCRAPED, `group by (namespace, pod) (${scraped.join(" or ")})`)];
}

function sources({ namespace, longestHoldSeconds }: GpuUseRulesArgs) {
  const engine = `${GPU_POD}{namespace="${namespace}", node!=""}`;
  // From the pod's own start, so that an engine that never comes up does not count as loading for ever.
  const young = `kube_pod_start_time > time() - ${Math.ceil(longestHoldSeconds)}`;
  const ready = `kube_pod_status_ready{condition="true"} == 1`;
  return [
    from("dcgm-sample", `${busiest("DCGM_FI_DEV_GPU_UTIL")}`),
    // To a tenth of a percent, so that a trace of counting itself is no use: 15 ms of work in 30 s still are.
    from("dcgm-average", `round(100 * ${busiest("DCGM_FI_PROF_GR_ENGINE_ACTIVE")}, 0.1)`),
    from("tokens", `100 * group by (node) (${engine} and on (namespace, pod) (${TOKENS} > 0))`),
    from("loading", `100 * group by (node) (${engine} and ${POD} (${young}) unless ${POD} (${ready}))`),
    from("empty", `0 * (${GPU_NODE} unless on (node) ${GPU_POD})`),
  ];
}

function verdict({ namespace }: GpuUseRulesArgs) {
  const engine = `${GPU_POD}{namespace="${namespace}", node!=""}`;
  const unused = `${TOKENS} == 0 and on (namespace, pod) ${SCRAPED}`;
  const highest = `max by (node) (${SOURCE})`;
  const instances = `group by (node, provider_id) (kube_node_info{provider_id=~"aws://.+"})`;
  return [
    rule(UNKNOWN, `${engine} unless on (namespace, pod) (${unused})`),
    rule(
      GPU_USE,
      `(${highest} > 0 or (${highest} unless on (node) ${UNKNOWN})) * on (node) group_left (provider_id) ${instances}`,
    ),
  ];
}

/** By node: the GPU at which a series of DCGM exporter was highest in the last minute, which holds at least one sample. */
function busiest(series: string): string {
  const named = (of: string, label: string) => `label_replace(${of}, "node", "$1", "${label}", "(.+)")`;
  // Exporters up to 4.8.2 write `Hostname`: an operator that is told to run one of those is still read.
  return `max by (node) (${named(named(`max_over_time(${series}[1m])`, "Hostname"), "hostname")})`;
}

const rule = (record: string, expr: string) => ({ record, expr });
const from = (source: string, expr: string) => ({ record: SOURCE, labels: { source }, expr });
