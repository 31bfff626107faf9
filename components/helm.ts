import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
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
const MAX_HISTORY = 5;
const OWN_CHARTS = join(__dirname, "..", "charts");

type OwnChart = "model-server" | "gateway";

export interface OwnChartArgs {
  chart: OwnChart;
  /** Name of the release. */
  name: string;
  namespace: pulumi.Input<string>;
  values: Record<string, unknown>;
  timeout?: number;
  /** Leave it to others to find out whether its pods start. */
  skipAwait?: boolean;
  waitForJobs?: boolean;
}

/** A release of one of our own charts. */
export function ownChart(
  resourceName: string,
  { chart, ...args }: OwnChartArgs,
  opts: pulumi.CustomResourceOptions,
): k8s.helm.v3.Release {
  return new k8s.helm.v3.Release(
    resourceName,
    {
      // Relative, so that the state is the same on every machine; from `stacks/`, because the engine starts the program
      // and its plugins in the folder of `main`.
      chart: `../charts/${chart}`,
      // The provider looks at the version in Chart.yaml alone, and would not see that a template has changed.
      description: `chart files ${digestOf(join(OWN_CHARTS, chart))}`,
      maxHistory: MAX_HISTORY,
      ...args,
    },
    opts,
  );
}

/** Changes with any file of the folder: its name or its contents. */
export function digestOf(folder: string): string {
  const hash = createHash("sha256");
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => relative(folder, join(parentPath, name)));
  for (const path of paths.sort()) {
    const contents = createHash("sha256")
      .update(readFileSync(join(folder, path)))
      .digest("hex");
    hash.update(`${path.replaceAll("\\", "/")} ${contents}\n`);
  }
  return hash.digest("hex").slice(0, 12);
}

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
