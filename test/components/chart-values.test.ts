import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Autoscaling } from "../../components/autoscaling";
import { GpuDriver } from "../../components/gpu-driver";
import { Karpenter } from "../../components/karpenter";
import { LoadBalancerController } from "../../components/load-balancer-controller";
import { SYSTEM_NODES } from "../../components/scheduling";
import { type ChartName, charts } from "../../components/versions";
import { type Registered, register } from "../harness";

/*
 * Helm ignores a value that no template reads, so a misspelt one is silently off. test/data/chart-NAME-VERSION.txt lists the
 * values whose effect was seen: each was changed alone and the chart rendered again. A value that is not in the list of the
 * pinned version fails here, and so does a new version, whose list does not exist yet.
 */

const DATA = join(__dirname, "..", "data");
const FACTS = Object.keys(charts).filter((name) => name !== "karpenter-crd") as ChartName[];

/** Value paths of one chart version that are known to have an effect, or an error that says how to find them. */
function checkedPaths(chart: string, version: string): string[] {
  const name = `chart-${chart}-${version}.txt`;
  if (!existsSync(join(DATA, name)))
    throw new Error(
      `test/data/${name} is missing: the values were never checked against ${chart} ${version}; change each value alone, ` +
        "render the chart before and after, and write down what changed (the other chart files show the form)",
    );
  return lines(name).map((line) => line.split("\t")[0] ?? "");
}

const lines = (name: string): string[] =>
  readFileSync(join(DATA, name), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

/** `a.b.c` for every value. A list is one value, and so is a node selector: its keys are labels of ours. */
function valuePaths(values: unknown, path: readonly string[] = []): string[] {
  const leaf = typeof values !== "object" || values === null || Array.isArray(values) || path.at(-1) === "nodeSelector";
  if (leaf) return [path.join(".")];
  return Object.entries(values).flatMap(([key, value]) => valuePaths(value, [...path, key]));
}

const place = { partition: "aws", region: "us-east-1", accountId: "123456789012", clusterName: "kit", after: [] };

/** Every release of a third-party chart, in each form that a stack can give it. */
async function releases(): Promise<Registered[]> {
  const karpenter = { ...place, clusterEndpoint: "https://cluster.example", nodeRoleArn: "arn:aws:iam::1:role/node" };
  const seen = await register(() => {
    new Karpenter("karpenter", { ...karpenter, replicas: 2 });
    new LoadBalancerController("balancer", { ...place, vpcId: "vpc-1", replicas: 2 });
    new Autoscaling("own", { replicas: 2, nodeSelector: SYSTEM_NODES, after: [] });
    const alerts = { ...place, stack: "kit", topicArn: "arn:aws:sns:us-east-1:1:topic", keyArn: "arn:aws:kms:::key/1" };
    new Autoscaling("telling", { replicas: 2, nodeSelector: SYSTEM_NODES, alerts, after: [] });
    new Autoscaling("adopted", { replicas: 1, nodeSelector: {}, after: [] });
    new GpuDriver("image", { driver: { from: "ami" }, after: [] });
    new GpuDriver("operator", { driver: { from: "operator", version: "580.159.03" }, after: [] });
  });
  return seen.filter(({ type }) => type === "kubernetes:helm.sh/v3:Release");
}

/** Paths of all values that the releases of a chart have, each once, sorted. */
async function pathsInUse(chart: string): Promise<string[]> {
  const values = (await releases()).filter(({ inputs }) => inputs.name === chart).map(({ inputs }) => inputs.values);
  return [...new Set(values.flatMap((each) => valuePaths(each)))].sort();
}

describe("values of third-party charts", () => {
  test.each(FACTS)("%s reads every value, at the version of the table", async (chart) => {
    expect(await pathsInUse(chart)).toEqual(checkedPaths(chart, charts[chart].version).sort());
  });

  test("these are all charts of the table, and Karpenter's CRDs take no value", async () => {
    const seen = await releases();
    expect([...new Set(seen.map(({ inputs }) => inputs.name))].sort()).toEqual(Object.keys(charts).sort());
    expect(seen.find(({ inputs }) => inputs.name === "karpenter-crd")?.inputs.values).toEqual({});
  });

  test.each(FACTS)("the list of %s says where it was read, and for each value what it changes", (chart) => {
    const { version, source } = charts[chart];
    const name = `chart-${chart}-${version}.txt`;
    const header = readFileSync(join(DATA, name), "utf8").split("\n")[0] ?? "";
    expect(header).toContain(`# ${chart} ${version}: `);
    expect(header).toContain(`Source: ${source.split(",")[0]}`);
    for (const line of lines(name))
      expect(line).toMatch(/^\S+\t(charts\/[\w-]+\/)?templates\/[\w./-]+\.yaml( \(and \d+ more\))?\t\S.+$/);
    expect(lines(name)).toEqual([...new Set(lines(name))].sort());
  });

  test("a misspelt value is in no list, and a version that nobody checked has none", () => {
    expect(valuePaths({ operator: { replicas: 2 }, nodeSelector: { a: "b" }, tolerations: [{ key: "x" }] })).toEqual([
      "operator.replicas",
      "nodeSelector",
      "tolerations",
    ]);
    expect(checkedPaths("keda", "2.20.2")).not.toContain("operator.replicas");
    expect(() => checkedPaths("keda", "9.9.9")).toThrow(
      "test/data/chart-keda-9.9.9.txt is missing: the values were never checked against keda 9.9.9",
    );
  });
});
