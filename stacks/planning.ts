import type { FloorShape, PoolShape, StackShape } from "../planner/cost";
import { supportEnded } from "../planner/kubernetes-versions";
import type { ModelShape, WeightFormat } from "../planner/model-shape";
import type { StackModel } from "../planner/plan-stack";
import type { PriceOverrides } from "../planner/prices";
import { minutesOfDay } from "../planner/schedule";
import { systemNodeCount } from "../planner/system-nodes";
import type { EksPoolConfig, ModelConfig, StackConfig } from "./config";
import { isEksPool, poolSpec, poolsOf } from "./pools";

/*
 * What a stack file says, in the planner's words.
 */

/** The value of an engine's flag, the last one, as the engine takes it. */
function flag(args: readonly string[], name: string): string | undefined {
  const value = args.filter((arg) => arg.startsWith(`--${name}=`)).at(-1);
  return value?.slice(name.length + 3);
}

function numberFlag(args: readonly string[], name: string): number | undefined {
  const value = Number(flag(args, name) ?? Number.NaN);
  return Number.isFinite(value) ? value : undefined;
}

/** What vLLM's flags change of its memory; names of vLLM 0.32. */
function memoryOf({ engineArgs }: ModelConfig): StackModel["memory"] {
  const cache = flag(engineArgs, "kv-cache-dtype");
  return {
    utilization: numberFlag(engineArgs, "gpu-memory-utilization"),
    maxSequences: numberFlag(engineArgs, "max-num-seqs"),
    maxBatchedTokens: numberFlag(engineArgs, "max-num-batched-tokens"),
    kvBytesPerElement: cache?.startsWith("fp8") ? 1 : undefined,
  };
}

/** Flags by which a model takes more context than its config says. */
const LONGER_CONTEXT = /^--(rope-scaling|hf-overrides)\b/;

/** A model's shape as the stack runs it. */
export const asRun = (shape: ModelShape, { engineArgs }: ModelConfig): ModelShape =>
  engineArgs.some((arg) => LONGER_CONTEXT.test(arg)) ? { ...shape, maxContext: Number.MAX_SAFE_INTEGER } : shape;

/** `compressed-tensors` says how, not what: the model's own config tells the format. */
const FORMATS: Readonly<Partial<Record<string, WeightFormat>>> = { fp8: "fp8", awq: "int4", gptq: "int4" };

/** A model of the stack without the shape of its weights, which the stack file does not tell. */
export function stackModel(
  name: string,
  model: ModelConfig,
  config: Pick<StackConfig, "gpuPools" | "drivers">,
): Omit<StackModel, "shape"> {
  const { drivers } = config;
  const eager = model.engineArgs.includes("--enforce-eager");
  return {
    name,
    format: FORMATS[model.quantization ?? ""],
    pools: poolsOf(model, config.gpuPools).map(([pool, settings]) => ({
      name: pool,
      gpu: settings.gpu,
      instanceTypes: isEksPool(settings) ? poolSpec(pool, settings).instanceTypes : [],
      steady: isEksPool(settings) && settings.maxGpus === 0,
      spot: isEksPool(settings) && settings.capacity.includes("spot"),
    })),
    gpusPerReplica: model.gpusPerReplica,
    contextTokens: model.contextLength,
    targetConcurrency: model.targetConcurrency,
    longestGenerationSeconds: model.longestGeneration,
    holdSeconds: model.hold,
    memory: memoryOf(model),
    start: { driver: drivers.from, ...(eager ? { compile: false, captureSizes: 0 } : {}) },
  };
}

const MINUTES_A_DAY = 1440;
const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** Hours a week of office hours; those that end before they begin go on over midnight. */
export function hoursPerWeek({ days, from, to }: ModelConfig["schedule"][number]): number {
  const [first = 0, last = first] = days
    .toLowerCase()
    .split("-")
    .map((day) => DAYS.indexOf(day));
  const minutes = (minutesOfDay(to) ?? 0) - (minutesOfDay(from) ?? 0);
  return ((last - first + 1) * (minutes > 0 ? minutes : minutes + MINUTES_A_DAY)) / 60;
}

/** Floors fall on the first pool that a model tries. */
function floorsOf(pool: string, { gpusPerNode }: EksPoolConfig, { models, gpuPools }: StackConfig): FloorShape[] {
  return Object.values(models)
    .filter((model) => poolsOf(model, gpuPools)[0]?.[0] === pool)
    .flatMap((model) =>
      model.schedule.map((hours) => ({
        nodes: Math.ceil((hours.replicas * model.gpusPerReplica) / gpusPerNode),
        hoursPerWeek: hoursPerWeek(hours),
      })),
    );
}

function poolShape(name: string, pool: EksPoolConfig, config: StackConfig, spot: PriceOverrides): PoolShape {
  // Karpenter takes the cheapest type that carries the pod, and a pod is cut to fit them all.
  const [instanceType = ""] = poolSpec(name, pool).instanceTypes;
  const onSpot = pool.capacity.includes("spot") ? spot[instanceType] : undefined;
  return {
    name,
    instanceType,
    steadyNodes: pool.steadyNodes,
    maxNodes: pool.steadyNodes + Math.floor(pool.maxGpus / pool.gpusPerNode),
    diskGb: pool.disk,
    floors: floorsOf(name, pool, config),
    ...(onSpot === undefined ? {} : { spotUsdPerHour: onSpot }),
  };
}

/** What AWS charges a stack for by time; undefined for one on a cluster that is there already. */
export function stackShape(config: StackConfig, today: string, spot: PriceOverrides = {}): StackShape | undefined {
  const { cluster, network, endpoint, gateway, gpuPools } = config;
  if ("adopt" in cluster) return undefined;
  const natGateways = "adopt" in network ? 0 : network.nat === "one" ? 1 : cluster.zones.length;
  return {
    zones: cluster.zones.length,
    natGateways,
    publicEndpoint: endpoint.exposure === "public",
    extendedSupport: supportEnded(cluster.kubernetes, today) !== undefined,
    // components/system-nodes.ts and components/database.ts; the count as in stacks/aws.ts.
    systemNodes: {
      instanceType: "m7i.large",
      count: systemNodeCount({
        models: Object.keys(config.models).length,
        gatewayReplicas: gateway.replicas,
        controllerReplicas: gateway.replicas > 1 ? 2 : 1,
      }),
      diskGb: 50,
    },
    databases:
      gateway.database === "rds"
        ? [{ instanceType: "db.t4g.small", storageGb: 20, standby: gateway.databaseMultiZone }]
        : [],
    // Of the cluster's secrets, and of the alarm topic.
    kmsKeys: 2,
    pools: Object.entries(gpuPools).flatMap(([name, pool]) =>
      isEksPool(pool) ? [poolShape(name, pool, config, spot)] : [],
    ),
  };
}
