import { expect, test } from "vitest";
import { explain, textOf } from "../../scripts/why-explain";
import type { Deployment } from "../../scripts/why-objects";
import { claim, condition, deployment, facts, MODEL, nodePool, noRoom, refused, waits } from "./why-samples";

const named = (name: string, component: string): Deployment => ({
  metadata: { name, namespace: "inference" },
  spec: { replicas: 1, template: { metadata: { labels: { "app.kubernetes.io/component": component } } } },
  status: { readyReplicas: 1 },
});

test("every engine has a paragraph, and what serves it has none", () => {
  const all = facts({
    deployments: [
      named("zephyr", "engine"),
      named(`${MODEL}-router`, "router"),
      named("gateway", "gateway"),
      deployment(1, 1),
    ],
  });
  expect(textOf(explain(all))).toBe(
    "qwen3-8b is awake: 1 of 1 replica ready.\n\nzephyr is awake: 1 of 1 replica ready.",
  );
  expect(explain(all, ["zephyr"]).map(({ model }) => model)).toEqual(["zephyr"]);
});

test("what machines read has the figures, too", () => {
  expect(explain(waits(10))).toMatchObject([
    { model: MODEL, state: "unknown", ready: 0, wanted: 1, held: 1, commands: [] },
  ]);
});

test("a claim of another pool is nobody's node", () => {
  const other = claim([condition("Launched", "True", "Launched", "", 5)]);
  const elsewhere = {
    ...other,
    metadata: { ...other.metadata, labels: { "karpenter.sh/nodepool": "h100-on-demand" } },
  };
  expect(explain(waits(10, { nodeClaims: [elsewhere] }))).toMatchObject([{ state: "unknown" }]);
});

test("a refusal is that of the longest name that fits, and of this pod's time", () => {
  const pools = [nodePool("l40s-spot", ["g6e.xlarge"]), nodePool("l40s-spot-big", ["g6e.48xlarge"])];
  const big = refused("l40s-spot-big", noRoom("g6e.48xlarge", "us-east-1a"), 5);

  const [answer] = explain(waits(10, { nodePools: pools, events: [big] }));
  expect(answer?.text).toContain("NodePool l40s-spot-big EC2 refused g6e.48xlarge");
  expect(answer?.text).not.toContain("NodePool l40s-spot EC2");
  const old = refused("l40s-spot", noRoom("g6e.xlarge", "us-east-1a"), 60);
  expect(explain(waits(10, { nodePools: pools, events: [old] }))[0]?.state).toBe("unknown");
});
