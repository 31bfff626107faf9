import type * as pulumi from "@pulumi/pulumi";
import { GATEWAY_SERVICE, Gateway, type GatewayModel } from "../components/gateway";
import { ModelServer, type ModelServerArgs, type Placement, type Weights } from "../components/model-server";
import type { HoldChain } from "../planner/hold";
import { replicaRequests } from "../planner/pod-requests";
import { cronFloor } from "../planner/schedule";
import type { ModelConfig, StackConfig } from "./config";
import { chainOf, expectedOf, holdRequestOf, nodesCarrying } from "./expectations";
import { isEksPool, poolSpec, poolsOf } from "./pools";

/*
 * Models and gateway, alike on a cluster of our own and on an adopted one.
 */

/** Everything a model's release needs from the cluster it runs on. */
export interface ModelHome {
  readonly placement: Placement;
  readonly weights: Weights;
  /** `s3://bucket/prefix` of its compile cache. */
  readonly compileCacheUri?: pulumi.Input<string>;
  readonly region?: string;
  /** Namespace that Prometheus scrapes from, where it is not the chart's default. */
  readonly monitoringNamespace?: pulumi.Input<string>;
  readonly after: pulumi.Resource[];
}

export interface ServingArgs {
  readonly config: StackConfig;
  readonly namespace: pulumi.Input<string>;
  readonly prometheusUrl: pulumi.Input<string>;
  /** Labels of the nodes for pods without a GPU. */
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly databaseUrl?: pulumi.Input<string>;
  readonly homeOf: (name: string, model: ModelConfig) => ModelHome;
}

/** Seconds without a byte that a load balancer has to bear: the most that any model's chain ends with. */
export const longestIdleSeconds = (config: StackConfig): number => longest(config, "albIdleSeconds");

/** Seconds that a request of any model waits at most: what waits for longer is an alarm. */
export const longestHoldSeconds = (config: StackConfig): number => longest(config, "holdSeconds");

const longest = (config: StackConfig, link: keyof HoldChain): number =>
  Math.max(...Object.entries(config.models).map(([name, model]) => chainOf(name, model, config)[link]));

/** One release for each model, and the gateway that knows them all. */
export function serveModels(args: ServingArgs, opts: pulumi.ComponentResourceOptions): Gateway {
  const { config, namespace, nodeSelector, databaseUrl } = args;
  const models = Object.entries(config.models).map(([name, model]): GatewayModel => {
    const server = new ModelServer(name, modelServerArgs(name, model, args), opts);
    return {
      name,
      url: server.url,
      timeoutSeconds: chainOf(name, model, config).gatewayTimeoutSeconds,
      price: model.price,
    };
  });
  const { replicas, keys } = config.gateway;
  const keepAliveSeconds = longest(config, "gatewayKeepAliveSeconds");
  return new Gateway(
    "gateway",
    { namespace, models, replicas, keepAliveSeconds, nodeSelector, databaseUrl, keys },
    opts,
  );
}

function modelServerArgs(name: string, model: ModelConfig, args: ServingArgs): ModelServerArgs {
  const { config } = args;
  return {
    namespace: args.namespace,
    model: {
      name,
      engine: model.engine,
      contextLength: model.contextLength,
      quantization: model.quantization,
      gpusPerReplica: model.gpusPerReplica,
      engineArgs: model.engineArgs,
      minReplicas: model.replicas.min,
      maxReplicas: model.replicas.max,
      idleAfterSeconds: model.idleAfter,
      schedule: model.schedule.map(cronFloor),
      targetConcurrency: model.targetConcurrency,
    },
    resources: replicaRequests(nodesCarrying(model, config), model.gpusPerReplica),
    hold: chainOf(name, model, config),
    coldStartSeconds: holdRequestOf(name, model, config).coldStartSeconds,
    prometheusUrl: args.prometheusUrl,
    ...args.homeOf(name, model),
  };
}

/** What the stack says of its models: where each may run, how many, and how long a request waits for it. */
export function describeModels(config: StackConfig) {
  const { models, gpuPools } = config;
  return Object.fromEntries(
    Object.entries(models).map(([name, model]) => {
      const pools = poolsOf(model, gpuPools);
      const types = pools.flatMap(([pool, settings]) =>
        isEksPool(settings) ? poolSpec(pool, settings).instanceTypes : [],
      );
      return [
        name,
        {
          gpu: model.gpu,
          gpusPerReplica: model.gpusPerReplica,
          pools: pools.map(([pool]) => pool),
          instanceTypes: [...new Set(types)],
          replicas: model.replicas,
          holdSeconds: chainOf(name, model, config).holdSeconds,
          expected: expectedOf(name, model, config),
        },
      ];
    }),
  );
}

/**
 * Asks the first model, in a shell with the stack selected. An internal endpoint is first brought to this machine, in the
 * background; curl waits until it is there.
 */
export function tryIt({ models, endpoint }: StackConfig, stackName: string): string {
  const isPublic = endpoint.exposure === "public";
  const url = isPublic ? "$(pulumi stack output endpoint)" : `http://127.0.0.1:${GATEWAY_SERVICE.port}/v1`;
  const curl = [
    isPublic ? "curl" : "curl --retry 5 --retry-connrefused",
    `"${url}/chat/completions"`,
    '-H "Authorization: Bearer $(pulumi stack output apiKey --show-secrets)"',
    '-H "Content-Type: application/json"',
    `-d '${JSON.stringify({ model: Object.keys(models)[0], messages: [{ role: "user", content: "Hello" }], stream: true })}'`,
  ].join(" ");
  return isPublic ? curl : `npm run connect -- --stack ${stackName} &\n${curl}`;
}
