import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LiveRecord } from "../../rehearsal/live/record";
import { SCENARIOS, type ScenarioName } from "../../rehearsal/live/scenarios";

/*
 * The live stage, by the command that the README names. Order, counts and completeness are asserted, seconds are not:
 * `npm run bench -- live` has those. Every part is played by `npm run rehearse:all`.
 */

const ROOT = join(__dirname, "..", "..");
const PLAYED = [
  "from-zero",
  "load",
  "refusals",
  "rollout",
  "scale-down",
  "picker-restarts",
  "envoy-restarts",
  "gateway-restarts",
  "engine-crashes",
  "client-leaves",
  "never-ready",
] as const satisfies readonly ScenarioName[];

describe("the live stage", () => {
  let dir: string;
  let record: LiveRecord;
  let output = "";
  /** The stage must not outlive a test that gave up waiting for it. */
  let stopIt: () => boolean = () => false;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "pilotlight-live-test-"));
    const files = { json: join(dir, "record.json"), report: join(dir, "report.html") };
    const args = ["run", "rehearse", "--", "--live", "--json", files.json, "--report", files.report];
    const child = spawn("npm", [...args, ...PLAYED.flatMap((part) => ["--part", part])], { cwd: ROOT });
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (text: Buffer) => {
        output += text;
      });
    stopIt = () => child.kill("SIGTERM");
    const code = await new Promise((resolve) => child.once("exit", resolve));
    stopIt = () => false;
    expect(code, output).toBe(0);
    record = JSON.parse(readFileSync(files.json, "utf8"));
    expect(readFileSync(files.report, "utf8")).toContain("</html>");
  }, 1_800_000);

  afterAll(() => {
    stopIt();
    rmSync(dir, { recursive: true, force: true });
  });

  test.each(PLAYED)("%s: everything that it is to show holds", (name) => {
    const phase = record.phases.find((one) => one.name === SCENARIOS[name].title);
    expect(phase?.findings.length).toBeGreaterThan(1);
    expect(phase?.findings.filter(({ holds }) => !holds)).toEqual([]);
  });

  test("a cold start goes through its stages in order, and the router is the first and the last", () => {
    const [first] = record.coldStarts;
    expect(first?.stages.map(({ name }) => name)).toEqual([
      "router, Prometheus and KEDA notice",
      "Karpenter decides and launches",
      "boot",
      "device plugin",
      "scheduler binds",
      "image pull",
      "engine loads",
      "router sends it on, first token",
    ]);
  });

  test("no replica and no GPU node is there before the first request", () => {
    const [first] = record.samples;
    expect(first?.nodes).toEqual([]);
    for (const model of Object.values(first?.models ?? {}))
      expect(model).toEqual({ held: 0, running: 0, unread: false, wanted: 0, ready: 0 });
  });

  test("Karpenter launches no type but the cheapest of each GPU", () => {
    const launched = record.events.flatMap(({ text }) => /^(\S+) \S+ launched$/.exec(text)?.[1] ?? []);
    expect([...new Set(launched)].sort()).toEqual(["g5.xlarge", "g6e.xlarge", "p5.4xlarge"]);
  });

  test("no program of the way needs more memory than its chart grants", () => {
    const way = record.memory.filter(({ program }) => /^(envoy|epp|litellm)/.test(program));
    expect(way.map(({ program }) => program).sort()).toEqual([
      "envoy of qwen3-32b",
      "envoy of qwen3-8b",
      "epp of qwen3-32b",
      "epp of qwen3-8b",
      "litellm",
    ]);
    for (const { program, peakBytes, limitBytes } of record.memory)
      expect(peakBytes, program).toBeLessThan(limitBytes ?? 0);
  });

  test("what differs from what ships is told", () => {
    expect(record.differences.map(({ what }) => what)).toEqual([
      "models.qwen3-8b.idleAfter",
      "models.qwen3-8b.longestGeneration",
      "models.qwen3-32b.idleAfter",
      "models.qwen3-32b.longestGeneration",
      "gpuPools.l40s.emptyFor",
      "gpuPools.a10g.emptyFor",
      "gpuPools.h100.emptyFor",
      `defaultRequestTTL of qwen3-8b in part "${SCENARIOS["never-ready"].title}"`,
    ]);
  });
});
