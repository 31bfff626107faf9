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

function stackWith(name: string, config: Record<string, unknown>) {
  const dir = join(on.dir, name);
  mkdirSync(dir);
  return createStack({ dir, pulumi: on.equipment.pulumi, stackName: name, config, program, env: on.stage.env });
}

test("an adopted cluster gets models and gateway, twice is once, and gives them back; nothing is asked of AWS", async () => {
  const before = new Set(await on.stage.objects.names());
  // The context that the stage's own kubeconfig has.
  const stack = await stackWith("adopted", settings("rehearsal"));
  const up = await stack.up({ color: "never" });
  expect(up.outputs.endpoint?.value).toBe("http://gateway.inference.svc:4000/v1");
  expect(up.outputs.kubeconfig).toBeUndefined();
  const made = (await on.stage.objects.names()).filter((name) => !before.has(name));
  expect(made).toEqual(
    expect.arrayContaining([
      "Deployment inference/gateway",
      "Deployment inference/qwen",
      "ScaledObject inference/qwen",
    ]),
  );
  expect(on.stage.notes.filter(({ provider, op }) => provider === "aws" && op !== "invoke")).toEqual([]);

  const again = await stack.up({ color: "never" });
  expect(Object.keys(again.summary.resourceChanges ?? {})).toEqual(["same"]);
  await stack.destroy({ color: "never" });
  expect((await on.stage.objects.names()).filter((name) => !before.has(name))).toEqual([]);
});

test("a context that is not there is told by its name", async () => {
  const stack = await stackWith("nowhere", settings("nowhere"));
  const told: string[] = [];
  const onEvent = ({ diagnosticEvent }: EngineEvent) => {
    if (diagnosticEvent?.severity === "error") told.push(diagnosticEvent.message);
  };
  await expect(stack.up({ onEvent, color: "never" })).rejects.toThrow();
  expect(told.join("\n")).toMatch(/nowhere/);
});
