import fc from "fast-check";
import { expect, test } from "vitest";
import { INSTANCES } from "../../planner/instances";
import { type NodeCapacity, replicaRequests } from "../../planner/pod-requests";

const node = (type: string): NodeCapacity => {
  const facts = INSTANCES[type];
  if (!facts) throw new Error(type);
  return facts;
};

test("a replica with one GPU takes what a g6e.xlarge has left", () => {
  expect(replicaRequests([node("g6e.xlarge")], 1)).toEqual({ cpuMillis: 3510, memoryMib: 28421 });
});

test("with a fallback to a smaller node, the smaller decides", () => {
  expect(replicaRequests([node("g6e.xlarge"), node("g5.xlarge")], 1)).toEqual({ cpuMillis: 3510, memoryMib: 13266 });
});

test("a replica on part of a node takes its GPUs' share", () => {
  expect(replicaRequests([node("g6e.12xlarge")], 2)).toEqual({ cpuMillis: 23695, memoryMib: 179566 });
});

test("no node and too small a node are refused", () => {
  expect(() => replicaRequests([], 1)).toThrow("no node to fit a replica on");
  expect(() => replicaRequests([node("g6e.12xlarge")], 8)).toThrow("a replica of 8 GPUs does not fit a node of 4");
});

test("as many replicas as a node has GPUs for always fit it, with the daemons and a sidecar each", () => {
  const types = fc.constantFrom(...Object.keys(INSTANCES));
  fc.assert(
    fc.property(types, fc.integer({ min: 1, max: 8 }), (type, gpus) => {
      const facts = node(type);
      fc.pre(gpus <= facts.gpus);
      const replicas = Math.floor(facts.gpus / gpus);
      const { cpuMillis, memoryMib } = replicaRequests([facts], gpus);
      expect(cpuMillis).toBeGreaterThan(1000);
      expect(memoryMib).toBeGreaterThan(8192);
      expect(replicas * (cpuMillis + 10) + 400).toBeLessThanOrEqual(facts.allocatableCpuMillis);
      expect(replicas * (memoryMib + 128) + 768).toBeLessThanOrEqual(facts.allocatableMemoryMib);
    }),
  );
});
