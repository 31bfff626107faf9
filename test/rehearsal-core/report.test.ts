import { expect, test } from "vitest";
import { type Report, summary } from "../../rehearsal/report";

const up = (byType: Record<string, number>): Report["phases"][number] => ({
  name: "up",
  seconds: 1,
  steps: { byOperation: { create: 2 }, byType, changes: [], errors: [] },
});
const report = (change: Partial<Report>): Report => ({
  stack: "dev",
  ownCluster: true,
  phases: [up({ "aws:eks/cluster:Cluster": 1, "aws:ec2/vpc:Vpc": 1, "kubernetes:core/v1:Namespace": 2 })],
  objects: {},
  notes: [],
  later: [],
  kept: [],
  seconds: 1,
  ...change,
});

test("says which services of AWS were simulated, and what nobody checked", () => {
  expect(summary(report({}))).toContain(
    "  simulated: AWS (ec2, eks) in moto; AWS's own service models check each call, nobody checks permissions, quotas or capacity",
  );
  expect(summary(report({ phases: [up({ "kubernetes:core/v1:Namespace": 2 })] }))).toContain(
    "  simulated: AWS, of which nothing was made",
  );
});

test("says what helm and AWS left by themselves, and that nothing else is left", () => {
  const nothing = (word: string) =>
    `  left behind: nothing ${word}in the state, in the Kubernetes API, or in the account`;
  expect(summary(report({})).at(-1)).toBe(nothing(""));
  expect(summary(report({ later: ["key k"], kept: ["probes.example.com"] })).slice(-4)).toEqual([
    "  left to AWS's own time: key k",
    "  left by helm on purpose: 1 CRDs from the charts' crds folders; they go with the cluster",
    "         probes.example.com",
    nothing("else "),
  ]);
  expect(summary(report({ ownCluster: false, kept: ["probes.example.com"] }))).toContain(
    "  left by helm on purpose: 1 CRDs from the charts' crds folders; docs/adopt.md says how to remove them",
  );
});
