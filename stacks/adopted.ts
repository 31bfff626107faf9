import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Alerts } from "../components/alerts";
import { Autoscaling } from "../components/autoscaling";
import { InferenceCrds } from "../components/inference-crds";
import type { Weights } from "../components/model-server";
import { INFERENCE_NAMESPACE, InferenceNamespace } from "../components/namespaces";
import { parseSource } from "../planner/source";
import type { AdoptedStack, ModelConfig } from "./config";
import { createHubToken } from "./hub-token";
import { longestHoldSeconds, serveModels } from "./models";
import { isEksPool, poolsOf } from "./pools";

/** What the kit makes for itself there does not meet the `monitoring` and `keda` of others. */
const NAMESPACE_PREFIX = "pilotlight-";

/**
 * Models, gateway and autoscaling on a cluster with GPU nodes and a device plugin that is there already. Nothing is made in
 * AWS, no node is scaled, and the endpoint is the gateway's Service. docs/adopt.md has what the cluster must not have.
 */
export function onAdoptedCluster(config: AdoptedStack) {
  const provider = new k8s.Provider("adopted", {
    context: config.cluster.adopt.context,
    enableServerSideApply: true,
  });
  const opts = { provider };

  const autoscaling = new Autoscaling(
    "autoscaling",
    { replicas: 1, nodeSelector: {}, namespacePrefix: NAMESPACE_PREFIX, after: [] },
    opts,
  );
  new Alerts(
    "alerts",
    {
      namespace: INFERENCE_NAMESPACE,
      longestHoldSeconds: longestHoldSeconds(config),
      emptyForSeconds: [],
      monitoringNamespace: autoscaling.monitoringNamespace,
      after: [autoscaling.prometheus],
    },
    opts,
  );
  const crds = new InferenceCrds("inference-crds", opts);
  const after = [...autoscaling.ready, ...crds.ready];
  const namespace = new InferenceNamespace("inference", { maxGpus: gpusWanted(config), after }, opts);
  const token = createHubToken(config, namespace.name, opts);
  const gateway = serveModels(
    {
      config,
      namespace: namespace.name,
      prometheusUrl: autoscaling.prometheusUrl,
      nodeSelector: {},
      homeOf: (_, model) => ({
        placement: { kind: "nodes", nodeSelector: nodeSelector(config, model) },
        weights: weights(model, token),
        region: new pulumi.Config("aws").get("region"),
        monitoringNamespace: autoscaling.monitoringNamespace,
        after: [namespace.quota, ...after],
      }),
    },
    opts,
  );
  return { endpoint: gateway.url, apiKey: gateway.apiKey, apiKeys: gateway.apiKeys, kubeconfig: undefined };
}

/** GPUs that all models together may use at most: of somebody else's nodes no more. */
const gpusWanted = ({ models }: AdoptedStack) =>
  Object.values(models).reduce((sum, model) => sum + model.replicas.max * model.gpusPerReplica, 0);

/** Labels of the model's pool; rules between settings have seen to it that there is one. */
function nodeSelector({ gpuPools }: AdoptedStack, model: ModelConfig): Readonly<Record<string, string>> {
  const [first] = poolsOf(model, gpuPools).map(([, pool]) => pool);
  return first !== undefined && !isEksPool(first) ? first.nodeSelector : {};
}

/** Straight from where they are: there is no bucket of the account's own to copy them to. */
function weights(model: ModelConfig, tokenSecret: pulumi.Output<string> | undefined): Weights {
  const source = parseSource(model.source);
  return source.kind === "s3"
    ? { kind: "s3", uri: `s3://${source.bucket}/${source.prefix}` }
    : { ...source, tokenSecret };
}
