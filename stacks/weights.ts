import * as pulumi from "@pulumi/pulumi";
import { ModelCopy } from "../components/model-copy";
import type { Weights } from "../components/model-server";
import { engineStorePolicy, ModelStore } from "../components/model-store";
import { PodRole } from "../components/pod-role";
import { type ModelSource, parseSource, storePrefix } from "../planner/source";
import type { OwnCluster } from "./aws";
import type { ModelConfig } from "./config";

/** Where a model's pods read, what they keep, and what must exist before them. */
export interface ModelWeights {
  readonly weights: Weights;
  readonly compileCacheUri: pulumi.Output<string>;
  readonly after: pulumi.Resource[];
}

type HubSource = Extract<ModelSource, { kind: "hub" }>;

/**
 * The account's own store, the copies of hub repositories in it, and for each model a role that reads its weights alone.
 * @param tokenSecret Secret with the key `token`, for gated repositories.
 */
export function createWeights(
  own: OwnCluster,
  namespace: pulumi.Input<string>,
  tokenSecret: pulumi.Input<string> | undefined,
  opts: pulumi.ComponentResourceOptions,
): (name: string, model: ModelConfig) => ModelWeights {
  const { clusterName } = own.cluster;
  const { permissionsBoundary } = own;
  const store = new ModelStore("models", opts);
  const copy = createCopy();

  return (name, model) => {
    const source = parseSource(model.source);
    const cache = { bucketArn: store.arn, prefix: `compile-cache/${name}` };
    const { bucket, ...location } = locationOf(source);
    const role = new PodRole(
      `${name}-engine`,
      {
        clusterName,
        namespace,
        serviceAccount: name,
        policies: { store: engineStorePolicy(location, cache) },
        permissionsBoundary,
      },
      opts,
    );
    const job = source.kind === "hub" ? copy?.jobs[jobKey(source)] : undefined;
    return {
      weights: { kind: "s3", uri: pulumi.interpolate`s3://${bucket}/${location.prefix}` },
      compileCacheUri: pulumi.interpolate`s3://${store.bucket}/${cache.prefix}`,
      after: [role.association, ...(job === undefined ? [] : [job])],
    };
  };

  function createCopy(): ModelCopy | undefined {
    const sources = Object.values(own.config.models)
      .map(({ source }) => parseSource(source))
      .filter((source): source is HubSource => source.kind === "hub");
    const once = [...new Map(sources.map((source) => [jobKey(source), source])).values()];
    if (once.length === 0) return undefined;
    return new ModelCopy(
      "model-copy",
      { clusterName, namespace, store, sources: once, tokenSecret, permissionsBoundary },
      opts,
    );
  }

  function locationOf(source: ModelSource) {
    return source.kind === "hub"
      ? { bucketArn: store.arn, bucket: store.bucket, prefix: storePrefix(source) }
      : {
          bucketArn: pulumi.interpolate`arn:${own.partition}:s3:::${source.bucket}`,
          bucket: pulumi.output(source.bucket),
          prefix: source.prefix,
          kmsRegion: own.region,
        };
  }
}

const jobKey = ({ repository, revision }: HubSource) => `${repository}@${revision}`;
