import { expect, test } from "vitest";
import { systemNodeCount } from "../../planner/system-nodes";

test.each([
  [1, 2],
  [10, 2],
  [11, 3],
  [21, 3],
  [22, 4],
  [50, 6],
])("%i models take %i system nodes", (models, nodes) => {
  expect(systemNodeCount(models)).toBe(nodes);
});

test("what is requested fits what the nodes have", () => {
  for (let models = 1; models <= 100; models++) {
    const nodes = systemNodeCount(models);
    expect(1800 + models * 150).toBeLessThanOrEqual(nodes * (1930 - 150));
  }
});
