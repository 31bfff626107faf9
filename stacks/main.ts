import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { ConfigError } from "../components/errors";
import { onAdoptedCluster } from "./adopted";
import { onOwnCluster } from "./aws";
import type { AdoptedStack, OwnStack } from "./config";
import { readStack } from "./config-running";
import { costOf } from "./expectations";
import { describeModels, tryIt } from "./models";
import { preflight } from "./preflight";
import { spendOf } from "./spend";

/*
 * The program that `pulumi up` runs: settings in, a cluster with models on it, outputs out.
 */

export = async () => {
  const stackName = `${pulumi.getProject()}-${pulumi.getStack()}`;
  const today = new Date().toISOString().slice(0, 10);
  const config = await readStack(today, () => clusterExists(stackName));
  // The rules have seen to it that a cluster of the kit's own has one.
  const region = new pulumi.Config("aws").get("region") ?? "";
  if (!("adopt" in config.cluster)) await preflight(config as OwnStack, region, stackName);
  const made =
    "adopt" in config.cluster
      ? onAdoptedCluster(config as AdoptedStack)
      : onOwnCluster(config as OwnStack, stackName, region);
  return {
    /** Base URL for OpenAI clients, ending in /v1. */
    endpoint: made.endpoint,
    /** Secret: an ordinary key of the gateway. */
    apiKey: made.apiKey,
    /** Secret: the keys of `gateway.keys` by name; nothing where none is named. */
    apiKeys: made.apiKeys,
    /** Where each model may run, how many replicas, and how long a request waits for one that sleeps. */
    models: describeModels(config),
    /** US dollars an hour, asleep and at most; nothing for an adopted cluster. */
    cost: costOf(config, today),
    /** When the spend guard switches GPUs off: US dollars an hour, and seconds of a lease; nothing for an adopted cluster. */
    spend: spendOf(config),
    /** Secret; an adopted cluster is reached by the context in the user's own kubeconfig. */
    kubeconfig: made.kubeconfig,
    /** Lines for a shell. */
    tryIt: tryIt(config, pulumi.getStack()),
  };
};

/** What the provider says when no credentials are set up at all; an expired session comes with the same words and more. */
const NO_CREDENTIALS = /no valid credential sources|no EC2 IMDS role found/i;

/** Without credentials there is no cluster that anybody could know of. */
async function clusterExists(clusterName: string): Promise<boolean> {
  try {
    return (await aws.eks.getClusters()).names.includes(clusterName);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    if (NO_CREDENTIALS.test(text) && !/expired/i.test(text)) return false;
    throw new ConfigError([
      {
        path: "cluster.kubernetes",
        message:
          "is no longer in standard support, which a cluster that exists already may keep; AWS did not say whether " +
          `${clusterName} exists (it takes credentials with eks:ListClusters): ${text}`,
      },
    ]);
  }
}
