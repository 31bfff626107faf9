import { INSTANCES } from "../../planner/instances";
import type { Account } from "../doubles/aws/account";
import { at, type Props, text, type Value, type Where } from "../doubles/aws/table";
import type { Processes, Running } from "../processes";
import { ANYBODY, type Credentials } from "./role-session";
import { answers } from "./wait";

export interface KarpenterArgs {
  readonly processes: Processes;
  /** The controller of Karpenter's AWS provider. */
  readonly binary: string;
  readonly kubeconfigPath: string;
  /** URL of the stage's AWS account. */
  readonly awsUrl: string;
  readonly region: string;
  /** Values of the chart, as the program gave them. */
  readonly values: Props;
  /** As whom it calls AWS. @default somebody whom nothing is denied */
  readonly credentials?: Credentials;
  /** It listens there on every interface: the chart knows no address to bind to. */
  readonly ports: { readonly metrics: number; readonly health: number };
  /** Settings of this rehearsal that go before the chart's, by environment variable. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface Karpenter {
  readonly running: Running;
}

/** It reads the whole catalogue of instance types before it is ready. */
const PATIENCE_MS = 180_000;

/** Environment variables of the chart's container by the setting they come from, with the chart's own value where it has one. */
const SETTINGS: readonly (readonly [variable: string, value: string, chartDefault?: string])[] = [
  ["LOG_LEVEL", "logLevel", "info"],
  ["BATCH_MAX_DURATION", "settings.batchMaxDuration", "10s"],
  ["BATCH_IDLE_DURATION", "settings.batchIdleDuration", "1s"],
  ["PREFERENCE_POLICY", "settings.preferencePolicy", "Respect"],
  ["MIN_VALUES_POLICY", "settings.minValuesPolicy", "Strict"],
  ["CLUSTER_CA_BUNDLE", "settings.clusterCABundle"],
  ["CLUSTER_NAME", "settings.clusterName"],
  ["CLUSTER_ENDPOINT", "settings.clusterEndpoint"],
  ["ISOLATED_VPC", "settings.isolatedVPC"],
  ["EKS_CONTROL_PLANE", "settings.eksControlPlane"],
  ["VM_MEMORY_OVERHEAD_PERCENT", "settings.vmMemoryOverheadPercent", "0.075"],
  ["INTERRUPTION_QUEUE", "settings.interruptionQueue"],
  ["ENABLE_ZONAL_SHIFT", "settings.enableZonalShift"],
  ["RESERVED_ENIS", "settings.reservedENIs", "0"],
  ["IGNORE_DRA_REQUESTS", "settings.ignoreDRARequests", "true"],
  ["DISABLE_CLUSTER_STATE_OBSERVABILITY", "settings.disableClusterStateObservability"],
  ["DISABLE_DRY_RUN", "settings.disableDryRun"],
  ["AMI_REFRESH_INTERVAL", "settings.amiRefreshInterval", "1m"],
  ["SUBNET_REFRESH_INTERVAL", "settings.subnetRefreshInterval", "1m"],
];
const FEATURE_GATES: Readonly<Record<string, boolean>> = {
  reservedCapacity: true,
  spotToSpotConsolidation: false,
  nodeRepair: false,
  nodeOverlay: false,
  staticCapacity: false,
  capacityBuffer: false,
};

/**
 * The environment that the chart would give the container.
 * Source: aws/karpenter-provider-aws, tag v1.14.0, charts/karpenter, templates/deployment.yaml and values.yaml.
 * @throws Error for a setting that the chart does not read, or without the one that it demands.
 */
export function karpenterEnv(values: Props): Record<string, string> {
  const known = new Set([...SETTINGS.map(([, path]) => path.replace("settings.", "")), "featureGates"]);
  const settings = Object.keys((values.settings ?? {}) as Props);
  const unknown = settings.filter((setting) => !known.has(setting));
  if (unknown.length > 0) throw new Error(`the Karpenter chart reads no settings.${unknown.join(", settings.")}`);
  const given = SETTINGS.flatMap(([variable, path, chartDefault = ""]) => {
    const value = at(values, path) ?? chartDefault;
    // The chart writes no variable for a value that is empty or false.
    return value === "" || value === false || value === 0 ? [] : [[variable, String(value)] as const];
  });
  const env = Object.fromEntries(given);
  if (env.CLUSTER_NAME === undefined) throw new Error("the Karpenter chart demands settings.clusterName");
  const gates = Object.entries(FEATURE_GATES).map(([gate, chartDefault]) => {
    const value: Value = at(values, `settings.featureGates.${gate}`) ?? chartDefault;
    return `${gate.charAt(0).toUpperCase()}${gate.slice(1)}=${value}`;
  });
  return {
    KARPENTER_SERVICE: "karpenter",
    SYSTEM_NAMESPACE: "kube-system",
    FEATURE_GATES: gates.join(","),
    CPU_REQUESTS: String(quantity(text(values, "controller.resources.requests.cpu")) * 1000),
    MEMORY_LIMIT: String(quantity(text(values, "controller.resources.limits.memory"))),
    ...env,
  };
}

/** An amount in Kubernetes' notation; 0, as for a container without the resource, where there is none. */
function quantity(amount: string): number {
  const [, number = "0", unit = ""] = /^([\d.]+)(m|Ki|Mi|Gi)?$/.exec(amount) ?? [];
  return Number(number) * { "": 1, m: 1e-3, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 }[unit as ""];
}

/** Starts the real controller against the stage and waits until it is ready. */
export async function startKarpenter(args: KarpenterArgs): Promise<Karpenter> {
  const { processes, binary, kubeconfigPath, awsUrl, region, values, ports, env = {}, signal } = args;
  const running = processes.start({
    name: "karpenter",
    command: binary,
    args: [],
    env: {
      PATH: process.env.PATH,
      ...karpenterEnv(values),
      METRICS_PORT: String(ports.metrics),
      HEALTH_PROBE_PORT: String(ports.health),
      // One replica, and nobody to wait for.
      DISABLE_LEADER_ELECTION: "true",
      KUBECONFIG: kubeconfigPath,
      AWS_ENDPOINT_URL: awsUrl,
      AWS_REGION: region,
      ...(args.credentials ?? ANYBODY),
      AWS_EC2_METADATA_DISABLED: "true",
      ...env,
    },
  });
  await running.ready(answers(`http://127.0.0.1:${ports.health}/readyz`), PATIENCE_MS, signal);
  return { running };
}

/** What the account cannot give: `*` in type and zone stands for any text, a `vcpus` lets so many run. */
export interface CapacityRule {
  readonly type?: string;
  readonly zone?: string;
  readonly capacity?: "spot" | "on-demand" | "*";
  /** @default InsufficientInstanceCapacity, or VcpuLimitExceeded with `vcpus` */
  readonly code?: string;
  readonly vcpus?: number;
}

/** From now on EC2 gives this and no more. */
export async function setCapacity(account: Account, where: Where, rules: readonly CapacityRule[]): Promise<void> {
  const params = { rules: rules.map((rule) => ({ ...rule })) };
  await account.call({ service: "pilotlight", operation: "SetCapacity", params }, where);
}

/** EC2's prices are the planner's, and spot costs this share of them; Karpenter reads both as it starts. */
export async function setPrices(account: Account, where: Where, spotShare = 0.4): Promise<void> {
  const prices = Object.fromEntries(
    Object.entries(INSTANCES).flatMap(([type, { onDemandUsdPerHour: usd }]) =>
      usd === undefined ? [] : [[type, usd]],
    ),
  );
  await account.call({ service: "pilotlight", operation: "SetCapacity", params: { prices, spotShare } }, where);
}

/** Lines of its log that tell of a fault. */
export function karpenterFaults(log: string): string[] {
  return log
    .split("\n")
    .filter((line) => line.includes('"level":"ERROR"'))
    .map((line) => {
      const { message, error } = JSON.parse(line) as Props;
      return `${text({ message }, "message")}: ${text({ error }, "error")}`;
    });
}
