import { afterAll, beforeAll, expect, test } from "vitest";
import { later, STEADY } from "./guard-account";
import { type GuardStage, startGuardStage } from "./guard-stage";

/*
 * What the guard does with single nodes, idle ones and those of whose use nothing is known, with the real AWS SDK against
 * moto's account.
 */

const HOUR = 3600;
let stage: GuardStage;

beforeAll(async () => {
  stage = await startGuardStage();
});
afterAll(async () => stage?.on.close());

test("elastic nodes without use go; used, gappy and steady ones stay", async () => {
  const stack = await stage.inhabited("idle");
  const [idle = "", used = "", steady = ""] = stack.gpus;
  const gappy = await stack.elastic();
  const now = later(3 * HOUR);
  await stack.use(idle, 0, 2 * HOUR, now);
  await stack.use(steady, 0, 2 * HOUR, now);
  await stack.use(used, 0, 2 * HOUR, now);
  await stack.use(used, 7, 60, new Date(now.getTime() - 1.5 * HOUR * 1000));
  // Half of the time nobody looked: it may have been in use.
  await stack.use(gappy, 0, HOUR, now);
  await stack.guard(now).run({ action: "check" });
  expect(await stage.states([idle, used, steady, gappy])).toEqual(["terminated", "running", "running", "running"]);
  expect((await stack.told()).map(({ subject }) => subject).sort()).toEqual([
    "Pilotlight idle: 1 idle GPU node terminated",
    "Pilotlight idle: steady GPU nodes are idle",
  ]);
  expect(await stack.sizes()).toEqual({ gpu: STEADY, system: STEADY });
  expect(await stack.policies()).toEqual(["own"]);
  await stage.bystandersUntouched(stack.system);
});

test("nodes whose use nobody publishes: a notice, then one a check, two hours later and once they are old", async () => {
  const stack = await stage.inhabited("unseen");
  const [one = "", two = "", steady = ""] = stack.gpus;
  const subjects = async () => (await stack.told()).map(({ subject }) => subject);
  const check = async (hours: number) => {
    await stack.guard(later(hours * HOUR)).run({ action: "check" });
    return (await stage.states([one, two, steady])).map((state) => state === "running");
  };
  expect(await check(1.9)).toEqual([true, true, true]);
  expect(await subjects()).toEqual([]);
  expect(await check(2.1)).toEqual([true, true, true]);
  const [told, ...more] = await stack.told();
  expect(more).toEqual([]);
  expect(told?.subject).toBe("Pilotlight unseen: nothing is known of the use of GPU nodes");
  expect(told?.text).toContain("deployment gpu-use in namespace monitoring");
  for (const id of [one, two]) expect(told?.text).toContain(id);
  expect(told?.text).not.toContain(steady);
  expect(await check(11.9)).toEqual([true, true, true]);
  expect(await subjects()).toEqual([]);

  // Somebody mends it for one of them.
  const now = later(12.1 * HOUR);
  await stack.use(two, 5, 60, now);
  expect(await check(12.1)).toEqual([false, true, true]);
  expect(await subjects()).toEqual(["Pilotlight unseen: 1 unseen GPU node terminated"]);
  expect(await check(12.2)).toEqual([false, true, true]);
  expect(await stack.sizes()).toEqual({ gpu: STEADY, system: STEADY });
  await stage.bystandersUntouched(stack.system);
});

test("nodes that nobody was told of stay, and an old one has its two hours, too; they go one at a check", async () => {
  const stack = await stage.inhabited("untold");
  const elastic = stack.gpus.slice(0, 2);
  const running = async () => (await stage.states(elastic)).filter((state) => state === "running").length;
  const deaf = stack.guard(later(20 * HOUR), { topicArn: stage.other.settings.topicArn });
  await expect(deaf.run({ action: "check" })).rejects.toThrow(/publish "Pilotlight untold: nothing is known/);
  const check = (hours: number) => stack.guard(later(hours * HOUR)).run({ action: "check" });
  await check(23);
  expect(await running()).toBe(2);
  await check(24.9);
  expect(await running()).toBe(2);
  await check(25.1);
  expect(await running()).toBe(1);
  await check(25.2);
  expect(await running()).toBe(0);
  await stage.bystandersUntouched(stack.system);
});

test("nodes that were there before the last idle end are no returns: all of them go", async () => {
  const stack = await stage.inhabited("staying");
  const nodes = await Promise.all(Array.from({ length: 4 }, () => stack.elastic()));
  for (const [index, id] of nodes.entries()) {
    const now = later((3 + index) * HOUR);
    await stack.use(id, 0, 2 * HOUR, now);
    await stack.guard(now).run({ action: "check" });
    expect(await stage.states([id])).toEqual(["terminated"]);
  }
  expect((await stack.told()).filter(({ subject }) => subject.includes("keep coming back"))).toEqual([]);
  await stage.bystandersUntouched(stack.system);
});

test("over a window of more than three hours, one value in five minutes is too few", async () => {
  const stack = await stage.inhabited("sparse");
  const [full = "", sparse = ""] = stack.gpus;
  const pools = { l40s: { idleSeconds: 4 * HOUR } };
  const now = later(5 * HOUR);
  await stack.use(full, 0, 4 * HOUR, now);
  for (let minute = 0; minute < 240; minute += 5)
    await stack.use(sparse, 0, 60, new Date(now.getTime() - minute * 60_000));
  await stack.guard(now, { pools }).run({ action: "check" });
  expect(await stage.states([full, sparse])).toEqual(["terminated", "running"]);
});

test("a protected node keeps no other one, and nodes of a pool that is gone end like others", async () => {
  const stack = await stage.inhabited("kept");
  const [kept = "", orphan = ""] = stack.gpus;
  const DisableApiTermination = { Value: true };
  await stage.on.call("ec2", "ModifyInstanceAttribute", { InstanceId: kept, DisableApiTermination });
  const check = (hours: number) =>
    stack
      .guard(later(hours * HOUR), { pools: { other: { idleSeconds: 2 * HOUR, unseenSeconds: 12 * HOUR } } })
      .run({ action: "check" });
  stack.started(kept, later(-HOUR));
  await check(10.5);
  await expect(check(13)).rejects.toThrow(new RegExp(`terminate ${kept}: OperationNotPermitted`));
  expect(await stage.states([kept, orphan])).toEqual(["running", "terminated"]);
  const subjects = (await stack.told()).map(({ subject }) => subject).sort();
  expect(subjects.slice(0, 1)).toEqual(["Pilotlight kept: 1 unseen GPU node terminated"]);
  expect(subjects).toContain("Pilotlight kept: unused GPU nodes could not be terminated");
});

test("after a third idle end within a day a pool rests for a day; nothing is switched off", async () => {
  const stack = await stage.inhabited("returning");
  const round = async (hours: number) => {
    const now = later(hours * HOUR);
    const idle = await stack.elastic();
    stack.started(idle, later((hours - 2.5) * HOUR));
    await stack.use(idle, 0, 2 * HOUR, now);
    await stack.guard(now).run({ action: "check" });
    return stage.states([idle]);
  };
  for (const hours of [3, 6, 9]) expect(await round(hours)).toEqual(["terminated"]);
  await stack.told();
  expect(await round(12)).toEqual(["running"]);
  const rest = (await stack.told()).filter(({ subject }) => subject.includes("keep coming back"));
  expect(rest).toEqual([
    { subject: "Pilotlight returning: idle nodes of pool l40s keep coming back", text: expect.any(String) },
  ]);
  expect(rest[0]?.text).toContain("npm run why -- --stack returning");
  expect(await round(15)).toEqual(["running"]);
  expect((await stack.told()).filter(({ subject }) => subject.includes("keep coming back"))).toEqual([]);
  expect(await round(33.5)).toEqual(["terminated"]);
  expect((await stage.states(stack.gpus.slice(2)))[0]).toBe("running");
  expect(await stack.policies()).toEqual(["own"]);
});
