import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { kubeconfig as ownKubeconfig } from "../../components/kubeconfig";
import type { Props } from "../../rehearsal/doubles/aws/table";
import { Api } from "../../rehearsal/doubles/kubernetes/api";
import { Helm } from "../../rehearsal/doubles/kubernetes/helm";
import { configure } from "../../rehearsal/doubles/kubernetes/kubeconfig";
import { Objects } from "../../rehearsal/doubles/kubernetes/objects";
import { PlainObjects } from "../../rehearsal/doubles/kubernetes/plain";
import { Releases } from "../../rehearsal/doubles/kubernetes/release";
import { ThirdPartyCharts } from "../../rehearsal/doubles/kubernetes/third-party";
import { crd, type KubernetesStage, startKubernetesStage, writeChart } from "./kubernetes-stage";

/*
 * What the double refuses, and how it treats a chart whose repository answers; against a real API server and the real helm.
 */

let stage: KubernetesStage;
let api: Api;
let objects: Objects;
let plain: PlainObjects;
let releases: Releases;
let repository: Server;
let repo: string;

const configMap = (name: string, more: Props = {}): Props => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
  ...more,
});

beforeAll(async () => {
  stage = await startKubernetesStage();
  const { dir } = stage;
  api = new Api(stage.api);
  objects = new Objects(api);
  plain = new PlainObjects(api, objects);
  const helm = new Helm({ binary: stage.helm, server: stage.api, dir });
  // Braces as descriptions of real CRDs have them.
  const gadget = { ...crd("Gadget", "others.test") };
  const annotations = { note: 'a template such as {{ "{{ $labels.pod }}" }}' };
  writeFileSync(join(dir, "gadget.yaml"), stringify({ ...gadget, metadata: { ...gadget.metadata, annotations } }));
  writeFileSync(join(dir, "monitor.yaml"), stringify(crd("Monitor", "monitors.test")));
  const crdsOf = async (chart: string) => {
    if (chart === "known" || chart === "rival") return [join(dir, "gadget.yaml")];
    if (chart === "kube-prometheus-stack") return [join(dir, "monitor.yaml")];
    throw new Error(`no CRDs are known of the chart "${chart}"`);
  };
  const thirdParty = new ThirdPartyCharts(api, objects, helm, crdsOf, join(dir, "chart-cache"));
  releases = new Releases({ helm, objects, thirdParty, programDir: dir, dir });
  [repository, repo] = await serveRepository(dir);
});

afterAll(async () => {
  api?.close();
  repository?.close();
  await stage?.stop();
});

/** A chart repository on this machine with one chart, whose webhook would refuse every ConfigMap if nobody answered it. */
async function serveRepository(dir: string): Promise<[Server, string]> {
  const chart = join(dir, "real");
  writeChart(chart, "1.0.0");
  writeFileSync(join(chart, "Chart.yaml"), "apiVersion: v2\nname: real\nversion: 1.0.0\n");
  writeFileSync(join(chart, "templates", "webhook.yaml"), stringify(webhook));
  mkdirSync(join(chart, "crds"));
  writeFileSync(join(chart, "crds", "crd.yaml"), stringify(crd("Real", "real.test")));
  execFileSync(stage.helm, ["package", chart, "-d", dir], { env: { HOME: dir, PATH: process.env.PATH } });
  const server = createServer((request, response) => {
    const file = request.url === "/index.yaml" ? index : readFileSync(join(dir, "real-1.0.0.tgz"));
    response.end(file);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  const index = stringify({
    apiVersion: "v1",
    entries: { real: [{ apiVersion: "v2", name: "real", version: "1.0.0", urls: [`${url}/real-1.0.0.tgz`] }] },
  });
  return [server, url];
}

const webhook = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingWebhookConfiguration",
  metadata: { name: "real" },
  webhooks: [
    {
      name: "real.example.test",
      admissionReviewVersions: ["v1"],
      sideEffects: "None",
      failurePolicy: "Fail",
      clientConfig: { url: "https://127.0.0.1:1/none" },
      rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"] }],
    },
  ],
};

describe("plain objects", () => {
  test("an unknown field is refused, in a preview and in an update", async () => {
    const wrong = configMap("wrong", { dta: { a: "1" } });
    await expect(plain.create(wrong)).rejects.toThrow(/\.dta: field not declared in schema/);
    await expect(plain.plan(wrong)).rejects.toThrow(/\.dta: field not declared in schema/);
  });

  test("an unknown field of a custom resource is refused", async () => {
    await plain.create(crd("Strict"));
    const object = (spec: Props) => ({
      apiVersion: "example.test/v1",
      kind: "Strict",
      metadata: { name: "one", namespace: "default" },
      spec,
    });
    await expect(plain.create(object({ sise: 1 }))).rejects.toThrow(/spec\.sise/);
    await expect(plain.create(object({ size: "big" }))).rejects.toThrow(/spec\.size/);
    expect((await plain.create(object({ size: 1 }))).id).toBe("default/one");
    await plain.remove(crd("Strict"));
    expect(await plain.read(object({}))).toBeUndefined();
  });

  test("what exists already is not taken over", async () => {
    await objects.apply(configMap("theirs", { data: { a: "1" } }), { manager: "somebody" });
    await expect(plain.create(configMap("theirs"))).rejects.toThrow(
      'ConfigMap "default/theirs" exists already and is not ours',
    );
    expect(await plain.read(configMap("theirs"))).toMatchObject({ data: { a: "1" } });
    await plain.remove(configMap("theirs"));
    expect(await plain.read(configMap("theirs"))).toBeUndefined();
  });

  test("a kind that does not exist is told with what is missing", async () => {
    const lost = { apiVersion: "nowhere.test/v1", kind: "Lost", metadata: { name: "lost" } };
    expect(await plain.plan(lost)).toBe(lost);
    await expect(plain.create(lost)).rejects.toThrow(
      "the API server has no kind Lost in nowhere.test/v1: make sure that the CRD exists first (dependsOn)",
    );
  });

  test("a namespace goes with everything in it", async () => {
    const team = { apiVersion: "v1", kind: "Namespace", metadata: { name: "team" } };
    await plain.create(team);
    await plain.create(configMap("inside", { metadata: { name: "inside", namespace: "team" } }));
    expect(await plain.remove(team)).toEqual({
      text: "the namespace controller: deleted 1 objects that were left in it",
    });
    expect(await plain.read(team)).toBeUndefined();
  });

  test("what a finalizer keeps is told with the finalizer", { timeout: 90_000 }, async () => {
    const metadata = { name: "kept", namespace: "default", finalizers: ["example.test/hold"] };
    await plain.create(configMap("kept", { metadata }));
    await expect(plain.remove(configMap("kept"))).rejects.toThrow(
      'ConfigMap "default/kept" is still there after 30 s; its finalizers are ["example.test/hold"]',
    );
    await objects.apply(configMap("kept"), { manager: "pulumi-kubernetes" });
    await plain.remove(configMap("kept"));
  });
});

describe("releases", () => {
  const local = (name: string, chart: string): Props => ({ name, chart, namespace: "default", values: {} });

  test("a field that helm itself would pass on is refused, and no release is left", async () => {
    writeChart(join(stage.dir, "unknown-field"), "1.0.0", "inmutable: true");
    await expect(releases.create(local("wrong", "unknown-field"))).rejects.toThrow(
      /the API server refuses what the chart renders:\n {2}ConfigMap default\/wrong: .*\.inmutable: field not declared/,
    );
    expect(await releases.read(local("wrong", "unknown-field"))).toBeUndefined();
  });

  test("a name in use is refused, and its release stays", async () => {
    writeChart(join(stage.dir, "fine"), "1.0.0");
    await releases.create(local("taken", "fine"));
    await expect(releases.create(local("taken", "fine"))).rejects.toThrow(/reuse a name/);
    expect(await releases.read(local("taken", "fine"))).toMatchObject({ status: { status: "deployed" } });
    await releases.remove(local("taken", "fine"));
  });

  const others = (chart: string, more: Props = {}): Props => ({
    name: chart,
    chart,
    version: "1.0.0",
    namespace: "default",
    repositoryOpts: { repo: "https://charts.invalid" },
    values: {},
    ...more,
  });

  test("an unknown chart of others is refused", async () => {
    await expect(releases.create(others("unknown"))).rejects.toThrow('no CRDs are known of the chart "unknown"');
  });

  const GADGET = "CustomResourceDefinition gadgets.others.test";
  const MONITOR = "CustomResourceDefinition monitors.monitors.test";

  test("a CRD among the templates belongs to one release, and goes with it", async () => {
    expect((await releases.create(others("known"))).text).toBe(
      "installed as its 1 CRD; chart repository not reachable",
    );
    await expect(releases.create(others("rival"))).rejects.toThrow(
      /CustomResourceDefinition "gadgets\.others\.test" .*exists and cannot be imported .*"meta\.helm\.sh\/release-name" must equal "rival": current value is "known"/,
    );
    expect(await releases.read(others("rival"))).toBeUndefined();
    expect(await stage.objects.names()).toContain(GADGET);
    await releases.remove(others("known"));
    expect(await stage.objects.names()).not.toContain(GADGET);
    expect(releases.keptCrds).toEqual([]);
  });

  test("a CRD of a chart's folder `crds` stays, is told, and is taken as it is by the next release", async () => {
    const stack = others("kube-prometheus-stack");
    expect((await releases.create({ ...stack, skipCrds: true })).text).toBe(
      "only recorded, as it brings no CRDs; chart repository not reachable",
    );
    await releases.remove({ ...stack, skipCrds: true });
    expect(releases.keptCrds).toEqual([]);

    for (const name of ["first", "second"]) {
      await releases.create({ ...stack, name });
      await releases.update({ ...stack, name });
      await releases.remove({ ...stack, name });
      expect(await stage.objects.names()).toContain(MONITOR);
      expect(releases.keptCrds).toEqual(["monitors.monitors.test"]);
    }
  });

  test("a chart that can be had is installed, without what its pods would answer", async () => {
    const real = others("real", { repositoryOpts: { repo } });
    const { outs, text } = await releases.create(real);
    expect(text).toBe("the real chart, without pods and hooks, 1 webhooks and API services taken out");
    expect(outs.status).toMatchObject({ chart: "real", version: "1.0.0", revision: 1, status: "deployed" });
    // The webhook would have refused it.
    await plain.create(configMap("after"));
    await plain.remove(configMap("after"));
    expect((await releases.update(real)).outs.status).toMatchObject({ revision: 2 });
    await releases.remove(real);
    expect(await releases.read(real)).toBeUndefined();
    expect(releases.keptCrds).toContain("reals.real.test");
    expect(await stage.objects.names()).toContain("CustomResourceDefinition reals.real.test");
  });

  test("a chart that a repository does not have is an error, not a lack of a network", async () => {
    await expect(releases.create(others("missing", { repositoryOpts: { repo } }))).rejects.toThrow(/not found/);
  });
});

test("the kubeconfig that the program writes leads to the stage's server", () => {
  const { url, caData } = stage.api;
  const access = { clusterName: "c", region: "eu-west-1", endpoint: url, certificateAuthority: caData };
  expect(configure({ kubeconfig: ownKubeconfig(access) }, stage.api).region).toBe("eu-west-1");
});
