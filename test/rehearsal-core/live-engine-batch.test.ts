import { expect, test } from "vitest";
import { Batch, type Sequence } from "../../rehearsal/live/engine/batch";

const LIMITS = { maxSequences: 2, maxBatchedTokens: 100, cacheBlocks: 1000, stepSeconds: () => 1 };

interface Named extends Sequence {
  readonly name: string;
}

const sequence = (name: string, promptTokens: number, answerTokens: number, cached = 0): Named => ({
  ...{ name, promptTokens, answerTokens, cachedTokens: () => cached },
});

/** Steps until nothing is left: what each worked on and which tokens it made. */
function run(batch: Batch<Named>, most = 20): string[] {
  const steps: string[] = [];
  for (let step = batch.begin(); step && steps.length < most; step = batch.begin()) {
    const { decoding, contextTokens, promptTokens, promptContext } = step.work;
    const tokens = batch.end().map(({ sequence: { name }, index, last }) => `${name}${index}${last ? "." : ""}`);
    steps.push(`${decoding}@${contextTokens} + ${promptTokens}@${promptContext}: ${tokens.join(" ")}`);
  }
  return steps;
}

test("one request: its prompt in one step, which makes the first token, then a token a step", () => {
  const batch = new Batch<Named>(LIMITS);
  batch.add(sequence("a", 40, 3));
  expect(run(batch)).toEqual(["0@0 + 40@20: a0", "1@41 + 0@0: a1", "1@42 + 0@0: a2."]);
  expect(batch.begin()).toBeUndefined();
});

test("a long prompt takes several steps, and others go on meanwhile", () => {
  const batch = new Batch<Named>(LIMITS);
  batch.add(sequence("a", 10, 4));
  batch.add(sequence("b", 250, 1));
  expect(run(batch)).toEqual([
    // 90 tokens of b fit beside 10 of a: 10 with 5 before them and 90 with 45.
    "0@0 + 100@41: a0",
    "1@11 + 99@139.5: a1",
    "1@12 + 61@219.5: a2 b0.",
    "1@13 + 0@0: a3.",
  ]);
});

test("no more run than there are places; the others come in the order of their arrival", () => {
  const batch = new Batch<Named>(LIMITS);
  for (const name of ["a", "b", "c", "d"]) batch.add(sequence(name, 10, 2));
  batch.begin();
  expect([batch.runningCount, batch.waitingCount]).toEqual([2, 2]);
  batch.end();
  expect(run(batch)).toEqual(["2@11 + 0@0: a1. b1.", "0@0 + 20@5: c0 d0", "2@11 + 0@0: c1. d1."]);
});

test("what the prefix cache has is not prefilled, and counts as what a token sees", () => {
  const batch = new Batch<Named>(LIMITS);
  batch.add(sequence("a", 80, 1, 64));
  expect(run(batch)).toEqual(["0@0 + 16@72: a0."]);
});

test("a request waits until its whole length has room in the KV cache, but never for ever", () => {
  const batch = new Batch<Named>({ ...LIMITS, cacheBlocks: 4 });
  batch.add(sequence("a", 30, 2));
  batch.add(sequence("b", 30, 3));
  batch.add(sequence("c", 90, 1));
  expect(batch.begin()?.admitted.map(({ name }) => name)).toEqual(["a"]);
  batch.end();
  // 31 tokens are two blocks of four.
  expect(batch.cacheUsage).toBe(0.5);
  expect(run(batch).map((step) => step.replace(/.*: /, ""))).toEqual(["a1.", "b0", "b1", "b2.", "c0."]);
  expect(batch.cacheUsage).toBe(0);
});

test("what is taken out makes no more tokens, and the next step has its place", () => {
  const batch = new Batch<Named>(LIMITS);
  const [a, b, c] = [sequence("a", 10, 9), sequence("b", 10, 2), sequence("c", 10, 2)];
  for (const each of [a, b, c]) batch.add(each);
  batch.begin();
  batch.remove(a);
  expect(batch.end().map(({ sequence: { name } }) => name)).toEqual(["b"]);
  expect(batch.begin()?.admitted).toEqual([c]);
  batch.end();
  const d = sequence("d", 10, 2);
  batch.add(d);
  batch.remove(d);
  expect(run(batch)).toEqual(["1@11 + 0@0: c1."]);
});
