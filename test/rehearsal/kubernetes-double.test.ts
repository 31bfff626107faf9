import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LocalWorkspace, type Stack, type UpResult } from "@pulumi/pulumi/automation";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { findLeaks } from "../../rehearsal/checks";
import { startKubernetes } from "../../rehearsal/doubles/kubernetes";
import { Api } from "../../rehearsal/doubles/kubernetes/api";
import { Objects } from "../../rehearsal/doubles/kubernetes/objects";
import { startRandom } from "../../rehearsal/doubles/random";
import type { Served } from "../../rehearsal/doubles/rpc";
import { follow, type Steps } from "../../rehearsal/progress";
import { programOn, SECRETS, settings } from "./kubernetes-program";
import { crd, type KubernetesStage, startKubernetesStage, writeChart } from "./kubernetes-stage";

/*
 * The life of every kind of resource the kit registers with the kubernetes and random providers: the real engine, the
 * doubles, a real API server, the real helm.
 */

let stage: KubernetesStage;
let stack: Stack;
let before: string[];
const served: Served[] = [];
const notes: string[] = [];

beforeAll(async () => {
  stage = await startKubernetesStage();
  const { dir, api: server, helm } = stage;
  const programDir = join(dir, "project", "stacks");
  writeChart(join(dir, "project", "charts", "local"), "0.1.0");
  mkdirSync(programDir);
  writeFileSync(join(dir, "gadget.yaml"), stringify(crd("Gadget", "others.test")));
  const kubernetes = await startKubernetes({
    server,
    helm,
    dir,
    chartCache: join(dir, "chart-cache"),
    programDir,
    crdsOf: async () => [join(dir, "gadget.yaml")],
    manifestOf: async () => stringify(crd("Widget")),
    note: (op, type, name, text) =>
      text !== undefined && notes.push(`${op} ${type.split(":").at(-1)} ${name}: ${text}`),
  });
  const passwords = await startRandom();
  served.push(kubernetes, passwords);
  before = await stage.objects.names();
  stack = await LocalWorkspace.createOrSelectStack(
    { stackName: "test", projectName: "kubernetes-double", program: programOn(stage.api) },
    {
      workDir: join(dir, "project"),
      pulumiCommand: stage.pulumiCommand,
      envVars: {
        PULUMI_DEBUG_PROVIDERS: `kubernetes:${kubernetes.port},random:${passwords.port}`,
        PULUMI_BACKEND_URL: `file://${mkState(dir)}`,
        PULUMI_CONFIG_PASSPHRASE: "test",
        PULUMI_HOME: join(dir, "pulumi-home"),
        PULUMI_SKIP_UPDATE_CHECK: "true",
      },
    },
  );
});

function mkState(dir: string): string {
  const state = join(dir, "state");
  mkdirSync(state);
  return state;
}

afterAll(async () => {
  for (const one of served) await one.close();
  await stage?.stop();
});

/** What the engine did, without the resources that stayed as they were. */
const changes = ({ changes: all }: Steps) => [...new Set(all)].filter((line) => !/^read|^refresh/.test(line)).sort();

async function up(): Promise<{ steps: Steps; outputs: UpResult["outputs"] }> {
  const { steps, onEvent } = follow(() => {});
  const { outputs } = await stack.up({ onEvent, color: "never" });
  return { steps, outputs };
}

const CREATED = [
  "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition crds:widgets.example.test",
  "kubernetes:batch/v1:Job job",
  "kubernetes:core/v1:ConfigMap file",
  "kubernetes:core/v1:Namespace team",
  "kubernetes:core/v1:ResourceQuota quota",
  "kubernetes:core/v1:Secret keys",
  "kubernetes:core/v1:ServiceAccount account",
  "kubernetes:example.test/v1:Widget widget",
  "kubernetes:helm.sh/v3:Release local",
  "kubernetes:helm.sh/v3:Release others",
  "kubernetes:networking.k8s.io/v1:Ingress door",
  "kubernetes:yaml/v2:ConfigFile crds",
  "pulumi:providers:kubernetes cluster",
  "pulumi:providers:random default",
  "random:index/randomPassword:RandomPassword made",
];

test("a preview creates everything and nothing is there after it", async () => {
  const { steps, onEvent } = follow(() => {});
  await stack.preview({ onEvent, color: "never" });
  expect(steps.errors).toEqual([]);
  expect(changes(steps).filter((line) => !line.includes("providers:"))).toEqual(
    CREATED.filter((line) => !line.includes("providers:")).map((line) => `create ${line}`),
  );
  expect(await stage.objects.names()).toEqual(before);
});

test("up makes all of it, with what controllers would add", async () => {
  const { steps, outputs } = await up();
  expect(changes(steps).filter((line) => !line.includes("providers:"))).toEqual(
    CREATED.filter((line) => !line.includes("providers:")).map((line) => `create ${line}`),
  );
  expect(outputs.file?.value).toMatch(/^file-[0-9a-f]{8}$/);
  expect(outputs.hostname?.value).toMatch(/^k8s-team-door-[0-9a-f]{10}-\d+\.eu-west-1\.elb\.amazonaws\.com$/);
  expect(outputs.succeeded?.value).toBe(1);
  expect(outputs.widget?.value).toBe("team/widget");
  expect(outputs.local?.value).toEqual({
    name: "local",
    namespace: "team",
    chart: "local",
    version: "0.1.0",
    appVersion: "9",
    revision: 1,
    status: "deployed",
  });
  expect(outputs.names?.value).toEqual({ "ConfigMap/v1": ["local"], "Secret/v1": ["local"] });
  expect(outputs.others?.value).toMatchObject({ name: expect.stringMatching(/^others-[0-9a-f]{8}$/), chart: "others" });
  expect(outputs.made).toEqual({ value: expect.stringMatching(/^[A-Za-z0-9]{40}$/), secret: true });
  expect(notes.sort()).toEqual([
    expect.stringMatching(/^create Ingress door: its load balancer k8s-team-door-/),
    "create Job job: its completion: no pod ran",
    "create Release others: installed as its 1 CRD; chart repository not reachable",
  ]);
  const there = await stage.objects.names();
  expect(there).toContain("CustomResourceDefinition gadgets.others.test");
  expect(there).toContain("Widget team/widget");
});

test("no secret is in the state in plain text, and each is in the cluster", async () => {
  const made = (await stack.outputs()).made?.value;
  expect(findLeaks([join(stage.dir, "state")], { ...SECRETS, made })).toEqual([]);
  const values = await stage.objects.secretValues();
  expect(values).toEqual({
    "team/keys/made": made,
    "team/keys/token": SECRETS.token,
    "team/local/password": SECRETS.password,
  });
});

test("up again changes nothing", async () => {
  const { steps } = await up();
  expect(changes(steps)).toEqual([]);
});

test("a refresh of what nobody has touched changes nothing", async () => {
  const { steps, onEvent } = follow(() => {});
  await stack.refresh({ onEvent, color: "never" });
  expect(changes(steps)).toEqual([]);
  expect(changes((await up()).steps)).toEqual([]);
});

test("what others have changed or deleted is put right", async () => {
  const api = new Api(stage.api);
  const objects = new Objects(api);
  const quota = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "quota", namespace: "team" } };
  await objects.apply({ ...quota, spec: { hard: { pods: "9" } } }, { manager: "somebody", force: true });
  await objects.remove({ ...quota, kind: "ServiceAccount", metadata: { name: "account", namespace: "team" } });
  await stack.refresh({ color: "never" });
  // A field that somebody has taken over is refused, as the official provider does.
  await expect(up()).rejects.toThrow(/conflict with "somebody"/);
  await objects.apply(quota, { manager: "somebody" });
  const { steps } = await up();
  expect(changes(steps)).toEqual(["update kubernetes:core/v1:ResourceQuota quota"]);
  expect(await stage.objects.names()).toContain("ServiceAccount team/account");
  api.close();
});

test("a change updates what can change and replaces what cannot", async () => {
  Object.assign(settings, { label: "two", data: "two", image: "busybox:2", size: 2, token: "tk-2222222222222222" });
  const { steps, outputs } = await up();
  expect(changes(steps)).toEqual([
    "create-replacement kubernetes:batch/v1:Job job",
    "create-replacement kubernetes:core/v1:ConfigMap file",
    "create-replacement kubernetes:core/v1:Secret keys",
    "delete-replaced kubernetes:batch/v1:Job job",
    "delete-replaced kubernetes:core/v1:ConfigMap file",
    "delete-replaced kubernetes:core/v1:Secret keys",
    "replace kubernetes:batch/v1:Job job",
    "replace kubernetes:core/v1:ConfigMap file",
    "replace kubernetes:core/v1:Secret keys",
    "update kubernetes:core/v1:Namespace team",
    "update kubernetes:helm.sh/v3:Release local",
  ]);
  expect(outputs.local?.value).toMatchObject({ revision: 2, status: "deployed" });
});

test("a chart of another version is an upgrade", async () => {
  writeChart(join(stage.dir, "project", "charts", "local"), "0.2.0");
  const { steps, outputs } = await up();
  expect(changes(steps)).toEqual(["update kubernetes:helm.sh/v3:Release local"]);
  expect(outputs.local?.value).toMatchObject({ revision: 3, version: "0.2.0" });
});

test("destroy leaves nothing", async () => {
  await stack.destroy({ color: "never" });
  expect((await stack.exportStack()).deployment.resources ?? []).toEqual([]);
  expect(await stage.objects.names()).toEqual(before);
});
