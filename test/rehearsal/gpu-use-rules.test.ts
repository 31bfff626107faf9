import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  always,
  type Expectation,
  gpuNode,
  HOLD,
  info,
  pod,
  provider,
  ready,
  type Series,
  systemNode,
  taint,
  unitTest,
} from "./alert-series";
import { tools } from "./aws-stage";

/*
 * What is published of a node's use, evaluated by Prometheus's own code over series as DCGM exporter, engines and
 * kube-state-metrics write them. A value for every node with a point: one that is not named has none.
 */

let on: { promtool: string; dir: string };

beforeAll(async () => {
  const { promtool } = await tools("promtool");
  on = { promtool, dir: mkdtempSync(join(tmpdir(), "pilotlight-use-rules-")) };
});
afterAll(() => on && rmSync(on.dir, { recursive: true }));
const published = async (series: Series, use: Expectation["use"]) => {
  const { code, output } = await unitTest(on, { series, use });
  expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining("SUCCESS") });
};

const gpu = (node: string, index: number) => `gpu="${index}", UUID="GPU-${node}-${index}"`;
const util = (node: string, values: string, index = 0): Series => ({
  [`DCGM_FI_DEV_GPU_UTIL{hostname="${node}", ${gpu(node, index)}, namespace="inference", pod="engine"}`]: values,
});
/** A ratio, 0 to 1, as the exporter writes it. */
const active = (node: string, values: string, index = 0): Series => ({
  [`DCGM_FI_PROF_GR_ENGINE_ACTIVE{hostname="${node}", ${gpu(node, index)}, namespace="inference", pod="engine"}`]:
    values,
});
const unusedGpu = (node: string): Series => ({ ...util(node, always(0)), ...active(node, always(0)) });
const counters = (name: string, { prompt = always(0), generation = always(0), job = "inference/qwen-engine" } = {}) => {
  const labels = `job="${job}", namespace="inference", pod="${name}", model_name="qwen", engine="0"`;
  return {
    [`vllm:prompt_tokens_total{${labels}}`]: prompt,
    [`vllm:generation_tokens_total{${labels}}`]: generation,
  };
};
const started = (name: string, second: number): Series => ({
  [`kube_pod_start_time{namespace="inference", pod="${name}", uid="uid-${name}"}`]: always(second),
});

/** An engine that serves since long ago; its counters stand still if nothing else is said. */
const engine = (name: string, node: string, tokens: Series = counters(name)): Series => ({
  ...pod(name, { node, phase: "Running" }),
  ...started(name, -86_400),
  ...ready(name, always(1)),
  ...tokens,
});

describe("what DCGM saw", () => {
  test("is that of the busiest GPU, at its highest of the last minute", () =>
    published(
      { ...gpuNode("g1"), ...engine("a", "g1"), ...util("g1", always(3)), ...util("g1", "0x18 80 0x220", 1) },
      { 9: { g1: 3 }, 10: { g1: 80 }, 11: { g1: 3 } },
    ));

  test("a burst that falls between two samples is in the average; the higher of both counts", () =>
    published(
      {
        ...gpuNode("g1"),
        ...engine("a", "g1"),
        ...util("g1", "0x29 50 0x200"),
        // 0.12 s of 30; 6 s of 30 in which the sample found the GPU at work for half of its second.
        ...active("g1", "0x19 0.004 0x8 0.2 0x200"),
      },
      { 8: { g1: 0 }, 10: { g1: 0.4 }, 12: { g1: 0 }, 15: { g1: 50 } },
    ));

  test("a trace of activity, less than any work makes, is none", () =>
    published(
      { ...gpuNode("g1"), ...engine("a", "g1"), ...util("g1", always(0)), ...active("g1", always(0.00004)) },
      { 10: { g1: 0 } },
    ));

  test("is told with the average alone, with the sample alone, and by exporters that write Hostname", () =>
    published(
      {
        ...gpuNode("average"),
        ...engine("a", "average"),
        ...active("average", always(0.25)),
        ...gpuNode("sample"),
        ...engine("b", "sample"),
        ...util("sample", always(7)),
        ...gpuNode("old"),
        ...engine("c", "old"),
        'DCGM_FI_DEV_GPU_UTIL{Hostname="old", gpu="0"}': always(9),
      },
      { 5: { average: 25, sample: 7, old: 9 } },
    ));

  test("alone decides where a pod of another namespace has the GPU: no counter is known of it", () =>
    published(
      {
        ...gpuNode("g1"),
        ...pod("training", { node: "g1", phase: "Running", namespace: "training" }),
        ...util("g1", "4x19 0x200"),
      },
      { 5: { g1: 4 }, 15: { g1: 0 } },
    ));
});

describe("what engines count", () => {
  /** One request of 20 tokens every 4 minutes, none of which DCGM sees. */
  const everyFourMinutes = Array.from({ length: 15 }, (_, request) => `${20 * request}x7`).join(" ");

  test("a request every 4 minutes keeps its node used, whether its tokens are taken in or given out", () =>
    published(
      {
        ...gpuNode("out"),
        ...unusedGpu("out"),
        ...engine("a", "out", counters("a", { generation: everyFourMinutes })),
        ...gpuNode("in"),
        ...unusedGpu("in"),
        ...engine("b", "in", counters("b", { prompt: everyFourMinutes })),
      },
      Object.fromEntries(Array.from({ length: 50 }, (_, minute) => [minute + 5, { out: 100, in: 100 }])),
    ));

  test("use ends 5 minutes after the last token", () =>
    published(
      { ...gpuNode("g1"), ...unusedGpu("g1"), ...engine("a", "g1", counters("a", { generation: "0x19 20x200" })) },
      { 9: { g1: 0 }, 10: { g1: 100 }, 14: { g1: 100 }, 16: { g1: 0 } },
    ));

  test("a counter that starts again is no use, and what it counts from then on is", () =>
    published(
      {
        ...gpuNode("restarted"),
        ...unusedGpu("restarted"),
        ...engine("a", "restarted", counters("a", { prompt: "500x19 0x200", generation: "500x19 0x200" })),
        ...gpuNode("asked"),
        ...unusedGpu("asked"),
        ...engine("b", "asked", counters("b", { generation: "500x19 0x3 30x200" })),
      },
      { 11: { restarted: 0, asked: 0 }, 13: { restarted: 0, asked: 100 } },
    ));

  test("an engine that is no longer scraped leaves a gap, not a zero; DCGM's use is still told", () =>
    published(
      {
        ...gpuNode("unseen"),
        ...unusedGpu("unseen"),
        ...engine("a", "unseen", counters("a", { prompt: "7x19 stale", generation: "7x19 stale" })),
        ...gpuNode("busy"),
        ...util("busy", always(30)),
        ...engine("b", "busy", {}),
      },
      { 9: { unseen: 0, busy: 30 }, 11: { busy: 30 }, 30: { busy: 30 } },
    ));

  test("what it gave out before that is use for its 5 minutes", () =>
    published(
      {
        ...gpuNode("g1"),
        ...unusedGpu("g1"),
        ...engine("a", "g1", counters("a", { prompt: "0x17 9 9 stale", generation: "0x17 9 9 stale" })),
      },
      { 11: { g1: 100 }, 16: {} },
    ));

  test("one scrape is not enough to say that nothing was asked", () =>
    published(
      {
        ...gpuNode("g1"),
        ...unusedGpu("g1"),
        ...engine("a", "g1", counters("a", { prompt: "_x20 0x9", generation: "_x20 0x9" })),
      },
      { 10: {}, 11: { g1: 0 } },
    ));

  test("without DCGM they say what is used and not what is unused", () =>
    published(
      {
        ...gpuNode("used"),
        ...engine("a", "used", counters("a", { generation: "0+5x200" })),
        ...gpuNode("silent"),
        ...engine("b", "silent"),
        ...gpuNode("lost"),
        ...engine("c", "lost"),
        ...util("lost", "50x19 stale"),
      },
      { 10: { used: 100, lost: 50 }, 12: { used: 100 } },
    ));
});

describe("an engine that is not ready", () => {
  const young = (name: string, node: string, phase = "Running"): Series => ({
    ...pod(name, { node, phase }),
    ...started(name, 0),
  });

  test("loads, which is use: with an idle GPU, and before DCGM or the engine can be asked", () =>
    published(
      {
        ...gpuNode("loading"),
        ...unusedGpu("loading"),
        ...young("a", "loading"),
        ...ready("a", always(0)),
        ...gpuNode("pulling"),
        ...young("b", "pulling", "Pending"),
        ...gpuNode("loaded"),
        ...unusedGpu("loaded"),
        ...young("c", "loaded"),
        ...ready("c", "0x9 1x200"),
        ...counters("c"),
      },
      { 4: { loading: 100, pulling: 100, loaded: 100 }, 6: { loading: 100, pulling: 100, loaded: 0 } },
    ));

  test("loads for no longer than the longest hold, and is unknown after that", () =>
    published(
      { ...gpuNode("g1"), ...unusedGpu("g1"), ...young("a", "g1"), ...ready("a", always(0)) },
      { [HOLD / 60 - 1]: { g1: 100 }, [HOLD / 60 + 1]: {} },
    ));

  test("and was before, drains: what it gives out counts, its age does not", () =>
    published(
      {
        ...gpuNode("g1"),
        ...unusedGpu("g1"),
        ...engine("a", "g1", counters("a", { generation: "0x9 5x200" })),
        ...ready("a", "1x9 0x200"),
      },
      { 4: { g1: 0 }, 6: { g1: 100 }, 12: { g1: 0 } },
    ));
});

describe("a node", () => {
  test("whose GPUs no pod has is at 0, whether DCGM answers or not; one without GPUs is not told of", () =>
    published(
      {
        ...gpuNode("empty"),
        ...gpuNode("read"),
        ...unusedGpu("read"),
        ...info("broken"),
        ...taint("broken"),
        ...gpuNode("ended"),
        ...pod("done", { node: "ended", phase: "Succeeded" }),
        ...systemNode("system"),
      },
      { 5: { empty: 0, read: 0, broken: 0, ended: 0 } },
    ));

  test("with two engines is used if one is, unknown if one is, and unused only if both are", () => {
    const used = (name: string) => counters(name, { generation: "0+5x200" });
    const node = (name: string, first: Series | undefined, second: Series | undefined): Series => ({
      ...gpuNode(name),
      ...unusedGpu(name),
      ...util(name, always(0), 1),
      ...engine(`${name}-1`, name, first ?? counters(`${name}-1`)),
      ...engine(`${name}-2`, name, second ?? counters(`${name}-2`)),
    });
    return published(
      {
        ...node("idle", undefined, undefined),
        ...node("half", undefined, used("half-2")),
        ...node("unknown", {}, undefined),
        ...node("enough", {}, used("enough-2")),
      },
      { 10: { idle: 0, half: 100, enough: 100 } },
    );
  });

  test("that is not EC2's is left out, and one stays one series where exporters and scrapers run twice", () =>
    published(
      {
        ...gpuNode("g1"),
        [`kube_node_info{node="g1", provider_id="${provider("g1")}", instance="10.9.9.9:8080"}`]: always(1),
        ...engine("a", "g1", counters("a", { generation: "0x19 5x200" })),
        ...counters("a", { job: "theirs", generation: "0x19 5x200" }),
        ...pod("a", { node: "g1", phase: "Pending", instance: "10.9.9.9:8080" }),
        ...util("g1", always(7)),
        'DCGM_FI_DEV_GPU_UTIL{hostname="g1", gpu="0", job="theirs"}': always(6),
        ...taint("local"),
        'kube_node_info{node="local", provider_id="kind://docker/kind/local"}': always(1),
      },
      { 5: { g1: 7 }, 11: { g1: 100 }, 20: { g1: 7 } },
    ));
});
