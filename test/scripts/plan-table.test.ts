import { expect, test } from "vitest";
import type { MemoryBudget } from "../../planner/memory";
import type { Plan, PlanRequest, RankedOption } from "../../planner/plan";
import { findShape } from "../../scripts/plan-model";
import { columns, planText } from "../../scripts/plan-table";

const BUDGET: MemoryBudget = {
  ...{ deviceGib: 44.4, budgetGib: 40.8, weightsGib: 15.3, activationGib: 1.4, nonTorchGib: 0.13, cudaGraphsGib: 0.5 },
  ...{ availableKvGib: 23.5, kvPerSequenceGib: 4.5, kvTokens: 171_230, concurrency: 5, maxSequences: 256 },
  maxBatchedTokens: 2048,
};
const OPTION: RankedOption = {
  ...{ gpu: "l40s", gpusPerReplica: 1, format: "fp8", native: true, instanceType: "g6e.xlarge", spot: true },
  ...{ nodes: 2, replicas: 2, usdPerHour: 1.8, budget: BUDGET, requestsPerReplica: 100 },
  ...{ firstTokenSeconds: 0.1234, tokenSeconds: 0.025, answerSeconds: 6.5, tokensPerSecond: 1000 },
  ...{ saturatedTokensPerSecond: 1500, usdPerMillionTokens: 0.5, fullUsdPerMillionTokens: 0.1667 },
  coldStart: {
    stages: [
      { name: "boot", seconds: 30.4, how: "" },
      { name: "weights", seconds: 9.6, how: "" },
    ],
    totalSeconds: 40,
    savings: [],
  },
};
const PLAN: Plan = {
  options: [
    OPTION,
    {
      ...{
        ...OPTION,
        gpu: "a100",
        gpusPerReplica: 8,
        native: false,
        instanceType: "p4d.24xlarge",
        spot: false,
        nodes: 1,
      },
      ...{ replicas: 1, usdPerHour: 21.957642, usdPerMillionTokens: 12.34, fullUsdPerMillionTokens: 123.4 },
      why: "25 times the price; an answer only takes 2.0 s instead of 6.5 s",
    },
  ],
  unfit: [
    {
      ...{ gpu: "l4", gpusPerReplica: 1, why: "has too little", reason: "all numbers" },
      ...{ alternatives: ["2 l4 instead of 1", "a context of 1024 tokens"], onSameGpus: ["a context of 1024 tokens"] },
    },
  ],
};

test("options, why the others lose, what does not fit", async () => {
  const shape = await findShape("Qwen/Qwen3-8B");
  const request: PlanRequest = {
    ...{ shape, format: "fp8", gpus: ["l40s", "a100", "l4"], contextTokens: 32_768, concurrency: 16 },
    ...{ inputTokens: 1024, outputTokens: 256 },
  };
  const api = {
    blendedUsdPerMillion: 0.32,
    ownUsdPerMillion: 0.1,
    breakEven: { tokensPerDay: 163e6, replicas: 1, usdPerDay: 52.4 },
  };
  expect(planText(request, PLAN, api).split("\n")).toEqual([
    "Qwen/Qwen3-8B: 8.2 B weights in fp8; 16 requests at a time of 1024 tokens in and 256 out, context of 32k",
    "Prices: US dollars, on demand in us-east-1, 2026-07-20, and your own.",
    "",
    "#  replica   nodes                  replicas  USD/h  first s  next ms  tokens/s  USD/M  USD/M full  KV tokens  at 32k  wake s",
    "1  1 × l40s  2 × g6e.xlarge (spot)         2   1.80     0.12     25.0      1000   0.50        0.17     171230       5      40",
    "2  8 × a100  p4d.24xlarge                  1  21.96     0.12     25.0      1000   12.3         123     171230       5      40",
    "",
    "first s, next ms: from a request to its first token, and for each token after it. tokens/s: output of all replicas.",
    "USD/M: a million output tokens with the wanted requests around the clock; full: with every GPU of the nodes saturated.",
    "KV tokens: room for keys and values of one replica, and how many requests of full length that is at a time.",
    "wake s: from the first request while everything sleeps to a ready engine.",
    "",
    "Why not the first:",
    "  2  8 × a100:  25 times the price; an answer only takes 2.0 s instead of 6.5 s",
    "",
    "Do not fit:",
    "  1 × l4:  has too little; would fit: a context of 1024 tokens",
    "",
    "a100 cannot multiply fp8: weights are unpacked first, which saves memory, not time.",
    "",
    "The first wakes in 40 s: boot 30 + weights 10",
    "",
    "Against an API at 0.32 USD for a million tokens of this mix: cheaper from 163 million tokens a day on " +
      "(52 USD a day, 1 × the first option, control plane included).",
  ]);
});

test("columns are as wide as their widest cell, numbers to the right", () => {
  expect(
    columns(
      [
        ["a", "n"],
        ["long", "1"],
        ["b", "1000"],
      ],
      1,
    ),
  ).toEqual(["a        n", "long     1", "b     1000"]);
});
