import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { helmTemplate, pick } from "../charts/helm";
import { modelServerBase } from "../charts/model-server-values";
import { outcome } from "./alert-series";
import { tools } from "./aws-stage";

/*
 * What KEDA asks Prometheus for a model, as the chart has it, evaluated by Prometheus's own code over a router's series.
 */

interface ScaledObject {
  readonly spec: { readonly triggers: readonly { readonly metadata: { readonly query: string } }[] };
}

let on: { promtool: string; dir: string; query: string };
beforeAll(async () => {
  const { promtool } = await tools("promtool");
  const scaled = pick<ScaledObject>(helmTemplate("model-server", "qwen", modelServerBase), "ScaledObject", "qwen");
  const query = scaled.spec.triggers[0]?.metadata.query ?? "";
  on = { promtool, dir: mkdtempSync(join(tmpdir(), "pilotlight-demand-")), query };
});
afterAll(() => on && rmSync(on.dir, { recursive: true }));

const JOB = 'job="inference/qwen-router"';
const UP = { [`up{${JOB}, pod="a"}`]: "1x60" };
const held = (values: string) => ({ [`inference_extension_flow_control_queue_size{${JOB}, pod="a"}`]: values });
const running = (values: string) => ({
  [`inference_objective_running_requests{${JOB}, pod="a", model_name="qwen"}`]: values,
});
const passed = (values: string, pod = "a") => ({
  [`inference_objective_request_total{${JOB}, pod="${pod}", model_name="qwen", target_model_name="qwen", priority="0"}`]:
    values,
});

/** Scraped every 2 s, as the router is. @param at the value by the second; undefined where there is none. */
async function asks(series: Record<string, string>, at: Record<number, number | undefined>): Promise<void> {
  const file = join(on.dir, "tests.json");
  const promql_expr_test = Object.entries(at).map(([second, value]) => ({
    expr: on.query,
    eval_time: `${second}s`,
    exp_samples: value === undefined ? [] : [{ labels: "{}", value }],
  }));
  const input_series = Object.entries(series).map(([name, values]) => ({ series: name, values }));
  const tests = [{ interval: "2s", input_series, promql_expr_test }];
  writeFileSync(file, JSON.stringify({ evaluation_interval: "2s", tests }));
  const { code, output } = await outcome(on.promtool, ["test", "rules", file]);
  expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining("SUCCESS") });
}

test("a router that has seen nothing wants nothing", () => asks(UP, { 0: 0, 60: 0 }));

test("held and running requests are wanted, whatever has passed", () =>
  asks({ ...UP, ...held("0x4 3x55"), ...running("0x9 2x50"), ...passed("0+1x60") }, { 12: 3, 40: 5 }));

test("an answer between two scrapes, seen by no gauge, is told at four polls and counts as no load", () =>
  asks({ ...UP, ...held("0x60"), ...running("0x60"), ...passed("7x20 8x39") }, { 40: 0, 42: 0.001, 48: 0.001, 50: 0 }));

test("so many of them are no more load, nor is a router that begins to count anew", () =>
  asks({ ...UP, ...passed("0+50x60"), ...passed("900x9 0+1x50", "b") }, { 30: 0.001, 60: 0.001 }));

test("a router that cannot be scraped is an outage, not idleness", () =>
  asks({ [`up{${JOB}, pod="a"}`]: "1x10 0x49" }, { 20: 0, 30: undefined, 60: undefined }));
