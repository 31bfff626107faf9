import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { alertmanagerConfig } from "../../components/alerts-delivery";
import { MODULES, TOOLS } from "../../rehearsal/tools/table";
import { outcome } from "./alert-series";
import { tools } from "./aws-stage";

/*
 * The configuration of Alertmanager, read and rendered by its own code.
 */

let dir: string;
let amtool: string;

beforeAll(async () => {
  ({ amtool } = await tools("amtool"));
  dir = mkdtempSync(join(tmpdir(), "pilotlight-alertmanager-"));
});
afterAll(() => dir && rmSync(dir, { recursive: true }));

describe("Alertmanager", () => {
  const config = alertmanagerConfig({ topicArn: "arn:aws:sns:us-east-1:123456789012:alarms", region: "us-east-1" });
  const check = (content: object) => {
    const file = join(dir, "alertmanager.json");
    writeFileSync(file, JSON.stringify(content));
    return outcome(amtool, ["check-config", file]);
  };

  test("reads its configuration, and sends every alarm to the topic", async () => {
    const { code, output } = await check(config);
    expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/SUCCESS[\s\S]*1 receivers/) });
    const file = join(dir, "alertmanager.json");
    const args = ["config", "routes", "test", `--config.file=${file}`, "alertname=GpuNodeIdle", "severity=warning"];
    expect((await outcome(amtool, args)).output.trim()).toBe("topic");
  });

  test("would refuse a receiver's field that it does not know", async () => {
    const [receiver] = config.receivers;
    const sns_configs = receiver?.sns_configs.map((one) => ({ ...one, topic: "x" }));
    const { code, output } = await check({ ...config, receivers: [{ ...receiver, sns_configs }] });
    expect(code).not.toBe(0);
    expect(output).toContain("field topic not found");
  });

  test.each([
    [{ status: "firing" }, "GpuNodeIdle in pilotlight-dev", "GPU node g1 is empty\nIt is paid for.\n\n"],
    [{ status: "resolved" }, "Over: GpuNodeIdle in pilotlight-dev", "Over: GPU node g1 is empty\nIt is paid for.\n\n"],
  ])("writes a subject that SNS takes, and what to do, when %o", async ({ status }, subject, message) => {
    const labels = { alertname: "GpuNodeIdle", stack: "pilotlight-dev" };
    const annotations = { summary: "GPU node g1 is empty", description: "It is paid for." };
    const data = join(dir, "data.json");
    writeFileSync(data, JSON.stringify({ status, groupLabels: labels, alerts: [{ status, labels, annotations }] }));
    const [sns] = config.receivers[0]?.sns_configs ?? [];
    const render = async (text = "") => {
      const args = ["template", "render", `--template.glob=${dir}/*.tmpl`, `--template.data=${data}`];
      return (await outcome(amtool, [...args, `--template.text=${text}`])).output;
    };
    expect((await render(sns?.subject)).trimEnd()).toBe(subject);
    expect(await render(sns?.message)).toContain(message);
    expect(subject).toMatch(/^[ -~]{1,100}$/);
  });
});

test("it is judged by the version that the chart runs", () => {
  const pinned = readFileSync(join(MODULES, "alertmanager", "go.mod"), "utf8");
  expect(pinned).toContain(`github.com/prometheus/alertmanager ${TOOLS.amtool.version} `);
});
