import {
  CreateFleetCommand,
  type ResourceType,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  type TagSpecification,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { DeleteClusterCommand, UpdateNodegroupConfigCommand } from "@aws-sdk/client-eks";
import { DeleteRolePolicyCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { PublishCommand } from "@aws-sdk/client-sns";
import { GetParameterCommand, PutParameterCommand } from "@aws-sdk/client-ssm";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Guard } from "../../guard/guard";
import { LAUNCHED_TAG } from "../../guard/instances";
import { DENY_POLICY } from "../../guard/policy";
import { type GuardedStack, guardedStack, later, STEADY } from "./guard-account";
import { type GuardStage, type Inhabited, startGuardStage } from "./guard-stage";

/*
 * The guard with the real AWS SDK against moto's account. Its credentials are those of a role with its policy alone, and the
 * account enforces that. What moto cannot tell: how long IAM takes, and that EKS ends the nodes of a group that shrinks.
 */

const HOUR = 3600;
/** EC2's answer to a dry run that would have been allowed. */
const DRY_RUN_PASSED = /would have succeeded, but DryRun flag is set/;
const OFF = { minSize: 0, desiredSize: 0, maxSize: 3 };
let stage: GuardStage;

beforeAll(async () => {
  stage = await startGuardStage();
});
afterAll(async () => stage?.on.close());

/** As Karpenter asks: a launch names its NodePool in a tag; a check of an EC2NodeClass has that tag without a value. */
const tagged = (pool: string, ...kinds: ResourceType[]): TagSpecification[] =>
  kinds.map((ResourceType) => ({ ResourceType, Tags: [{ Key: LAUNCHED_TAG, Value: pool }] }));
const launch = ({ asKarpenter }: GuardedStack, pool = "l40s", more: Partial<RunInstancesCommandInput> = {}) =>
  asKarpenter.ec2.send(
    new RunInstancesCommand({
      ImageId: "ami-12c6146b",
      InstanceType: "g6e.xlarge",
      MinCount: 1,
      MaxCount: 1,
      TagSpecifications: tagged(pool, "instance", "volume"),
      ...more,
    }),
  );
const fleet = ({ asKarpenter }: GuardedStack, pool: string) =>
  asKarpenter.ec2.send(
    new CreateFleetCommand({
      Type: "instant",
      DryRun: true,
      LaunchTemplateConfigs: [],
      TargetCapacitySpecification: { TotalTargetCapacity: 1 },
      TagSpecifications: tagged(pool, "instance", "volume", "fleet"),
    }),
  );

test("a lease that ends takes GPU capacity to zero and touches nothing else; a wake brings it back", async () => {
  const stack = await stage.inhabited("lease");
  // No idle time: these hours pass on the guard's clock alone.
  const lease = { leaseSeconds: 12 * HOUR, pools: { l40s: {}, fixed: { nodeGroup: "steady-gpus" } } };
  await stack.guard(later(0), lease).run({ action: "check" });
  expect(await stage.states(stack.gpus)).toEqual(["running", "running", "running"]);
  await stack.guard(later(11.5 * HOUR), lease).run({ action: "check" });
  await stack.guard(later(11.6 * HOUR), lease).run({ action: "check" });
  expect((await stack.told()).map(({ subject }) => subject)).toEqual(["Pilotlight lease: the GPU lease ends soon"]);
  await launch(stack);

  await stack.guard(later(12.1 * HOUR), lease).run({ action: "check" });
  expect(await stage.states(stack.gpus)).toEqual(["terminated", "terminated", "terminated"]);
  expect(await stack.sizes()).toEqual({ gpu: OFF, system: STEADY });
  expect(await stack.policies()).toEqual(["own", DENY_POLICY].sort());
  await expect(launch(stack)).rejects.toThrow(/not authorized to perform: ec2:RunInstances/);
  await expect(fleet(stack, "l40s")).rejects.toThrow(/not authorized to perform: ec2:CreateFleet/);
  // Karpenter's checks of its EC2NodeClasses pass: it would believe a refusal for 30 minutes, also after a wake.
  await expect(launch(stack, "", { DryRun: true })).rejects.toThrow(DRY_RUN_PASSED);
  await expect(fleet(stack, "")).rejects.toThrow(DRY_RUN_PASSED);
  const [told, ...more] = await stack.told();
  expect(more).toEqual([]);
  expect(told?.subject).toBe("Pilotlight lease: GPUs are switched off");
  expect(told?.text).toContain("npm run wake -- --stack lease");
  for (const id of stack.gpus) expect(told?.text).toContain(id);
  await stage.bystandersUntouched(stack.system);

  // What came through before IAM knew, or what a `pulumi up` set again, goes at the next check, and nobody is told again.
  const late = await stack.elastic();
  await stack.guard(later(12.2 * HOUR), lease).run({ action: "check" });
  expect(await stage.states([late])).toEqual(["terminated"]);
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
  expect(await stage.states([back])).toEqual(["running"]);
  expect(Object.keys(await stack.state())).toEqual(["leaseUntil"]);
  await stage.bystandersUntouched(stack.system);
});

test("past the limit GPUs are switched off, at the limit they stay; an unknown type counts as the dearest", async () => {
  const stack = await stage.inhabited("limit");
  // 2 + 60 + 60 dollars an hour.
  await stack.guard(later(0), { limitUsdPerHour: 122 }).run({ action: "check" });
  expect(await stage.states(stack.gpus)).toEqual(["running", "running", "running"]);
  const strange = await stack.elastic("g4dn.xlarge");
  const passed = { limitUsdPerHour: 181 };
  await stack.guard(later(0), passed).run({ action: "check" });
  expect((await stack.told()).map(({ subject }) => subject)).toEqual([
    "Pilotlight limit: GPUs cost more than the limit",
  ]);
  // Less for a moment, and it begins anew.
  await stack.guard(later(300), { limitUsdPerHour: 182 }).run({ action: "check" });
  await stack.guard(later(600), passed).run({ action: "check" });
  expect(await stage.states([...stack.gpus, strange])).toEqual(Array(4).fill("running"));
  expect(await stack.policies()).toEqual(["own"]);
  await stack.told();
  await stack.guard(later(900), passed).run({ action: "check" });
  expect(await stage.states([...stack.gpus, strange])).toEqual(Array(4).fill("terminated"));
  expect(await stack.sizes()).toEqual({ gpu: OFF, system: STEADY });
  const [told] = await stack.told();
  expect(told?.text).toContain("cost $182.00 an hour; the limit (spend.limit) is $181.00");
  expect(told?.text).toMatch(/g4dn\.xlarge.*\$60\.00\/h \(no price is known of this type/);
  await stage.bystandersUntouched(stack.system);
});

test("a switch-off is told of before anything is terminated, and what could not be terminated afterwards", async () => {
  const stack = await stage.inhabited("early");
  const { ec2 } = stack.asGuard;
  const subjects = async () => (await stack.told()).map(({ subject }) => subject);
  const before: string[] = [];
  const send = ec2.send.bind(ec2);
  const spy = vi.spyOn(ec2, "send").mockImplementation(async (command: unknown) => {
    if (!(command instanceof TerminateInstancesCommand)) return send(command as TerminateInstancesCommand);
    before.push(...(await subjects()));
    throw new Error("EC2 does not answer");
  });
  const check = (seconds: number) => stack.guard(later(seconds), { limitUsdPerHour: 1 }).run({ action: "check" });
  await expect(check(0)).rejects.toThrow("EC2 does not answer");
  expect(before).toEqual(["Pilotlight early: GPUs are switched off"]);
  expect(await subjects()).toEqual(["Pilotlight early: GPU instances are left running"]);
  await expect(check(300)).rejects.toThrow("EC2 does not answer");
  spy.mockRestore();
  await check(600);
  expect(await stage.states(stack.gpus)).toEqual(["terminated", "terminated", "terminated"]);
  expect(await subjects()).toEqual([]);
});

test("a damaged state disarms nothing, and is told of once", async () => {
  const stack = await stage.inhabited("damaged");
  await stack.setState("not JSON");
  const lease = { leaseSeconds: HOUR };
  await stack.guard(later(0), lease).run({ action: "check" });
  await stack.guard(later(60), lease).run({ action: "check" });
  expect((await stack.told()).map(({ subject }) => subject)).toEqual([
    "Pilotlight damaged: the spend guard's state was damaged",
  ]);
  await stack.guard(later(1.1 * HOUR), lease).run({ action: "check" });
  expect(await stage.states(stack.gpus)).toEqual(["terminated", "terminated", "terminated"]);
});

test("a step that fails stops no other, and the run fails with its name", async () => {
  const stack = await stage.inhabited("failing");
  const broken = { limitUsdPerHour: 1, topicArn: stage.other.settings.topicArn, launchRole: stage.other.karpenter };
  await expect(stack.guard(later(0), broken).run({ action: "check" })).rejects.toThrow(
    /deny launches to role pilotlight-other-karpenter: .*publish "Pilotlight failing: GPUs are switched off"/s,
  );
  expect(await stage.states(stack.gpus)).toEqual(["terminated", "terminated", "terminated"]);
  expect(await stack.sizes()).toEqual({ gpu: OFF, system: STEADY });
  await stage.bystandersUntouched(stack.system);
  // It was not told, so it is as soon as that works.
  await stack.guard(later(300), { limitUsdPerHour: 1 }).run({ action: "check" });
  expect((await stack.told()).map(({ subject }) => subject)).toEqual(["Pilotlight failing: GPUs are switched off"]);
});

test("a state that cannot be written: what was there at the check before is past the limit, and is off until a wake", async () => {
  const stack = await stage.inhabited("unwritten");
  const { ssm } = stack.asGuard;
  const send = ssm.send.bind(ssm);
  const spy = vi.spyOn(ssm, "send").mockImplementation((command: unknown) => {
    if (command instanceof PutParameterCommand) throw new Error("SSM takes nothing");
    return send(command as GetParameterCommand);
  });
  let now = later(60);
  const guard = new Guard(stack.asGuard, { ...stack.settings, limitUsdPerHour: 121 }, () => now);
  const check = () => guard.run({ action: "check" });
  await expect(check()).rejects.toThrow("SSM takes nothing");
  expect(await stage.states(stack.gpus)).toEqual(["running", "running", "running"]);
  now = later(360);
  await expect(check()).rejects.toThrow("SSM takes nothing");
  expect(await stage.states(stack.gpus)).toEqual(["terminated", "terminated", "terminated"]);
  spy.mockRestore();
  // The same process knows what it could not write.
  now = later(660);
  expect(await check()).toMatchObject({ status: { off: { detail: expect.stringContaining("$122.00") } } });
  expect(await stack.state()).toMatchObject({ off: { reason: "limit", told: true } });
  await guard.run({ action: "wake" });
  expect(await stack.policies()).toEqual(["own"]);
  expect(await stack.sizes()).toEqual({ gpu: STEADY, system: STEADY });
});

test("an extension moves the end of the lease, also before the first check", async () => {
  const stack = await guardedStack(stage.on, "extended");
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
  const stack = await stage.inhabited("at-once");
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
  let stack: Inhabited;
  beforeAll(async () => {
    stack = await stage.inhabited("bound");
  });
  const scalingConfig = { minSize: 0, desiredSize: 0, maxSize: 1 };
  const policy = { PolicyName: "x", PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [] }) };
  const calls: Record<string, (aws: GuardedStack["asGuard"]) => Promise<unknown>> = {
    "terminate a system node": ({ ec2 }) => ec2.send(new TerminateInstancesCommand({ InstanceIds: [stack.system] })),
    "terminate another stack's GPU": ({ ec2 }) =>
      ec2.send(new TerminateInstancesCommand({ InstanceIds: [stack.gpus[0] ?? "", stage.bystanders[0] ?? ""] })),
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
    "change another role": ({ iam }) =>
      iam.send(new PutRolePolicyCommand({ RoleName: stage.other.karpenter, ...policy })),
    "change its own role": ({ iam }) =>
      iam.send(new PutRolePolicyCommand({ RoleName: `${stack.settings.stack}-spend-guard`, ...policy })),
    "take another role's policy": ({ iam }) =>
      iam.send(new DeleteRolePolicyCommand({ RoleName: stage.other.karpenter, PolicyName: "own" })),
    "read another state": ({ ssm }) => ssm.send(new GetParameterCommand({ Name: stage.other.settings.stateParameter })),
    "publish elsewhere": ({ sns }) =>
      sns.send(new PublishCommand({ TopicArn: stage.other.settings.topicArn, Message: "hello" })),
  };
  test.each(Object.entries(calls))("%s", async (_, call) => {
    await expect(call(stack.asGuard)).rejects.toThrow(
      /is not authorized to perform|AccessDenied|UnauthorizedOperation/,
    );
    await stage.bystandersUntouched(stack.system);
    expect(await stage.states(stack.gpus)).toEqual(["running", "running", "running"]);
  });
});
