import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { HoldChain } from "../planner/hold";
import { sharedMemoryMib } from "../planner/pod-requests";
import type { CronFloor } from "../planner/schedule";
import {
  COMMON_ENGINE_ENV,
  ENGINES,
  type Engine,
  type EngineLaunch,
  type EngineName,
  type WeightsLocation,
} from "./engines";
import { ownChart } from "./helm";
import { SYSTEM_NODES } from "./scheduling";
import { imageRef, images } from "./versions";

/** Where the weights come from: the account's own bucket, or the hub itself on a cluster without one. */
export type Weights =
  | { readonly kind: "s3"; readonly uri: pulumi.Input<string> }
  | {
      readonly kind: "hub";
      readonly repository: string;
      readonly revision: string;
      /** Secret with the key `token`, for gated repositories. */
      readonly tokenSecret?: pulumi.Input<string>;
    };

/** Which nodes may run the engine: pools in the order to try them, or labels of nodes that somebody else runs. */
export type Placement =
  | { readonly kind: "pools"; readonly pools: readonly string[] }
  | { readonly kind: "nodes"; readonly nodeSelector: Readonly<Record<string, string>> };

/** What a user decides about one model. */
export interface ServedModel {
  /** DNS label: name of the release, of its service account, and the `model` of a request. */
  readonly name: string;
  readonly engine: EngineName;
  /** Longest prompt plus answer, in tokens. */
  readonly contextLength: number;
  /** As the engine calls it; left out, the engine reads it from the model's own config. */
  readonly quantization?: string;
  readonly gpusPerReplica: number;
  /** The user's own flags; they come last and win. */
  readonly engineArgs: readonly string[];
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly idleAfterSeconds: number;
  readonly schedule: readonly CronFloor[];
  /** Requests one replica is meant to serve at a time. */
  readonly targetConcurrency: number;
}

export interface ModelServerArgs {
  namespace: pulumi.Input<string>;
  model: ServedModel;
  weights: Weights;
  placement: Placement;
  /** Requested by one replica, from what the chosen node has to give. */
  resources: { readonly cpuMillis: number; readonly memoryMib: number };
  hold: HoldChain;
  /** From the first request while asleep to a ready engine; sizes how fast replicas are added and taken away. */
  coldStartSeconds: number;
  /** Prometheus as KEDA reads it. */
  prometheusUrl: pulumi.Input<string>;
  /** Namespace that Prometheus scrapes from, where it is not the chart's default. */
  monitoringNamespace?: pulumi.Input<string>;
  /** `s3://bucket/prefix` that keeps compiled kernels between cold starts. */
  compileCacheUri?: pulumi.Input<string>;
  /** AWS region of the bucket. */
  region?: string;
  /** Node pools, weights, permissions, CRDs and the controllers that act on them. */
  after: pulumi.Resource[];
}

/** One model: a release of our own chart with its engine, its router and what scales it. */
export class ModelServer extends pulumi.ComponentResource {
  /** OpenAI-compatible base URL of the router, inside the cluster. */
  readonly url: pulumi.Output<string>;
  readonly release: k8s.helm.v3.Release;

  constructor(name: string, args: ModelServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:ModelServer", name, {}, opts);

    this.release = ownChart(
      name,
      {
        chart: "model-server",
        name: args.model.name,
        namespace: args.namespace,
        values: modelServerValues(args),
        // A sleeping model has no pod and a waking one takes minutes: readiness is the router's to wait for, request by
        // request, not this program's.
        skipAwait: true,
      },
      { parent: this, dependsOn: args.after },
    );
    this.url = pulumi.interpolate`http://${args.model.name}-router.${args.namespace}.svc:8081/v1`;
    this.registerOutputs({ url: this.url });
  }
}

/** The chart's names for the links of the hold chain that end inside it. */
export function holdValues(hold: HoldChain) {
  return {
    ttlSeconds: hold.eppTtlSeconds,
    messageTimeoutSeconds: hold.extProcTimeoutSeconds,
    startupSeconds: hold.startupSeconds,
    progressDeadlineSeconds: hold.progressDeadlineSeconds,
    preStopSeconds: hold.preStopSeconds,
    drainSeconds: hold.shutdownTimeoutSeconds,
    graceSeconds: hold.terminationGraceSeconds,
  };
}

/** Values of charts/model-server. */
export function modelServerValues(args: ModelServerArgs) {
  const { model, hold, placement } = args;
  return {
    engine: pulumi.output(args.weights).apply((weights) => engineValues(args, weights)),
    gpus: model.gpusPerReplica,
    resources: {
      cpu: `${args.resources.cpuMillis}m`,
      memory: `${args.resources.memoryMib}Mi`,
      sharedMemory: `${sharedMemoryMib(model.gpusPerReplica)}Mi`,
    },
    hubTokenSecret: (args.weights.kind === "hub" ? args.weights.tokenSecret : undefined) ?? "",
    placement:
      placement.kind === "pools" ? { pools: [...placement.pools] } : { nodeSelector: { ...placement.nodeSelector } },
    hold: holdValues(hold),
    autoscaling: {
      minReplicas: model.minReplicas,
      maxReplicas: model.maxReplicas,
      idleAfterSeconds: model.idleAfterSeconds,
      schedule: model.schedule.map((floor) => ({ ...floor })),
      targetConcurrency: model.targetConcurrency,
      coldStartSeconds: args.coldStartSeconds,
      prometheusUrl: args.prometheusUrl,
    },
    router: {
      envoyImage: imageRef(images.envoy),
      eppImage: imageRef(images.epp),
      // Nodes of somebody else have no system group of ours.
      nodeSelector: placement.kind === "pools" ? { ...SYSTEM_NODES } : {},
    },
    compileCache: { uri: args.compileCacheUri ?? "" },
    ...(args.monitoringNamespace === undefined ? {} : { monitoringNamespace: args.monitoringNamespace }),
  };
}

/** The engine's row of the table, with this model's flags. */
function engineValues({ model, hold, resources, region }: ModelServerArgs, weights: WeightsLocation) {
  const engine: Engine = ENGINES[model.engine];
  const launch: EngineLaunch = {
    servedName: model.name,
    weights,
    contextLength: model.contextLength,
    quantization: model.quantization,
    gpus: model.gpusPerReplica,
    memoryMib: resources.memoryMib,
    hold,
    extraArgs: model.engineArgs,
  };
  return {
    name: model.engine,
    image: imageRef(engine.image),
    command: [...engine.command],
    args: engine.args(launch),
    env: { ...COMMON_ENGINE_ENV, ...engine.env(launch), ...(region === undefined ? {} : { AWS_REGION: region }) },
    userId: engine.userId,
    groupId: engine.groupId,
    port: engine.port,
    healthPath: engine.healthPath,
    metricsPath: engine.metricsPath,
    metrics: { ...engine.metrics },
  };
}
