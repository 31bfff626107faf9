import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Props } from "../../rehearsal/doubles/aws/table";
import { balancerName } from "../../rehearsal/doubles/kubernetes/controllers";
import { completeObject, kindOfType } from "../../rehearsal/doubles/kubernetes/inputs";
import { completeRelease, releaseDifference } from "../../rehearsal/doubles/kubernetes/release-inputs";

describe("a type token", () => {
  test.each([
    ["kubernetes:core/v1:Secret", { apiVersion: "v1", kind: "Secret" }],
    ["kubernetes:batch/v1:Job", { apiVersion: "batch/v1", kind: "Job" }],
    ["kubernetes:karpenter.sh/v1:NodePool", { apiVersion: "karpenter.sh/v1", kind: "NodePool" }],
  ])("%s names its kind", (type, kind) => {
    expect(kindOfType(type)).toEqual(kind);
  });

  test.each([
    "kubernetes:helm.sh/v3:Chart",
    "kubernetes:helm.sh/v4:Chart",
    "kubernetes:yaml:ConfigFile",
    "kubernetes:kustomize/v2:Directory",
    "kubernetes:core/v1:NamespacePatch",
    "kubernetes:core/v1:ConfigMapList",
    "aws:s3/bucket:Bucket",
  ])("%s is refused", (type) => {
    expect(() => kindOfType(type)).toThrow(`the kubernetes double does not know the resource type "${type}"`);
  });
});

describe("an object's name", () => {
  const check = (given: Props, old: Props = {}, seed = "seed", defaultNamespace?: string) =>
    completeObject({
      type: "kubernetes:core/v1:ConfigMap",
      name: "file",
      seed,
      old,
      given,
      defaultNamespace,
      namespaced: true,
    });

  test("is kept where the program gives one", () => {
    expect(check({ metadata: { name: "own" }, data: { a: "1" } })).toEqual({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "own" },
      data: { a: "1" },
    });
  });

  test("is made up once, by the seed", () => {
    const made = check({ metadata: { namespace: "team" } });
    expect(made.metadata).toEqual({
      namespace: "team",
      name: expect.stringMatching(/^file-[0-9a-f]{8}$/),
      annotations: { "pulumi.com/autonamed": "true" },
    });
    expect(check({ metadata: { namespace: "team" } })).toEqual(made);
    expect(check({ metadata: { namespace: "team" } }, {}, "another")).not.toEqual(made);
    expect(check({ metadata: { namespace: "team" } }, made, "another")).toEqual(made);
  });

  test("comes with the provider's namespace where there is none", () => {
    expect(check({ metadata: { name: "own" } }, {}, "seed", "team").metadata).toEqual({
      name: "own",
      namespace: "team",
    });
    expect(check({ metadata: { name: "own", namespace: "a" } }, {}, "seed", "team").metadata).toEqual({
      name: "own",
      namespace: "a",
    });
  });
});

describe("a release", () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "pilotlight-test-"));
    mkdirSync(join(dir, "charts", "own"), { recursive: true });
    writeFileSync(join(dir, "charts", "own", "Chart.yaml"), "apiVersion: v2\nname: own\nversion: 0.3.1\n");
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const check = (given: Props, old: Props = {}) =>
    completeRelease({ name: "model", seed: "seed", old, given, programDir: join(dir, "stacks") });

  test("of our own chart has the chart's version", () => {
    expect(check({ chart: "../charts/own", name: "m", namespace: "n", skipAwait: true, values: { a: 1 } })).toEqual({
      inputs: {
        chart: "../charts/own",
        name: "m",
        namespace: "n",
        skipAwait: true,
        values: { a: 1 },
        version: "0.3.1",
      },
      failures: [],
    });
  });

  test("gets name, namespace and timeout where they are missing, and keeps the name", () => {
    const { inputs } = check({ chart: "oci://example.test/x", version: "1.0.0" });
    expect(inputs).toEqual({
      chart: "oci://example.test/x",
      version: "1.0.0",
      name: expect.stringMatching(/^model-[0-9a-f]{8}$/),
      namespace: "default",
      timeout: 300,
    });
    expect(check({ chart: "oci://example.test/x", version: "1.0.0" }, { name: "kept" }).inputs.name).toBe("kept");
  });

  test("of a chart that is not there is refused with the place", () => {
    const place = join(dir, "charts", "none", "Chart.yaml");
    expect(check({ chart: "../charts/none" }).failures).toEqual([
      {
        property: "chart",
        reason: `chart "../charts/none" has no repository, and there is no ${place}: relative paths start from the folder of the program's main`,
      },
    ]);
  });

  test("with an input that the double does not follow is refused", () => {
    expect(check({ chart: "../charts/own", postrender: "sed" }).failures).toEqual([
      {
        property: "postrender",
        reason: 'the kubernetes double does not know the input "postrender" of a Release: add it to release-inputs.ts',
      },
    ]);
  });

  test.each<[string, Props, string[], string[]]>([
    ["nothing", {}, [], []],
    ["false for nothing", { skipCrds: false }, [], []],
    ["a value", { values: { a: 2 } }, ["values"], []],
    ["a version", { version: "2" }, ["version"], []],
    ["a name", { name: "o" }, ["name"], ["name"]],
    ["a namespace", { namespace: "o" }, ["namespace"], ["namespace"]],
    ["what is not known yet", { values: { a: { b: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" } } }, ["values"], []],
  ])("with %s changed", (_, change, changed, replaces) => {
    const old = { name: "m", namespace: "n", version: "1", values: { a: 1 } };
    expect(releaseDifference(old, { ...old, ...change })).toEqual({ changed, replaces, deleteFirst: false });
  });
});

test("a load balancer is named as AWS names it, by the Ingress alone", () => {
  const ingress = { metadata: { namespace: "inference", name: "endpoint-x" } };
  const name = balancerName(ingress, "eu-west-1");
  expect(name).toMatch(/^k8s-inferenc-endpoint-[0-9a-f]{10}-\d{1,10}\.eu-west-1\.elb\.amazonaws\.com$/);
  expect(balancerName(ingress, "eu-west-1")).toBe(name);
});
