import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MODULES, TOOLS } from "../../rehearsal/tools/table";
import {
  always,
  type Expectation,
  gpuNode,
  info,
  outcome,
  pod,
  ready,
  type Series,
  spec,
  systemNode,
  taint,
  unitTest,
} from "./alert-series";
import { tools } from "./aws-stage";

/*
 * The rules, evaluated by Prometheus's own code over series as kube-state-metrics, DCGM exporter and picker write them.
 */

let on: { promtool: string; dir: string };

beforeAll(async () => {
  const { promtool } = await tools("promtool");
  on = { promtool, dir: mkdtempSync(join(tmpdir(), "pilotlight-alerts-")) };
});
afterAll(() => on && rmSync(on.dir, { recursive: true }));

const holds = async (what: Expectation, emptyForSeconds?: readonly number[]) => {
  const { code, output } = await unitTest(on, what, emptyForSeconds);
  expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining("SUCCESS") });
};

test("Prometheus takes the rules, and finds nothing to criticize in them", async () => {
  const file = join(on.dir, "rules-alone.json");
  writeFileSync(file, JSON.stringify(spec()));
  const { code, output } = await outcome(on.promtool, ["check", "rules", "--lint=all", "--lint-fatal", file]);
  expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining("SUCCESS: 18 rules found") });
});

test("a wrong expectation fails: what follows can fail", async () => {
  const { code, output } = await unitTest(on, {
    series: gpuNode("g1"),
    alarms: { 10: { GpuNodeIdle: [{ node: "g1" }] } },
  });
  expect(code).not.toBe(0);
  expect(output).toContain("GpuNodeIdle");
});

describe("GpuNodeIdle", () => {
  test("comes after 15 minutes without a GPU pod, and not of a node that has one, or that has no GPU", () =>
    holds({
      series: {
        ...gpuNode("empty"),
        ...gpuNode("serving"),
        ...systemNode("system"),
        ...pod("a", { node: "serving", phase: "Running" }),
      },
      alarms: { 14: { GpuNodeIdle: [] }, 16: { GpuNodeIdle: [{ node: "empty" }] } },
    }));

  test("a pod that is still starting uses the node; one that has ended, or asks for no GPU, does not", () =>
    holds({
      series: {
        ...gpuNode("starting"),
        ...gpuNode("ended"),
        ...gpuNode("daemons"),
        ...pod("a", { node: "starting", phase: "Pending" }),
        ...pod("b", { node: "ended", phase: "Succeeded" }),
        ...pod("c", { node: "daemons", phase: "Running", resource: "cpu" }),
      },
      alarms: { 16: { GpuNodeIdle: [{ node: "ended" }, { node: "daemons" }] } },
    }));

  test("a node whose driver never came up is one, though it has no GPU to allocate", () =>
    holds({
      series: { ...info("broken"), ...taint("broken") },
      alarms: { 16: { GpuNodeIdle: [{ node: "broken" }] } },
    }));

  test("a pool that keeps empty nodes for longer is given that time", () =>
    holds(
      {
        series: gpuNode("g1"),
        alarms: { 34: { GpuNodeIdle: [] }, 36: { GpuNodeIdle: [{ node: "g1" }] } },
      },
      [1800],
    ));
});

describe("GpuPodPending", () => {
  const waiting = (name: string) => ({ namespace: "inference", pod: name, uid: `uid-${name}` });

  test("comes past the longest hold, of a pod without a node and of one that does not start there", () =>
    holds({
      series: {
        ...gpuNode("g1"),
        ...pod("unplaced", { phase: "Pending" }),
        ...pod("pulling", { node: "g1", phase: "Pending" }),
        ...pod("serving", { node: "g1", phase: "Running" }),
        ...pod("theirs", { phase: "Pending", namespace: "training" }),
        ...pod("router", { phase: "Pending", resource: "cpu" }),
      },
      alarms: {
        19: { GpuPodPending: [] },
        21: { GpuPodPending: [waiting("unplaced"), { ...waiting("pulling"), node: "g1" }] },
      },
    }));
});

describe("EngineNotReady", () => {
  const engine = (name: string) => pod(name, { node: "g1", phase: "Running" });
  const idle = (...names: string[]) => ({
    EngineNotReady: names.map((name) => ({ namespace: "inference", pod: name, uid: `uid-${name}`, node: "g1" })),
  });

  test("comes of an engine that runs and is not ready for as long as a request is held, restarted or not", () =>
    holds({
      series: {
        ...gpuNode("g1"),
        ...engine("crashing"),
        ...ready("crashing", always(0)),
        // Another pod of its name, before it, served.
        ...engine("untold"),
        ...ready("untold", always(1), "uid-before"),
        ...engine("serving"),
        ...ready("serving", always(1)),
        ...pod("theirs", { node: "g1", phase: "Running", namespace: "training" }),
        ...pod("router", { node: "g1", phase: "Running", resource: "cpu" }),
        ...ready("router", always(0)),
      },
      alarms: { 19: idle(), 21: idle("crashing", "untold") },
    }));

  test("counts from when it began to run, and anew from when it was last ready", () =>
    holds({
      series: {
        ...gpuNode("g1"),
        ...pod("pulling", { node: "g1", phase: "Pending" }),
        ...ready("pulling", always(0)),
        ...engine("failing"),
        ...ready("failing", "0x19 1 0x200"),
      },
      // Ready at 10 minutes and no longer at 10.5. What has not begun is told once, by the other alarm.
      alarms: {
        30: idle(),
        31: {
          ...idle("failing"),
          GpuPodPending: [{ namespace: "inference", pod: "pulling", uid: "uid-pulling", node: "g1" }],
        },
      },
    }));

  test("not of one that loads within the hold", () =>
    holds({
      series: { ...gpuNode("g1"), ...engine("a"), ...ready("a", "0x38 1x200") },
      alarms: { 19: idle(), 21: idle(), 60: idle() },
    }));

  test("not of one that drains, for however long it may; of one that stays on past its end", () => {
    const ends = (name: string): Series => ({
      [`kube_pod_deletion_timestamp{namespace="inference", pod="${name}", uid="uid-${name}"}`]: "_x20 3600x200",
    });
    return holds({
      series: { ...gpuNode("g1"), ...engine("a"), ...ready("a", "1x19 0x200"), ...ends("a") },
      alarms: { 31: idle(), 59: idle(), 79: idle(), 81: idle("a") },
    });
  });
});

describe("RequestsHeld", () => {
  const queue = (values: string): Series => ({
    'inference_extension_flow_control_queue_size{job="inference/qwen-router", fairness_id="a"}': values,
    'inference_extension_flow_control_queue_size{job="inference/qwen-router", fairness_id="b"}': always(0),
  });

  test("comes when requests wait for longer than the longest hold and none is answered", () =>
    holds({
      series: queue(always(2)),
      alarms: { 19: { RequestsHeld: [] }, 21: { RequestsHeld: [{ job: "inference/qwen-router" }] } },
    }));

  test("not of one request, which is given up when its hold ends", () =>
    holds({
      series: queue("1x39 0x200"),
      alarms: { 19: { RequestsHeld: [] }, 20: { RequestsHeld: [] }, 21: { RequestsHeld: [] } },
    }));

  test("not when the queue was empty in between, nor while a replica answers", async () => {
    await holds({ series: queue("2x20 0x2 2x200"), alarms: { 21: { RequestsHeld: [] } } });
    await holds({
      series: { ...queue(always(2)), 'inference_objective_running_requests{job="inference/qwen-router"}': always(1) },
      alarms: { 60: { RequestsHeld: [] } },
    });
  });
});

describe("RouterUnseen and ClusterUnseen", () => {
  const router = (name: string, ready = 1): Series => ({
    [`kube_pod_status_ready{namespace="inference", pod="${name}", uid="u", condition="true"}`]: always(ready),
    [`kube_pod_status_ready{namespace="inference", pod="${name}", uid="u", condition="false"}`]: always(1 - ready),
  });
  const up = (name: string, value: number): Series => ({
    [`up{job="inference/qwen-router", namespace="inference", pod="${name}"}`]: always(value),
  });

  test("a ready router that is not scraped, or no target at all, is told after 5 minutes; one that starts is not", () =>
    holds({
      series: {
        ...router("qwen-router-seen"),
        ...up("qwen-router-seen", 1),
        ...router("qwen-router-down"),
        ...up("qwen-router-down", 0),
        ...router("qwen-router-none"),
        ...router("qwen-router-new", 0),
        ...router("qwen-engine"),
      },
      alarms: {
        4: { RouterUnseen: [] },
        6: {
          RouterUnseen: [
            { namespace: "inference", pod: "qwen-router-down" },
            { namespace: "inference", pod: "qwen-router-none" },
          ],
        },
      },
    }));

  test("without kube-state-metrics all other alarms are blind, and that is told", async () => {
    await holds({ series: up("r", 1), alarms: { 4: { ClusterUnseen: [] }, 6: { ClusterUnseen: [{}] } } });
    await holds({ series: gpuNode("g1"), alarms: { 60: { ClusterUnseen: [] } } });
  });
});

describe("GpuUseUnpublished", () => {
  const publisher = (available: string, instance = "10.0.0.1:8080"): Series => ({
    [`kube_deployment_status_replicas_available{namespace="monitoring", deployment="gpu-use", instance="${instance}"}`]:
      available,
    'kube_deployment_status_replicas_available{namespace="monitoring", deployment="other"}': always(1),
    // Somebody else's, of the same name.
    'kube_deployment_status_replicas_available{namespace="default", deployment="gpu-use"}': always(1),
  });
  const nobody = { GpuUseUnpublished: [{}] };

  test("comes after 10 minutes without an available pod, and goes with one", () =>
    holds({
      series: { ...systemNode("system"), ...publisher("1x19 0x39 1x200") },
      alarms: {
        9: { GpuUseUnpublished: [] },
        19: { GpuUseUnpublished: [] },
        21: nobody,
        31: { GpuUseUnpublished: [] },
      },
    }));

  test("comes where the Deployment is gone; where kube-state-metrics is, ClusterUnseen does", async () => {
    await holds({ series: systemNode("system"), alarms: { 11: nobody } });
    await holds({ series: { up: always(1) }, alarms: { 60: { GpuUseUnpublished: [], ClusterUnseen: [{}] } } });
  });

  test("not while one of two kube-state-metrics has not seen the pod yet", () =>
    holds({
      series: { ...systemNode("system"), ...publisher(always(1)), ...publisher(always(0), "10.9.9.9:8080") },
      alarms: { 60: { GpuUseUnpublished: [] } },
    }));
});

test("rules are judged by the version that evaluates them", () => {
  const pinned = (module: string) => readFileSync(join(MODULES, module, "go.mod"), "utf8");
  const version = /github\.com\/prometheus\/prometheus (v\S+)/;
  expect(version.exec(pinned("promtool"))?.[1]).toBe(version.exec(pinned("prometheus"))?.[1]);
  expect(TOOLS.promtool.version).toBe(TOOLS.prometheus.version);
});
