import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { isProps, type Props, text, type Value } from "../aws/table";
import type { ObjectDifference } from "./diff";
import { holdsUnknown } from "./objects";

/*
 * The inputs of a Helm release as the official provider completes and compares them.
 */

/** Inputs that the double follows. */
const KNOWN = new Set([
  "chart",
  // The SDK's own mark.
  "compat",
  "createNamespace",
  "description",
  "maxHistory",
  "name",
  "namespace",
  "repositoryOpts",
  "skipAwait",
  "skipCrds",
  "timeout",
  "values",
  "version",
  // Says what to wait for; nothing is waited for here.
  "waitForJobs",
]);

/** What the official provider waits at most, in seconds, where the program says nothing. */
const DEFAULT_TIMEOUT = 300;

interface ReleaseCheck {
  readonly name: string;
  readonly seed: string;
  readonly old: Props;
  readonly given: Props;
  readonly defaultNamespace?: string;
  /** Folder that relative chart paths start from: that of the program's `main`. */
  readonly programDir: string;
}

export interface ChartMetadata {
  readonly name: string;
  readonly version: string;
}

export function completeRelease({ name, seed, old, given, defaultNamespace, programDir }: ReleaseCheck): {
  inputs: Props;
  failures: { property: string; reason: string }[];
} {
  const failures = Object.keys(given)
    .filter((input) => !KNOWN.has(input) && given[input] !== undefined)
    .map((property) => ({
      property,
      reason: `the kubernetes double does not know the input "${property}" of a Release: add it to release-inputs.ts`,
    }));
  const digits = createHash("sha256").update(seed).digest("hex").slice(0, 8);
  const inputs: Props = {
    ...given,
    name: text(given, "name") || text(old, "name") || `${name}-${digits}`,
    namespace: text(given, "namespace") || defaultNamespace || "default",
    ...(given.skipAwait === true || given.timeout !== undefined ? {} : { timeout: DEFAULT_TIMEOUT }),
  };
  if (isThirdParty(given) || holdsUnknown(given.chart)) return { inputs, failures };
  try {
    // By its version alone the official provider sees that a chart on disk is another.
    return { inputs: { ...inputs, version: localChart(programDir, text(given, "chart")).version }, failures };
  } catch (error) {
    return { inputs, failures: [...failures, { property: "chart", reason: (error as Error).message }] };
  }
}

/** From a repository or registry, not from a folder. */
export const isThirdParty = (inputs: Props) =>
  text(inputs, "repositoryOpts.repo") !== "" || text(inputs, "chart").startsWith("oci://");

export const chartFolder = (programDir: string, chart: string) => (isAbsolute(chart) ? chart : join(programDir, chart));

/** @throws where there is no chart, with the folder that was looked at. */
export function localChart(programDir: string, chart: string): ChartMetadata {
  const folder = chartFolder(programDir, chart);
  const file = join(folder, "Chart.yaml");
  if (!existsSync(folder) || !statSync(folder).isDirectory() || !existsSync(file)) {
    throw new Error(
      `chart "${chart}" has no repository, and there is no ${file}: relative paths start from the folder of the program's main`,
    );
  }
  const { name, version } = parse(readFileSync(file, "utf8"));
  return { name, version };
}

/** The name of a chart without the registry it lies in. */
export const chartName = (inputs: Props) => text(inputs, "chart").split("/").at(-1) ?? "";

/** A release moves by name or namespace into another; everything else is an upgrade. */
export function releaseDifference(old: Props, now: Props): ObjectDifference {
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((key) => key !== "compat");
  const changed = keys.filter((key) => !alike(old[key], now[key]) || holdsUnknown(now[key])).sort();
  // Not first deleted: the official provider's own way.
  return { changed, replaces: changed.filter((key) => key === "name" || key === "namespace"), deleteFirst: false };
}

/** Nothing, false and an empty structure are one: the official provider does not keep them apart. */
function alike(old: Value, now: Value): boolean {
  const empty = (value: Value) =>
    value === undefined || value === null || value === false || (isProps(value) && Object.keys(value).length === 0);
  return isDeepStrictEqual(old, now) || (empty(old) && empty(now));
}
