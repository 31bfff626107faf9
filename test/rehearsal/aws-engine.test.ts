import { join } from "node:path";
import * as aws from "@pulumi/aws";
import { version as kubernetes } from "@pulumi/kubernetes/package.json";
import type { Stack } from "@pulumi/pulumi/automation";
import { LocalWorkspace } from "@pulumi/pulumi/automation";
import { version as random } from "@pulumi/random/package.json";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { findLeaks } from "../../rehearsal/checks";
import { seedOf } from "../../rehearsal/doubles/aws";
import { at } from "../../rehearsal/doubles/aws/table";
import { TABLE } from "../../rehearsal/doubles/aws/tables";
import { installed } from "../../rehearsal/workspace";
import { onOwnCluster } from "../../stacks/aws";
import { stackSchema } from "../../stacks/config";
import { readStackFile } from "../../stacks/stack-file";
import { type AwsStage, startStage, tools } from "./aws-stage";
import { type InState, TAGGED_TYPES, tagsInAws } from "./aws-tags";
import { serveEcho } from "./echo-double";

/*
 * Everything the kit makes in AWS, for the prod stack with steady nodes beside, on the real engine against the double.
 * Kubernetes and random are echoes here: what they do is proved elsewhere.
 */

// A component of the Kubernetes plugin itself, which an echo cannot make.
vi.mock("../../components/inference-crds", () => ({
  InferenceCrds: class {
    ready = [];
  },
}));

/** The code of the guard, which a test changes; how the real one is made is proved elsewhere. */
const guardCode = vi.hoisted(() => ({ text: "exports.handler = async () => {};" }));
vi.mock("../../components/guard-bundle", async () => {
  const { asset } = await import("@pulumi/pulumi");
  return {
    GUARD_HANDLER: "index.handler",
    guardArchive: () => new asset.AssetArchive({ "index.js": new asset.StringAsset(guardCode.text) }),
  };
});

const PASSWORD = "Zt4mWq8RvK2xYp6LdN9sHb3JfC7gTe5a";
const settings = readStackFile("prod").config as Record<string, object>;
const steady = readStackFile("rehearsal").config as Record<string, object>;

let stage: AwsStage;
let stack: Stack;
let steadyGpu = "h100";
let tags: Record<string, string> = { environment: "prod" };
const echoes: { close(): Promise<void> }[] = [];

async function program() {
  // By the default provider, which has the region of the stack and no tags.
  const { names } = await aws.eks.getClusters();
  const raw = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [key.replace("pilotlight:", ""), value]),
  );
  const { "aws:region": _, ...read } = raw;
  const pools = { ...raw.gpuPools, steady: { ...Object(steady["pilotlight:gpuPools"]).steady, gpu: steadyGpu } };
  const config = stackSchema.parse({ ...read, gpuPools: pools, tags });
  onOwnCluster(config as Parameters<typeof onOwnCluster>[0], "pilotlight-prod", "us-east-1");
  return { clusters: names };
}

beforeAll(async () => {
  stage = await startStage();
  await stage.aws.seed(seedOf(settings));
  const hostname = "k8s-llm-1.us-east-1.elb.amazonaws.com";
  const cluster = await serveEcho(kubernetes, {
    "kubernetes:networking.k8s.io/v1:Ingress": { status: { loadBalancer: { ingress: [{ hostname }] } } },
  });
  const passwords = await serveEcho(random, { "random:index/randomPassword:RandomPassword": { result: PASSWORD } });
  echoes.push(cluster, passwords);
  const { pulumi } = await tools("pulumi");
  const workspace = {
    // One that it makes itself would stay.
    workDir: stage.dir,
    pulumiCommand: await installed(pulumi, stage.dir),
    envVars: {
      PULUMI_DEBUG_PROVIDERS: `aws:${stage.aws.port},kubernetes:${cluster.port},random:${passwords.port}`,
      PULUMI_BACKEND_URL: `file://${stage.dir}`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_HOME: join(stage.dir, "pulumi-home"),
      PULUMI_SKIP_UPDATE_CHECK: "true",
    },
  };
  stack = await LocalWorkspace.createOrSelectStack(
    { stackName: "prod", projectName: "pilotlight", program },
    workspace,
  );
  await stack.setConfig("aws:region", { value: "us-east-1" });
});

afterAll(async () => {
  for (const echo of echoes) await echo.close();
  await stage?.close();
});

/** Resources of AWS in the state that take tags. */
async function tagged(): Promise<InState[]> {
  const { deployment } = await stack.exportStack();
  return (deployment.resources as InState[]).filter(({ type }) => TABLE[type]?.tags !== undefined);
}

const identities = (resources: InState[]) => resources.map(({ urn, id }) => `${urn} ${id}`).sort();

async function expectTags(wanted: Record<string, string>) {
  const resources = await tagged();
  expect([...new Set(resources.map(({ type }) => type))].sort()).toEqual(TAGGED_TYPES);
  const wrong = [];
  for (const one of resources) {
    const found = await tagsInAws(stage, one);
    const { Name, ...rest } = found;
    if (JSON.stringify(Object.entries(rest).sort()) !== JSON.stringify(Object.entries(wanted).sort()))
      wrong.push({ urn: one.urn, found });
  }
  expect(wrong).toEqual([]);
}

test("a preview makes nothing", async () => {
  const { changeSummary } = await stack.preview();
  expect(Object.keys(changeSummary)).toEqual(["create"]);
  expect(await stage.aws.leftovers()).toEqual({ left: [], allowed: [] });
});

test("up makes everything, and everything carries the default tags in AWS", async () => {
  const { summary, outputs } = await stack.up();
  expect(Object.keys(summary.resourceChanges ?? {})).toEqual(["create"]);
  expect(outputs.clusters?.value).toEqual([]);
  await expectTags({ environment: "prod", "pilotlight:stack": "pilotlight-prod" });
});

test("up again changes nothing, and a refresh finds nothing changed", async () => {
  const again = await stack.up();
  expect(Object.keys(again.summary.resourceChanges ?? {})).toEqual(["same"]);
  expect(again.outputs.clusters?.value).toEqual(["pilotlight-prod"]);
  const refresh = await stack.refresh();
  expect(Object.keys(refresh.summary.resourceChanges ?? {})).toEqual(["same"]);
});

test("what the guard keeps in its state outlives an up and a refresh", async () => {
  const Name = "/pilotlight/pilotlight-prod/spend-guard";
  const kept = '{"leaseUntil":"2026-11-25T12:00:00.000Z"}';
  await stage.call("ssm", "PutParameter", { Name, Value: kept, Type: "String", Overwrite: true });
  const value = async () => at(await stage.call("ssm", "GetParameter", { Name }), "Parameter.Value");
  expect(Object.keys((await stack.up()).summary.resourceChanges ?? {})).toEqual(["same"]);
  expect(await value()).toBe(kept);
  await stack.refresh();
  expect(Object.keys((await stack.up()).summary.resourceChanges ?? {})).toEqual(["same"]);
  expect(await value()).toBe(kept);
});

test("a changed guard is one update: of its function, whose code is then the new one", async () => {
  const FunctionName = "pilotlight-prod-spend-guard";
  const digest = async () =>
    at(await stage.call("lambda", "GetFunction", { FunctionName }), "Configuration.CodeSha256");
  const before = await digest();
  guardCode.text = "exports.handler = async () => 1;";
  const from = stage.notes.length;
  const { summary } = await stack.up();
  expect(summary.resourceChanges?.update).toBe(1);
  expect(Object.keys(summary.resourceChanges ?? {}).sort()).toEqual(["same", "update"]);
  expect(stage.notes.slice(from).filter((note) => note.startsWith("update"))).toEqual([
    "update aws:lambda/function:Function spend-guard code",
  ]);
  expect(await digest()).not.toBe(before);
});

test("other default tags update every resource in place, in AWS too", async () => {
  tags = { team: "ml" };
  const before = await tagged();
  const { summary } = await stack.up();
  expect(Object.keys(summary.resourceChanges ?? {}).sort()).toEqual(["same", "update"]);
  expect(identities(await tagged())).toEqual(identities(before));
  await expectTags({ team: "ml", "pilotlight:stack": "pilotlight-prod" });
});

test("what AWS cannot change in place is replaced, under another name, before the old one goes", async () => {
  const nodes = async () => (await tagged()).filter(({ urn }) => /NodeGroup::.*steady/.test(urn)).map(({ id }) => id);
  const [before] = await nodes();
  steadyGpu = "l40s";
  const from = stage.notes.length;
  await stack.up();
  const after = await nodes();
  expect(after).toHaveLength(1);
  expect(after[0]).not.toBe(before);
  const steps = stage.notes.slice(from).filter((note) => note.includes("NodeGroup"));
  expect(steps.map((note) => note.split(" ")[0])).toEqual(["create", "delete"]);
});

test("the password of the database stands nowhere in plain text: state, backups of it, logs, notes", () => {
  expect(findLeaks([stage.dir], { password: PASSWORD })).toEqual([]);
  // The search itself finds what is there.
  expect(findLeaks([stage.dir], { cluster: "pilotlight-prod" })).not.toEqual([]);
  expect(stage.notes.join("\n")).not.toContain(PASSWORD);
});

test("destroy leaves nothing but what AWS keeps for a while", async () => {
  const { summary } = await stack.destroy();
  expect(Object.keys(summary.resourceChanges ?? {})).toEqual(["delete"]);
  const { left, allowed } = await stage.aws.leftovers();
  expect(left).toEqual([]);
  expect(allowed.map(({ kind }) => kind).sort()).toEqual(
    // The keys of the cluster's secrets and of the alarm topic.
    ["KMS key pending deletion", "KMS key pending deletion", "automated database backup"].sort(),
  );
});
