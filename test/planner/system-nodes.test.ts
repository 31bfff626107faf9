import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type PodSize, SYSTEM_NODE_ROOM, systemNodeCount, systemPods } from "../../planner/system-nodes";

const SMALL = { gatewayReplicas: 1, controllerReplicas: 1 } as const;
const LARGE = { gatewayReplicas: 2, controllerReplicas: 2 } as const;

test.each([
  [{ ...SMALL, models: 1 }, 2],
  [{ ...SMALL, models: 10 }, 2],
  [{ ...SMALL, models: 11 }, 3],
  [{ ...SMALL, models: 21 }, 4],
  [{ ...LARGE, models: 1 }, 2],
  [{ ...LARGE, models: 6 }, 2],
  [{ ...LARGE, models: 7 }, 3],
  [{ ...LARGE, models: 17 }, 4],
  [{ ...LARGE, models: 1, gatewayReplicas: 20 }, 5],
  [{ ...LARGE, models: 50 }, 7],
])("%j takes %i nodes", (load, nodes) => {
  expect(systemNodeCount(load)).toBe(nodes);
});

/**
 * Puts each pod on a node that has room for it, whichever `choose` takes, as a scheduler without foresight would.
 * @returns the pods that found none.
 */
function homeless(pods: readonly PodSize[], nodes: number, choose: (among: number) => number): PodSize[] {
  const left = Array.from(
    { length: nodes },
    () => ({ ...SYSTEM_NODE_ROOM }) as { -readonly [K in keyof typeof SYSTEM_NODE_ROOM]: number },
  );
  return pods.filter((pod) => {
    const fitting = left.filter(
      (node) => node.cpuMillis >= pod.cpuMillis && node.memoryMib >= pod.memoryMib && node.pods >= 1,
    );
    const node = fitting[choose(fitting.length)];
    if (node === undefined) return true;
    node.cpuMillis -= pod.cpuMillis;
    node.memoryMib -= pod.memoryMib;
    node.pods -= 1;
    return false;
  });
}

const load = fc.record({
  models: fc.integer({ min: 1, max: 80 }),
  gatewayReplicas: fc.integer({ min: 1, max: 20 }),
  controllerReplicas: fc.constantFrom(1 as const, 2 as const),
});

describe("every pod finds room", () => {
  test("whatever the order and whichever nodes it meets", () => {
    fc.assert(
      fc.property(load, fc.infiniteStream(fc.nat()), (some, numbers) => {
        const next = () => numbers.next().value;
        const pods = systemPods(some)
          .map((pod) => ({ pod, place: next() }))
          .sort((a, b) => a.place - b.place)
          .map(({ pod }) => pod);
        expect(homeless(pods, systemNodeCount(some), (among) => next() % Math.max(1, among))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test("with the small ones first and spread out, which leaves the least room for a large one", () => {
    fc.assert(
      fc.property(load, (some) => {
        const pods = systemPods(some).sort((a, b) => a.cpuMillis - b.cpuMillis);
        let turn = 0;
        expect(homeless(pods, systemNodeCount(some), (among) => turn++ % Math.max(1, among))).toEqual([]);
      }),
    );
  });

  test("and with half of the nodes they would not", () => {
    const some = { ...LARGE, models: 30 };
    const nodes = Math.floor(systemNodeCount(some) / 2);
    expect(homeless(systemPods(some), nodes, () => 0).length).toBeGreaterThan(0);
  });
});

test("a replica, a model or a second controller never takes a node away", () => {
  fc.assert(
    fc.property(load, (some) => {
      const nodes = systemNodeCount(some);
      expect(nodes).toBeGreaterThanOrEqual(2);
      expect(systemNodeCount({ ...some, models: some.models + 1 })).toBeGreaterThanOrEqual(nodes);
      expect(systemNodeCount({ ...some, gatewayReplicas: some.gatewayReplicas + 1 })).toBeGreaterThanOrEqual(nodes);
      expect(systemNodeCount({ ...some, controllerReplicas: 2 })).toBeGreaterThanOrEqual(nodes);
    }),
  );
});
