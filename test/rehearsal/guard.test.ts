import { RunInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { DeleteClusterCommand, UpdateNodegroupConfigCommand } from "@aws-sdk/client-eks";
import { DeleteRolePolicyCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { PublishCommand } from "@aws-sdk/client-sns";
import { GetParameterCommand } from "@aws-sdk/client-ssm";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { DENY_POLICY } from "../../guard/policy";
import { STACK_TAG } from "../../guard/tags";
import { type AwsStage, startStage, WHERE } from "./aws-stage";
import { type GuardedStack, guardedStack, instanceStates, later, STEADY } from "./guard-account";

/*
 * The guard with the real AWS SDK against moto's account. Its credentials are those of a role with its policy alone, and the
 * account enforces that. What moto cannot tell: how long IAM takes, and that EKS ends the nodes of a group that shrinks.
 */

const HOUR = 3600;
const OFF = { minSize: 0, desiredSize: 0, maxSize: 3 };
let on: AwsStage;
let other: GuardedStack;
let bystanders: string[];

beforeAll(async () => {
  // The function's log; what it says is in the messages, too.
  vi.spyOn(console, "log").mockImplementation(() => {});
  on = await startStage();
  await on.aws.account.own("EnforceIam", { on: true }, WHERE.region);
  other = await guardedStack(on, "other");
  bystanders = [await other.elastic(), await other.steady(), await other.start("m7i.large", { Name: "somebody else" })];
});
afterAll(async () => on?.close());

/** Instances of a stack with GPUs, elastic and steady, and its system node. */
async function inhabited(short: string) {
  const stack = await guardedStack(on, short);
  const gpus = [await stack.elastic(), await stack.elastic("p5.48xlarge"), await stack.steady()];
  const system = await stack.start("m7i.large", { [STACK_TAG]: stack.settings.stack, "karpenter.sh/nodepool": "x" });
  return { ...stack, gpus, system };
}

async function bystandersUntouched(system: string) {
  const states = await instanceStates(on);
  expect([system, ...bystanders].map((id) => states[id])).toEqual(["running", "running", "running", "running"]);
  expect(await other.sizes()).toEqual({ gpu: STEADY, system: STEADY });
  expect(await other.policies()).toEqual(["own"]);
  expect(await other.state()).toEqual({});
  expect(await other.told()).toEqual([]);
}

const states = async (ids: readonly string[]) => {
  const all = await instanceStates(on);
  return ids.map((id) => all[id]);
};
const launch = ({ asKarpenter }: GuardedStack) =>
  asKarpenter.ec2.send(
    new RunInstancesCommand({ ImageId: "ami-12c6146b", InstanceType: "g6e.xlarge", MinCount: 1, MaxCount: 1 }),
  );

test("a lease that ends takes GPU capacity to zero and touches nothing else; a wake brings it back", async () => {
  const stack = await inhabited("lease");
  // No idle time: these hours pass on the guard's clock alone.
  const lease = { leaseSeconds: 12 * HOUR, pools: { l40s: {}, fixed: { nodeGroup: "steady-gpus" } } };
  await stack.guard(later(0), lease).run({ action: "check" });
  expect(await states(stack.gpus)).toEqual(["running", "running", "running"]);
  await stack.guard(later(11.5 * HOUR), lease).run({ action: "check" });
  await stack.guard(later(11.6 * HOUR), lease).run({ action: "check" });
  expect((await stack.told()).map(({ subject }) => subject)).toEqual(["Pilotlight lease: the GPU lease ends soon"]);
  await launch(stack);

  await stack.guard(later(12.1 * HOUR), lease).run({ action: "check" });
  expect(await states(stack.gpus)).toEqual(["terminated", "terminated", "terminated"]);
  expect(await stack.sizes()).toEqual({ gpu: OFF, system: STEADY });
  expect(await stack.policies()).toEqual(["own", DENY_POLICY].sort());
  await expect(launch(stack)).rejects.toThrow(/not authorized to perform: ec2:RunInstances/);
  const [told, ...more] = await stack.told();
  expect(more).toEqual([]);
  expect(told?.subject).toBe("Pilotlight lease: GPUs are switched off");
  expect(told?.text).toContain("npm run wake -- --stack lease");
  for (const id of stack.gpus) expect(told?.text).toContain(id);
  await bystandersUntouched(stack.system);

  // What came through before IAM knew, or what a `pulumi up` set again, goes at the next check, and nobody is told again.
  const late = await stack.elastic();
  await stack.guard(later(12.2 * HOUR), lease).run({ action: "check" });
  expect(await states([late])).toEqual(["terminated"]);
  expect(await stack.told()).toEqual([]);

  const refused = await stack.guard(later(12.3 * HOUR), lease).run({ action: "extend", seconds: HOUR });
  expect(refused).toEqual({ refused: expect.stringContaining("npm run wake -- --stack lease") });

  const woken = later(12.4 * HOUR);
  expect(await stack.guard(woken, lease).run({ action: "wake" })).toMatchObject({
    status: { off: undefined, leaseUntil: new Date(woken.getTime() + 12 * HOUR * 1000).toISOString(), faults: [] },
  });
  expect(await stack.sizes()).toEqual({ gpu: STEADY, system: STEADY });
  expect(await stack.policies()).toEqual(["own"]);
  await launch(stack);
  const back = await stack.elastic();
  await stack.guard(later(12.5 * HOUR), lease).run({ action: "check" });
  expect(await states([back])).toEqual(["running"]);
  expect(Object.keys(await stack.state())).toEqual(["leaseUntil"]);
  await bystandersUntouched(stack.system);
});

test("past the limit GPUs are switched off, at the limit they stay; an unknown type counts as the dearest", async () => {
  const stack = await inhabited("limit");
  // 2 + 60 + 60 dollars an hour.
  await stack.guard(later(0), { limitUsdPerHour: 122 }).run({ action: "check" });
  expect(await states(stack.gpus)).toEqual(["running", "running", "running"]);
  const strange = await stack.elastic("g4dn.xlarge");
  await stack.guard(later(0), { limitUsdPerHour: 181 }).run({ action: "check" });
  expect(await states([...stack.gpus, strange])).toEqual(Array(4).fill("terminated"));
  expect(await stack.sizes()).toEqual({ gpu: OFF, system: STEADY });
  const [told] = await stack.told();
  expect(told?.text).toContain("cost $182.00 an hour; the limit (spend.limit) is $181.00");
  expect(told?.text).toMatch(/g4dn\.xlarge.*\$60\.00\/h \(no price is known of this type/);
  await bystandersUntouched(stack.system);
});

test("elastic nodes without use go, by the metric or by their age; used and steady ones stay", async () => {
  const stack = await inhabited("idle");
  const [idle = "", used = "", steady = ""] = stack.gpus;
  const gappy = await stack.elastic();
  const now = later(3 * HOUR);
  await stack.use(idle, 0, 2 * HOUR, now);
  await stack.use(steady, 0, 2 * HOUR, now);
  await stack.use(used, 0, 2 * HOUR, now);
  await stack.use(used, 7, 60, new Date(now.getTime() - 1.5 * HOUR * 1000));
  // Half of the time nobody looked: it may have been in use.
  await stack.use(gappy, 0, HOUR, now);
  const unseen = await stack.elastic();
  await stack.guard(now).run({ action: "check" });
  expect(await states([idle, used, steady, gappy, unseen])).toEqual([
    "terminated",
    "running",
    "running",
    "running",
    "running",
  ]);
  const subjects = async () => (await stack.told()).map(({ subject }) => subject).sort();
  expect(await subjects()).toEqual([
    "Pilotlight idle: 1 idle GPU node terminated",
    "Pilotlight idle: steady GPU nodes are idle",
  ]);

  await stack.guard(later(13 * HOUR)).run({ action: "check" });
  expect(await states([used, steady, gappy, unseen])).toEqual(["terminated", "running", "terminated", "terminated"]);
  expect(await subjects()).toEqual(["Pilotlight idle: 3 unseen GPU nodes terminated"]);
  expect(await stack.sizes()).toEqual({ gpu: STEADY, system: STEADY });
  expect(await stack.policies()).toEqual(["own"]);
  await bystandersUntouched(stack.system);
});

test("idle nodes that come back a third time within a day switch everything off", async () => {
  const stack = await inhabited("returning");
  for (const [round, expected] of [
    [1, "running"],
    [2, "running"],
    [3, "terminated"],
  ] as const) {
    const now = later(round * 3 * HOUR);
    const idle = await stack.elastic();
    await stack.use(idle, 0, 2 * HOUR, now);
    await stack.guard(now).run({ action: "check" });
    expect(await states([idle, ...stack.gpus.slice(2)])).toEqual(["terminated", expected]);
  }
  expect((await stack.told()).map(({ text }) => text).join("\n")).toContain('pool "l40s" keep coming back');
});

test("a damaged state disarms nothing, and is told of once", async () => {
  const stack = await inhabited("damaged");
  await stack.setState("not JSON");
  const lease = { leaseSeconds: HOUR };
  await stack.guard(later(0), lease).run({ action: "check" });
  await stack.guard(later(60), lease).run({ action: "check" });
  expect((await stack.told()).map(({ subject }) => subject)).toEqual([
    "Pilotlight damaged: the spend guard's state was damaged",
  ]);
  await stack.guard(later(1.1 * HOUR), lease).run({ action: "check" });
  expect(await states(stack.gpus)).toEqual(["terminated", "terminated", "terminated"]);
});

test("a step that fails stops no other, and the run fails with its name", async () => {
  const stack = await inhabited("failing");
  const broken = { limitUsdPerHour: 1, topicArn: other.settings.topicArn, launchRole: other.karpenter };
  await expect(stack.guard(later(0), broken).run({ action: "check" })).rejects.toThrow(
    /deny launches to role pilotlight-other-karpenter: .*publish "Pilotlight failing: GPUs are switched off"/s,
  );
  expect(await states(stack.gpus)).toEqual(["terminated", "terminated", "terminated"]);
  expect(await stack.sizes()).toEqual({ gpu: OFF, system: STEADY });
  await bystandersUntouched(stack.system);
  // It was not told, so it is as soon as that works.
  await stack.guard(later(300), { limitUsdPerHour: 1 }).run({ action: "check" });
  expect((await stack.told()).map(({ subject }) => subject)).toEqual(["Pilotlight failing: GPUs are switched off"]);
});

test("an extension moves the end of the lease, also before the first check", async () => {
  const stack = await guardedStack(on, "extended");
  const now = later(0);
  const lease = { leaseSeconds: 12 * HOUR };
  expect(await stack.guard(now, lease).run({ action: "extend", seconds: 4 * HOUR })).toMatchObject({
    status: { leaseUntil: new Date(now.getTime() + 16 * HOUR * 1000).toISOString() },
  });
  expect(await stack.guard(now).run({ action: "extend", seconds: HOUR })).toEqual({
    refused: expect.stringContaining("has no lease"),
  });
});

test("two runs at once: a wake during a check is not lost", async () => {
  const stack = await inhabited("at-once");
  const lease = { leaseSeconds: HOUR };
  await stack.guard(later(0), lease).run({ action: "check" });
  await stack.guard(later(1.1 * HOUR), lease).run({ action: "check" });
  await Promise.all([
    stack.guard(later(1.2 * HOUR), lease).run({ action: "check" }),
    stack.guard(later(1.2 * HOUR), lease).run({ action: "wake" }),
  ]);
  await stack.guard(later(1.3 * HOUR), lease).run({ action: "check" });
  expect(await stack.policies()).toEqual(["own"]);
  expect(await stack.sizes()).toEqual({ gpu: STEADY, system: STEADY });
});

describe("the guard's role may do nothing else", () => {
  let stack: Awaited<ReturnType<typeof inhabited>>;
  beforeAll(async () => {
    stack = await inhabited("bound");
  });
  const scalingConfig = { minSize: 0, desiredSize: 0, maxSize: 1 };
  const policy = { PolicyName: "x", PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [] }) };
  const calls: Record<string, (aws: GuardedStack["asGuard"]) => Promise<unknown>> = {
    "terminate a system node": ({ ec2 }) => ec2.send(new TerminateInstancesCommand({ InstanceIds: [stack.system] })),
    "terminate another stack's GPU": ({ ec2 }) =>
      ec2.send(new TerminateInstancesCommand({ InstanceIds: [stack.gpus[0] ?? "", bystanders[0] ?? ""] })),
    "start an instance": ({ ec2 }) =>
      ec2.send(new RunInstancesCommand({ ImageId: "ami-12c6146b", MinCount: 1, MaxCount: 1 })),
    "delete the cluster": ({ eks }) => eks.send(new DeleteClusterCommand({ name: stack.settings.stack })),
    "size the system nodes": ({ eks }) =>
      eks.send(
        new UpdateNodegroupConfigCommand({
          clusterName: stack.settings.stack,
          nodegroupName: "system",
          scalingConfig,
        }),
      ),
    "change another role": ({ iam }) => iam.send(new PutRolePolicyCommand({ RoleName: other.karpenter, ...policy })),
    "change its own role": ({ iam }) =>
      iam.send(new PutRolePolicyCommand({ RoleName: `${stack.settings.stack}-spend-guard`, ...policy })),
    "take another role's policy": ({ iam }) =>
      iam.send(new DeleteRolePolicyCommand({ RoleName: other.karpenter, PolicyName: "own" })),
    "read another state": ({ ssm }) => ssm.send(new GetParameterCommand({ Name: other.settings.stateParameter })),
    "publish elsewhere": ({ sns }) =>
      sns.send(new PublishCommand({ TopicArn: other.settings.topicArn, Message: "hello" })),
  };
  test.each(Object.entries(calls))("%s", async (_, call) => {
    await expect(call(stack.asGuard)).rejects.toThrow(
      /is not authorized to perform|AccessDenied|UnauthorizedOperation/,
    );
    await bystandersUntouched(stack.system);
    expect(await states(stack.gpus)).toEqual(["running", "running", "running"]);
  });
});
