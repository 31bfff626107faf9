import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rehearse } from "../../rehearsal/rehearse";
import { summary } from "../../rehearsal/report";
import { createStack } from "../../rehearsal/workspace";
import program from "../../stacks/main";
import { crd } from "./kubernetes-stage";
import { startTestStage, type TestStage } from "./stage";

let on: TestStage;
beforeAll(async () => {
  on = await startTestStage();
});
afterAll(async () => on?.stop());

const settings = (context: string) => ({
  "pilotlight:cluster": { adopt: { context } },
  "pilotlight:gpuPools": {
    mine: { gpu: "h100", nodeSelector: { node: "dgx" }, allocatable: { cpu: 24, memory: "200Gi" } },
  },
  "pilotlight:models": {
    qwen: {
      source: "hf://Qwen/Qwen3-8B@b968826d9c46dd6066d109eabc6255188de91218",
      contextLength: "32k",
      gpu: "h100",
    },
  },
});
/** The context that the stage's own kubeconfig has. */
const HERE = settings("rehearsal");

function folder(name: string): string {
  const dir = join(on.dir, name);
  mkdirSync(dir);
  return dir;
}

const stackWith = (name: string, config: Record<string, unknown>) =>
  createStack({
    dir: folder(name),
    pulumi: on.equipment.pulumi,
    stackName: name,
    config,
    program,
    env: on.stage.env,
  });

/** Errors that the engine tells while `work` fails. */
async function errorsOf(work: (onEvent: (event: EngineEvent) => void) => Promise<unknown>): Promise<string> {
  const told: string[] = [];
  const onEvent = ({ diagnosticEvent }: EngineEvent) => {
    if (diagnosticEvent?.severity === "error") told.push(diagnosticEvent.message);
  };
  await expect(work(onEvent)).rejects.toThrow();
  return told.join("\n");
}

/** Objects as somebody else has them in the cluster. */
const theirs = (...objects: object[]) =>
  on.kubectl(["create", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
const namespace = (name: string) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } });

test("beside the namespaces of others: a whole life; helm's CRDs stay, and nothing is asked of AWS", async () => {
  theirs(namespace("monitoring"), namespace("keda"));
  let policies: { metadata: { name: string }; spec: unknown }[] = [];
  const report = await rehearse({
    stackName: "adopted",
    config: HERE,
    stage: on.stage,
    tools: on.equipment,
    dir: folder("adopted"),
    say: (line) => {
      // The first `up` is done.
      if (line === "up again …")
        policies = JSON.parse(on.kubectl(["-n", "inference", "get", "networkpolicies", "-o", "json"])).items;
    },
    signal: new AbortController().signal,
  });
  const ofModel = policies.filter(({ metadata }) => metadata.name.startsWith("qwen"));
  expect(ofModel).toHaveLength(2);
  for (const { spec } of ofModel)
    expect(JSON.stringify(spec)).toContain('{"matchLabels":{"kubernetes.io/metadata.name":"pilotlight-monitoring"}}');

  expect(report.notes.filter(({ provider, op }) => provider === "aws" && op !== "invoke")).toEqual([]);
  expect(report.objects).toMatchObject({ Namespace: 3, ScaledObject: 1 });
  const kinds = "alertmanagerconfigs alertmanagers podmonitors probes prometheusagents prometheuses prometheusrules";
  expect(report.kept).toEqual(
    `${kinds} scrapeconfigs servicemonitors thanosrulers`.split(" ").map((kind) => `${kind}.monitoring.coreos.com`),
  );
  const lines = summary(report);
  expect(lines).toContain("  simulated: AWS, of which nothing was made");
  expect(lines).toContain(
    "  left by helm on purpose: 10 CRDs from the charts' crds folders; docs/adopt.md says how to remove them",
  );
});

test("a KEDA of somebody else is told by its CRD and its release, and stays as it is", async () => {
  const metadata = {
    name: "scaledobjects.keda.sh",
    labels: { "app.kubernetes.io/managed-by": "Helm" },
    annotations: { "meta.helm.sh/release-name": "keda", "meta.helm.sh/release-namespace": "keda" },
  };
  theirs({ ...crd("ScaledObject", "keda.sh"), metadata });
  const before = new Set(await on.stage.objects.names());
  const stack = await stackWith("second-keda", HERE);
  const told = await errorsOf((onEvent) => stack.up({ onEvent, color: "never" }));
  expect(told).toMatch(
    /autoscaling-keda.*"scaledobjects\.keda\.sh" .*exists and cannot be imported into the current release.*"pilotlight-keda": current value is "keda"/,
  );
  await stack.destroy({ color: "never" });
  expect(await on.newObjects(before)).toEqual([]);
  const left = JSON.parse(on.kubectl(["get", "crd", metadata.name, "-o", "json"]));
  expect(left.metadata.annotations).toEqual(metadata.annotations);
  on.kubectl(["delete", "crd", metadata.name]);
});

test("a rehearsal whose destroy is cut off says that it was, not that something is left behind", async () => {
  const cut = new AbortController();
  const reason = new Error("Ctrl-C");
  const rehearsal = rehearse({
    stackName: "cut-off",
    config: HERE,
    stage: on.stage,
    tools: on.equipment,
    dir: folder("cut-off"),
    say: (line) => {
      if (line !== "destroy …") return;
      // Once the engine has begun, it calls what it did a success.
      const isDeleting = () => on.stage.notes.slice(before).some(({ op }) => op === "delete");
      const before = on.stage.notes.length;
      const timer = setInterval(() => {
        if (!isDeleting()) return;
        clearInterval(timer);
        cut.abort(reason);
      }, 10);
    },
    signal: cut.signal,
  });
  await expect(rehearsal).rejects.toBe(reason);
});

test("a context that is not there is told by its name", async () => {
  const stack = await stackWith("nowhere", settings("nowhere"));
  expect(await errorsOf((onEvent) => stack.up({ onEvent, color: "never" }))).toMatch(/nowhere/);
});
