import { expect, test } from "vitest";
import { parseStack } from "../../stacks/config-read";
import { warningsOf } from "../../stacks/config-warnings";
import { AROUND, adopted, right } from "./config-harness";

const warned = (spend: Record<string, unknown>) => warningsOf(parseStack({ ...right(), spend }, AROUND), AROUND.today);

test("a lease of which nobody is told, once, and not where somebody is", () => {
  expect(warned({ lease: "90m" })).toEqual([
    "spend.emails: is empty, so GPUs go off unannounced when the lease of 1h30m ends; set spend.emails, and each address confirms AWS's mail",
  ]);
  expect(warned({ lease: "90m", emails: ["ops@example.com"] })).toEqual([]);
  expect(warned({})).toEqual([]);
});

test("a budget below what the stack costs asleep", () => {
  expect(warned({ monthlyBudget: 1 })).toEqual([
    expect.stringMatching(
      /^spend\.monthlyBudget: \$1\.00 is less than the \$28\d a month that this stack costs asleep, so it is spent whatever runs; raise it$/,
    ),
  ]);
  expect(warned({ monthlyBudget: 300 })).toEqual([]);
});

test("an adopted cluster has neither lease nor budget", () => {
  expect(warningsOf(parseStack(adopted(), AROUND), AROUND.today)).toEqual([]);
});
