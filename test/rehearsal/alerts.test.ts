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
  provider,
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
  expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining("SUCCESS: 8 rules found") });
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

describe("use of an instance", () => {
  const util = (node: string, gpu: number, values: string, user = "engine"): Series => ({
    [`DCGM_FI_DEV_GPU_UTIL{Hostname="${node}", gpu="${gpu}", UUID="GPU-${node}-${gpu}", namespace="inference", pod="${user}"}`]:
      values,
  });

  test("is that of its busiest GPU, at its highest of the last minute", () =>
    holds({
      series: {
        ...gpuNode("g1"),
        ...pod("engine", { node: "g1", phase: "Running" }),
        ...util("g1", 0, always(3)),
        ...util("g1", 1, "0x19 80 0x220"),
      },
      use: { 9: { g1: 3 }, 10: { g1: 80 }, 12: { g1: 3 } },
    }));

  test("is 0 where no pod has a GPU, whether DCGM answers or not, and unknown where one has and it does not", () =>
    holds({
      series: {
        ...gpuNode("empty"),
        ...gpuNode("mute"),
        ...util("mute", 0, always(0), "exporter"),
        ...gpuNode("unread"),
        ...pod("engine", { node: "unread", phase: "Running" }),
        ...info("broken"),
        ...taint("broken"),
        ...systemNode("system"),
      },
      use: { 5: { empty: 0, mute: 0, broken: 0 } },
    }));

  test("is unknown again once DCGM is gone from a node in use", () =>
    holds({
      series: {
        ...gpuNode("g1"),
        ...pod("engine", { node: "g1", phase: "Running" }),
        ...util("g1", 0, "50x20 stale"),
      },
      use: { 10: { g1: 50 }, 12: {} },
    }));

  test("is of EC2's nodes alone, and stays one series where kube-state-metrics runs twice", () =>
    holds({
      series: {
        ...gpuNode("g1"),
        [`kube_node_info{node="g1", provider_id="${provider("g1")}", instance="10.9.9.9:8080"}`]: always(1),
        ...pod("engine", { node: "g1", phase: "Running" }),
        ...pod("engine", { node: "g1", phase: "Pending", instance: "10.9.9.9:8080" }),
        ...util("g1", 0, always(7)),
        ...taint("local"),
        'kube_node_info{node="local", provider_id="kind://docker/kind/local"}': always(1),
      },
      use: { 5: { g1: 7 } },
    }));
});

test("rules are judged by the version that evaluates them", () => {
  const pinned = (module: string) => readFileSync(join(MODULES, module, "go.mod"), "utf8");
  const version = /github\.com\/prometheus\/prometheus (v\S+)/;
  expect(version.exec(pinned("promtool"))?.[1]).toBe(version.exec(pinned("prometheus"))?.[1]);
  expect(TOOLS.promtool.version).toBe(TOOLS.prometheus.version);
});
