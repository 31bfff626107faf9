import { describe, expect, test } from "vitest";
import { adopted, right, stackFile, told } from "./config-harness";

const spend = (settings: Record<string, unknown>) => told({ ...right(), spend: settings });

test("nothing has to be set", () => {
  expect(told(right())).toEqual([]);
  expect(spend({ lease: "12h", limit: 20, monthlyBudget: 1000.5, emails: ["ops@example.com"] })).toEqual([]);
});

describe("values that are none", () => {
  test.each([
    [{ lease: "1m" }, 'spend.lease: "1m" is too small: at least 5m'],
    [{ lease: "31d" }, 'spend.lease: "31d" is too big: at most 30d'],
    [{ limit: 0 }, "spend.limit: 0 is too small: at least 0.01"],
    [{ idleNode: "5m" }, 'spend.idleNode: "5m" is too small: at least 15m'],
    [{ monthlyBudget: "1000" }, 'spend.monthlyBudget: "1000" is not of type number'],
    [{ emails: ["ops"] }, 'spend.emails[0]: "ops" is not an e-mail address such as "ops@example.com"'],
    [{ lease: "5y" }, 'spend.lease: "5y" is not a duration such as "90s", "10m" or "1h30m" (units: s, m, h, d)'],
    [{ unseenNode: "1m" }, 'spend.unseenNode: "1m" is too small: at least 1h'],
    [{ emails: "ops@example.com" }, 'spend.emails: "ops@example.com" is not a list; write [ops@example.com]'],
    [{ leases: "1h" }, 'spend.leases: there is no such setting; did you mean "lease"?'],
  ])("%j", (settings, message) => {
    expect(spend(settings)).toEqual([message]);
  });
});

describe("a limit below what is always up", () => {
  test("would switch off at once, and both numbers are told", () => {
    const config = stackFile("rehearsal");
    expect(told({ ...config, spend: { limit: 5 } })).toEqual([
      "spend.limit: $5.00 an hour is less than the $6.88 of nodes that this stack keeps up without a request (steadyNodes, replicas.min, schedule), so the guard would switch them off at once; raise the limit, or lower those",
    ]);
  });

  test("and so would one that has no room for the node that a first request wakes", () => {
    const config = stackFile("rehearsal");
    expect(told({ ...config, spend: { limit: 6.88 } })).toEqual([
      "spend.limit: $6.88 an hour is less than the $8.74 of nodes with one replica of a model awake beside what always runs, so the guard would switch off what a first request wakes; raise the limit, or take a cheaper GPU",
    ]);
    expect(told({ ...config, spend: { limit: 8.75 } })).toEqual([]);
  });

  test("is not reckoned from pools that cannot be read", () => {
    const gpuPools = { l40s: { gpu: "l40s", maxGpus: 2 }, h100: { gpu: "h100", maxGpus: -1 } };
    expect(told({ ...stackFile("rehearsal"), gpuPools, spend: { limit: 1 } }).join("\n")).not.toMatch(/spend/);
  });

  test("nor from types that the kit does not know", () => {
    const gpuPools = { l40s: { gpu: "l40s", maxGpus: 2, instanceTypes: ["g6e.huge"] } };
    const faults = told({ ...right(), gpuPools, spend: { limit: 1 } });
    expect(faults).toEqual([expect.stringMatching(/^gpuPools\.l40s\.instanceTypes\[0\]: g6e\.huge is not/)]);
  });
});

describe("times of the guard", () => {
  const held = (models: Record<string, unknown>, settings: Record<string, unknown>) =>
    told({ ...right(), models: { qwen: { ...right().models.qwen, hold: "20m", ...models } }, spend: settings });

  test("that would end a node which is kept on purpose are refused, with the sum", () => {
    const message =
      "spend.idleNode: 2h is less than the 8h35m for which a node of pool l40s may show no use while all works as it is set " +
      "(idleAfter 8h, emptyFor 5m, hold 15m, margin 15m), so the guard would end nodes that are kept on purpose; " +
      "set 8h35m or more, or leave it out";
    expect(held({ idleAfter: "8h", hold: "15m" }, { idleNode: "2h" })).toEqual([message]);
    expect(held({ idleAfter: "8h", hold: "15m" }, { idleNode: "30899s" })).toHaveLength(1);
    expect(held({ idleAfter: "8h", hold: "15m" }, { idleNode: "8h35m" })).toEqual([]);
    expect(held({ idleAfter: "8h", hold: "15m" }, {})).toEqual([]);
  });

  test("have no meaning in a pool that holds a floor", () => {
    expect(held({ idleAfter: "8h", replicas: { min: 1, max: 1 } }, { idleNode: "2h", unseenNode: "1h" })).toEqual([]);
  });

  test("do not end what may be in use before what is known to be idle", () => {
    const later = (unseen: string, idle: string) =>
      `spend.unseenNode: ${unseen} is less than the ${idle} after which a node of pool l40s is idle (idleNode): one that may ` +
      `still be in use would go before one that is known to be idle; set ${idle} or more, or leave it out`;
    expect(held({}, { idleNode: "3h", unseenNode: "2h" })).toEqual([later("2h", "3h")]);
    expect(held({}, { unseenNode: "1h" })).toEqual([later("1h", "2h")]);
    expect(held({ idleAfter: "8h" }, { unseenNode: "3h" })).toEqual([later("3h", "8h40m")]);
    expect(held({}, { unseenNode: "2h" })).toEqual([]);
  });

  test("are not reckoned from a hold that cannot be kept", () => {
    expect(held({ hold: "2h" }, { idleNode: "1h" }).join("\n")).not.toMatch(/spend/);
  });
});

describe("a pool of which no price is known", () => {
  const H200 = { gpu: "h200", gpusPerNode: 8, maxGpus: 8, instanceTypes: ["p5e.48xlarge"] };
  const stack = (pool: Record<string, unknown>, settings: Record<string, unknown> = {}) =>
    told({
      ...right(),
      gpuPools: { h200: pool },
      models: { qwen: { ...right().models.qwen, gpu: "h200" } },
      spend: settings,
    });
  const NO_PRICE =
    "gpuPools.h200.instanceTypes: the kit knows no price of p5e.48xlarge, which AWS sells in capacity blocks only, so the spend " +
    "guard could not tell what its nodes cost; ";
  const WRITE = "write what you pay for one an hour into planner/instances.ts (last column of its row)";

  test("is refused, with a limit and without, and told what to do", () => {
    expect(stack(H200)).toEqual([`${NO_PRICE}name p5en.48xlarge too, or ${WRITE}`]);
    expect(stack(H200, { limit: 100 })).toEqual([`${NO_PRICE}name p5en.48xlarge too, or ${WRITE}`]);
    expect(stack({ ...H200, instanceTypes: ["p5e.48xlarge", "p5en.48xlarge"] })).toEqual([]);
  });

  test("has no other type in a capacity block", () => {
    const capacityBlock = { id: "cr-0123456789abcdef0", zone: "us-east-1a" };
    expect(stack({ ...H200, maxGpus: 0, capacity: [], steadyNodes: 1, capacityBlock })).toEqual([NO_PRICE + WRITE]);
  });
});

test("each address once", () => {
  expect(spend({ emails: ["a@example.com", "b@example.com", "a@example.com"] })).toEqual([
    "spend.emails[2]: a@example.com is named twice; name each address once",
  ]);
  // Also while another is none.
  expect(spend({ emails: ["a@example.com", "ops", "a@example.com"] })).toEqual([
    'spend.emails[1]: "ops" is not an e-mail address such as "ops@example.com"',
    "spend.emails[2]: a@example.com is named twice; name each address once",
  ]);
});

test("on an adopted cluster nothing is made in AWS, and nothing guarded", () => {
  const remove = "spend: has no meaning with cluster.adopt, where the kit creates nothing in AWS; remove it";
  expect(told({ ...adopted(), spend: { lease: "12h" } })).toEqual([remove]);
  // What is to be removed need not be mended first.
  expect(told({ ...adopted(), spend: { lease: "1m", limits: 5, emails: ["ops", "ops"] } })).toEqual([remove]);
  expect(told({ ...adopted(), spend: 5 })).toEqual([remove]);
  expect(told({ ...adopted(), spend: {} })).toEqual([]);
});

test("steady nodes in a capacity block may have a lease: they are paid for, and others may want to know", () => {
  const gpuPools = {
    h100: {
      gpu: "h100",
      gpusPerNode: 8,
      maxGpus: 0,
      capacity: [],
      steadyNodes: 1,
      instanceTypes: ["p5.48xlarge"],
      capacityBlock: { id: "cr-0123456789abcdef0", zone: "us-east-1a" },
    },
  };
  const models = { qwen: { ...right().models.qwen, gpu: "h100" } };
  expect(told({ ...right(), gpuPools, models, spend: { lease: "12h" } })).toEqual([]);
});
