import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { type ChartName, type ChartVersion, charts } from "./versions";

export interface ThirdPartyChartArgs {
  /** Row of the version table. */
  chart: ChartName;
  namespace: pulumi.Input<string>;
  /** The chart's values. Its own types are unknown to us; test/components proves each file of values against the chart. */
  values: Record<string, unknown>;
  /** Leave out the CRDs in the chart's `crds/`, where another release brings them. */
  skipCrds?: boolean;
}

/** Images of these charts are small; ten minutes also cover a system node that is still starting. */
const TIMEOUT_SECONDS = 600;
/** Old revisions Helm keeps in the cluster, to look at after a failed upgrade. */
export const MAX_HISTORY = 5;

/**
 * Path of one of our own charts. Relative, so that the state is the same on every machine; from `stacks/`, because the
 * engine starts the program and its plugins in the folder of `main`.
 */
export const ownChart = (chart: "model-server" | "gateway") => `../charts/${chart}`;

/** A release of a third-party chart at the version of the table. It is named after the chart, so service names are known. */
export function thirdPartyChart(
  name: string,
  args: ThirdPartyChartArgs,
  opts: pulumi.CustomResourceOptions,
): k8s.helm.v3.Release {
  const { chart, repo, version }: ChartVersion = charts[args.chart];
  return new k8s.helm.v3.Release(
    name,
    {
      name: args.chart,
      chart,
      version,
      ...(repo === undefined ? {} : { repositoryOpts: { repo } }),
      namespace: args.namespace,
      values: args.values,
      skipCrds: args.skipCrds ?? false,
      timeout: TIMEOUT_SECONDS,
      maxHistory: MAX_HISTORY,
    },
    opts,
  );
}
