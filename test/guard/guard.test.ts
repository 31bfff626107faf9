import { beforeEach, describe, expect, test, vi } from "vitest";
import { Guard } from "../../guard/guard";
import type { Instance } from "../../guard/instances";
import type { GuardSettings } from "../../guard/settings";
import { parseState, stateText } from "../../guard/state";
import { at, HOUR, instance, NOW, SETTINGS, steady } from "./facts-made";
import { FakeAccount, type Values } from "./fake-account";

/*
 * Whole runs of the guard where AWS refuses something, or over many hours.
 */

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
});

const NO_GROUPS: GuardSettings = {
  ...SETTINGS,
  pools: { l40s: { idleSeconds: 2 * HOUR, unseenSeconds: 12 * HOUR }, fixed: {} },
};
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);
/** One guard, as in one process of Lambda, with a clock that tests set. */
function guarded(account: FakeAccount, settings: GuardSettings = NO_GROUPS) {
  let now = NOW;
  const guard = new Guard(account.aws, settings, () => now);
  const at = (seconds: number) => {
    now = later(seconds);
  };
  return {
    check: async (seconds: number) => {
      at(seconds);
      return guard.run({ action: "check" });
    },
    run: async (seconds: number, action: "status" | "wake") => {
      at(seconds);
      return guard.run({ action });
    },
  };
}
const state = (account: FakeAccount) => parseState(account.state).state;
/** One value a minute over these seconds before the end of the window. */
const minutes = (from: number, to: number, percent: number) =>
  Array.from({ length: Math.round((to - from) / 60) }, (_, minute) => [from + minute * 60 + 30, percent] as const);
const noUse = (...ids: string[]): Values => Object.fromEntries(ids.map((id) => [id, minutes(0, 8 * HOUR, 0)]));

test("nodes that were there all the time and fall idle one after another are no returns", async () => {
  const nodes = Array.from({ length: 5 }, (_, index) => instance(`i-${index}`, { age: 30 * HOUR }));
  const account = new FakeAccount(nodes);
  const { check } = guarded(account);
  for (const [index, { id }] of nodes.entries()) {
    account.values = { ...Object.fromEntries(nodes.map((one) => [one.id, minutes(0, HOUR, 50)])), ...noUse(id) };
    await check(index * HOUR);
  }
  expect(account.instances).toEqual([]);
  expect(account.told).toEqual(Array(5).fill("Pilotlight dev: 1 idle GPU node terminated"));
});

describe("unseen nodes", () => {
  const ids = (account: FakeAccount) => account.instances.map(({ id }) => id);
  const three = ["i-1", "i-2", "i-3"].map((id, index) => instance(id, { age: (20 - index) * HOUR }));
  test("one that is protected keeps no other", async () => {
    const account = new FakeAccount(three);
    account.protectedIds.add("i-1");
    const { check } = guarded(account);
    await check(0);
    await expect(check(2 * HOUR)).rejects.toThrow("terminate i-1: Error: i-1 may not be terminated");
    expect(ids(account)).toEqual(["i-1", "i-3"]);
    await expect(check(2.1 * HOUR)).rejects.toThrow("terminate i-1");
    expect(ids(account)).toEqual(["i-1"]);
    expect(account.told).toEqual([
      "Pilotlight dev: nothing is known of the use of GPU nodes",
      "Pilotlight dev: 1 unseen GPU node terminated",
      "Pilotlight dev: unused GPU nodes could not be terminated",
      "Pilotlight dev: 1 unseen GPU node terminated",
    ]);
  });
  test("a publisher that CloudWatch refuses is told of in a stack without a lease, too", async () => {
    const account = new FakeAccount(three);
    const { check } = guarded(account, { ...NO_GROUPS, pools: { l40s: { idleSeconds: 2 * HOUR } } });
    for (const hours of [0, 12, 25, 26]) await check(hours * HOUR);
    expect(ids(account)).toEqual(["i-1", "i-2", "i-3"]);
    expect(account.told).toEqual(Array(2).fill("Pilotlight dev: nothing is known of the use of GPU nodes"));
  });
});

test("of idle nodes that EC2 keeps nobody hears that they were terminated", async () => {
  const account = new FakeAccount([instance("i-1"), instance("i-2")]);
  account.values = noUse("i-1", "i-2");
  for (const id of ["i-1", "i-2"]) account.protectedIds.add(id);
  const { check } = guarded(account);
  await expect(check(0)).rejects.toThrow("terminate i-2");
  await expect(check(300)).rejects.toThrow("terminate i-1");
  expect(account.told).toEqual(["Pilotlight dev: unused GPU nodes could not be terminated"]);
  expect(state(account).idleEnds).toBeUndefined();
  account.protectedIds.delete("i-1");
  await expect(check(600)).rejects.toThrow("terminate i-2");
  expect(account.told.slice(1)).toEqual(["Pilotlight dev: 1 idle GPU node terminated"]);
  expect(state(account).idleEnds).toEqual({ l40s: [at(600)] });
});

describe("how many values there are", () => {
  const day = { ...NO_GROUPS, pools: { l40s: { idleSeconds: 6 * HOUR } } };
  const checked = async (values: Values[string], settings: GuardSettings) => {
    const account = new FakeAccount([instance("i-1", { age: 10 * HOUR })]);
    account.values = { "i-1": values };
    await guarded(account, settings).check(0);
    return { ...account, left: account.instances.length };
  };
  test.each([
    ["2 h, all", NO_GROUPS, minutes(0, 2 * HOUR, 0), 0],
    ["2 h, half", NO_GROUPS, minutes(0, HOUR, 0), 1],
    ["6 h, all", day, minutes(0, 6 * HOUR, 0), 0],
    ["6 h, one value in five minutes", day, minutes(0, 6 * HOUR, 0).filter((_, index) => index % 5 === 0), 1],
    ["6 h, half of them twice", day, [...minutes(0, 3 * HOUR, 0), ...minutes(0, 3 * HOUR, 0)], 1],
    ["6 h, used once", day, [...minutes(0, 6 * HOUR, 0), [3 * HOUR, 5] as const], 1],
  ])("%s", async (_, settings, values, left) => {
    expect((await checked(values, settings)).left).toBe(left);
  });
  test("CloudWatch is asked 500 questions at once, two of each instance", async () => {
    const account = new FakeAccount(Array.from({ length: 300 }, (_, index) => instance(`i-${index}`)));
    await guarded(account, { ...NO_GROUPS, limitUsdPerHour: 1000 }).check(0);
    expect(account.asked.map(({ MetricDataQueries = [] }) => MetricDataQueries.length)).toEqual([500, 100]);
  });
});

describe("a state that cannot be written or read", () => {
  const two = [instance("i-1"), steady("i-2")];
  const dear = { ...NO_GROUPS, limitUsdPerHour: 20 };
  const isOff = (answer: unknown) => expect(answer).toMatchObject({ status: { off: { since: at(0) } } });

  test("a switch-off is written by the second try of the same check", async () => {
    const account = new FakeAccount(two);
    account.failing.add("PutParameterCommand");
    const { check, run } = guarded(account, dear);
    const { policies } = account;
    const add = policies.add.bind(policies);
    // It works again by the time that the steps are taken.
    vi.spyOn(policies, "add").mockImplementation((name) => {
      account.failing.clear();
      return add(name);
    });
    await expect(check(0)).rejects.toThrow("PutParameterCommand fails");
    expect([account.instances, state(account).off?.told]).toEqual([[], true]);
    isOff(await run(60, "status"));
  });
  test("or by a later check of the same process, where a status and a wake know of it, too", async () => {
    const account = new FakeAccount(two);
    account.failing.add("PutParameterCommand");
    const { check, run } = guarded(account, dear);
    await expect(check(0)).rejects.toThrow("PutParameterCommand fails");
    expect([account.state, [...account.policies]]).toEqual(["{}", ["pilotlight-gpu-off"]]);
    isOff(await run(60, "status"));
    account.failing.clear();
    isOff(await check(300));
    expect(state(account).off?.since).toBe(at(0));
    expect(account.told).toEqual(["Pilotlight dev: GPUs are switched off"]);
    await run(600, "wake");
    await check(900);
    expect([account.policies.size, state(account)]).toEqual([0, {}]);
  });
  test("what somebody else wrote meanwhile holds", async () => {
    const account = new FakeAccount(two);
    account.failing.add("PutParameterCommand");
    const { check } = guarded(account, dear);
    await expect(check(0)).rejects.toThrow("PutParameterCommand fails");
    account.failing.clear();
    await guarded(account, dear).run(60, "wake");
    expect(await check(300)).toMatchObject({ status: { off: undefined } });
    expect(account.policies.size).toBe(0);
  });
  test("a switch-off that could not know the state is written once that can be read", async () => {
    const account = new FakeAccount(two);
    account.state = stateText({ leaseUntil: at(HOUR), waking: { sizes: {} } });
    account.failing.add("GetParameterCommand");
    const { policies } = account;
    const add = policies.add.bind(policies);
    vi.spyOn(policies, "add").mockImplementation((name) => {
      account.failing.clear();
      return add(name);
    });
    await expect(guarded(account, dear).check(0)).rejects.toThrow("GetParameterCommand fails");
    expect(state(account)).toMatchObject({ leaseUntil: at(HOUR), off: { reason: "limit", told: true } });
    expect(state(account).waking).toBeUndefined();
  });
  test.each(["PutParameterCommand", "GetParameterCommand"])(
    "past the limit, and %s fails: what is new waits for a second check, what is not goes",
    async (failing) => {
      const fresh: Instance = instance("i-3", { age: 60 });
      const account = new FakeAccount([...two, fresh]);
      account.failing.add(failing);
      const limit = { ...NO_GROUPS, limitUsdPerHour: 63 };
      await expect(guarded(account, limit).check(0)).rejects.toThrow(failing);
      expect(account.instances).toHaveLength(3);
      // Another process, which knows nothing of the first check.
      await expect(guarded(account, limit).check(300)).rejects.toThrow(failing);
      expect(account.instances).toEqual([]);
    },
  );
});
