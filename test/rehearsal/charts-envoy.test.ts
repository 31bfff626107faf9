import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { helmTemplate, merge, pick, type Values } from "../charts/helm";
import { modelServerBase } from "../charts/model-server-values";
import { python, run } from "./programs";

let program: string;
let folder: string;

beforeAll(async () => {
  program = (await python()).envoy;
  folder = mkdtempSync(join(tmpdir(), "pilotlight-envoy-"));
});
afterAll(() => folder && rmSync(folder, { recursive: true, force: true }));

/** What Envoy itself says of the rendered file, after a change of its text. */
async function validate(values: Values, edit: (text: string) => string = (text) => text) {
  const { data } = pick<{ data: Record<string, string> }>(
    helmTemplate("model-server", "qwen", merge(modelServerBase, values)),
    "ConfigMap",
    "qwen-router",
  );
  const file = join(folder, "envoy.yaml");
  writeFileSync(file, edit(data["envoy.yaml"] ?? ""));
  const { code, output } = await run(
    program,
    ["--mode", "validate", "--config-path", file, "--disable-hot-restart"],
    {},
  );
  return { code, output };
}

test("the program is the release whose image the kit runs", async () => {
  expect((await run(program, ["--version"], {})).output).toMatch(/\/1\.40\.0\//);
});

test("Envoy takes the router's file", async () => {
  const { code, output } = await validate({});
  expect(output).toContain(`configuration '${join(folder, "envoy.yaml")}' OK`);
  expect(code).toBe(0);
});

test("the longest hold that the chart allows is the longest that Envoy takes", async () => {
  const longest = { hold: { messageTimeoutSeconds: 3600 } };
  expect((await validate(longest)).code).toBe(0);
  const { code, output } = await validate(longest, (text) =>
    text.replace("message_timeout: 3600s", "message_timeout: 3601s"),
  );
  expect(code).toBe(1);
  expect(output).toContain("MessageTimeout");
});

test("a field that Envoy does not know is no comment to it", async () => {
  const { code, output } = await validate({}, (text) => text.replace("stream_idle_timeout", "stream_idle_timeuot"));
  expect(code).toBe(1);
  expect(output).toContain("stream_idle_timeuot");
});
