import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createStack } from "../../rehearsal/workspace";
import program from "../../stacks/main";
import { startTestStage, type TestStage } from "./stage";

let on: TestStage;
beforeAll(async () => {
  on = await startTestStage();
});
afterAll(async () => on?.stop());

function stackWith(name: string, config: Record<string, unknown>) {
  const dir = join(on.dir, name);
  mkdirSync(dir);
  return createStack({ dir, pulumi: on.equipment.pulumi, stackName: name, config, program, env: on.stage.env });
}

/** What the stack left outside its state. */
async function world(before: ReadonlySet<string>) {
  const { left } = await on.stage.leftovers();
  return { left, objects: await on.newObjects(before) };
}

const isDone = ({ resOutputsEvent }: EngineEvent) => resOutputsEvent?.metadata.op === "create";

test("a configuration with five faults is told with all five, and nothing is made", async () => {
  const before = new Set(await on.stage.objects.names());
  const stack = await stackWith("faults", {
    ...on.config,
    "pilotlight:gpuPools": { l40s: { gpu: "a10", maxGpus: 2 }, h100: { gpu: "h100", maxGpus: -1 } },
    "pilotlight:models": {
      qwen: { source: "hf://Qwen/Qwen3-8B@main", contextLength: "32k", gpu: "l40s", idleAfter: "soon" },
    },
    "pilotlight:endpoint": { exposure: "public", allowedCidrs: ["203.0.113.0/24"] },
  });
  const told: string[] = [];
  const onEvent = ({ diagnosticEvent }: EngineEvent) => {
    if (diagnosticEvent?.severity === "error") told.push(diagnosticEvent.message);
  };
  await expect(stack.up({ onEvent, color: "never" })).rejects.toThrow();
  // The engine tells the message of a failed program twice.
  expect([...new Set(told.join("\n").match(/✖ [\w.-]+/g))].sort()).toEqual([
    "✖ endpoint.domain",
    "✖ gpuPools.h100.maxGpus",
    "✖ gpuPools.l40s.gpu",
    "✖ models.qwen.idleAfter",
    "✖ models.qwen.source",
  ]);
  expect(await world(before)).toEqual({ left: [], objects: [] });
});

test("an up that is cut off half-way and repeated converges, and destroy leaves nothing", async () => {
  const before = new Set(await on.stage.objects.names());
  const stack = await stackWith("interrupted", on.config);
  const cut = new AbortController();
  let made = 0;
  const onEvent = (event: EngineEvent) => {
    if (isDone(event)) made += 1;
    if (made === 40) cut.abort();
  };
  await expect(stack.up({ onEvent, signal: cut.signal, color: "never" })).rejects.toThrow();
  const half = await stack.exportStack();
  const inState = half.deployment.resources.length;
  expect(inState).toBeGreaterThan(30);

  const again = await stack.up({ color: "never" });
  expect(again.summary.resourceChanges?.create).toBeGreaterThan(20);
  expect(again.summary.resourceChanges?.same).toBeGreaterThan(20);
  const idle = await stack.up({ color: "never" });
  expect(Object.keys(idle.summary.resourceChanges ?? {})).toEqual(["same"]);

  await stack.destroy({ color: "never" });
  expect(await world(before)).toEqual({ left: [], objects: [] });
});

test("a destroy that is cut off half-way and repeated leaves nothing", async () => {
  const before = new Set(await on.stage.objects.names());
  const stack = await stackWith("half-gone", on.config);
  await stack.up({ color: "never" });
  const cut = new AbortController();
  let gone = 0;
  const onEvent = ({ resOutputsEvent }: EngineEvent) => {
    if (resOutputsEvent?.metadata.op === "delete") gone += 1;
    // The releases take the time; the account's part is over within two seconds.
    if (gone === 12) cut.abort();
  };
  // The engine calls a destroy that was cut off a success; what counts is what is still there.
  await stack.destroy({ onEvent, signal: cut.signal, color: "never" }).catch(() => undefined);
  const { left, objects } = await world(before);
  expect(left.length).toBeGreaterThan(20);
  expect(objects.length).toBeGreaterThan(20);

  await stack.destroy({ color: "never" });
  expect(await world(before)).toEqual({ left: [], objects: [] });
});
