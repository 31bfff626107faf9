import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { items, type Props, text } from "../../rehearsal/doubles/aws/table";
import { createStack } from "../../rehearsal/workspace";
import program from "../../stacks/main";
import { readStackFile } from "../../stacks/stack-file";
import { startTestStage, type TestStage } from "./stage";

/*
 * Preflight on the real engine: what AWS told reaches the user, and nothing is made.
 */

const REGION = "us-east-1";
const BLOCK = "cr-0123456789abcdef0";
const RESERVED = "cr-0fedcba9876543210";

/** Reservations that the stage's account has, since the settings name them. */
function settings(): Record<string, unknown> {
  const { config } = readStackFile("rehearsal");
  const pools = config["pilotlight:gpuPools"] as Record<string, Record<string, unknown>>;
  return {
    ...config,
    "pilotlight:gpuPools": {
      ...pools,
      l40s: { ...pools.l40s, capacity: ["reserved", "spot", "on-demand"], reservationIds: [RESERVED] },
      steady: {
        ...pools.steady,
        instanceTypes: ["p5.4xlarge"],
        capacityBlock: { id: BLOCK, zone: "us-east-1a" },
      },
    },
  };
}

const cluster = () => readStackFile("rehearsal").config["pilotlight:cluster"] as Record<string, unknown>;
const TRUST_EKS = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "eks.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

let on: TestStage;
const own = (operation: string, params: Props) => on.stage.aws.account.own(operation, params, REGION);

beforeAll(async () => {
  on = await startTestStage(settings());
});
afterAll(async () => on?.stop());
beforeEach(async () => {
  await own("SetLimits", {});
  await own("SetFaults", {});
  await own("SetReservations", {
    reservations: [
      { id: BLOCK, block: true, zone: "us-east-1a", instanceType: "p5.4xlarge" },
      { id: RESERVED, block: false, zone: "us-east-1a", instanceType: "g6e.xlarge" },
    ],
  });
});

/** A preview of a stack of its own: what it said, and whether it went through. */
async function preview(name: string, config = settings()) {
  const dir = join(on.dir, name);
  mkdirSync(dir);
  const stack = await createStack({
    dir,
    pulumi: on.equipment.pulumi,
    stackName: name,
    config,
    program,
    env: on.stage.env,
  });
  const said: Record<string, string[]> = { error: [], warning: [] };
  const onEvent = ({ diagnosticEvent: event }: EngineEvent) => {
    // An output without a value is told of in every preview.
    if (event !== undefined && !event.message.includes("will not show as a stack output"))
      said[event.severity]?.push(event.message.trim());
  };
  const passed = await stack.preview({ onEvent, color: "never" }).then(
    () => true,
    () => false,
  );
  const inState = (await stack.exportStack()).deployment.resources ?? [];
  return { passed, errors: said.error ?? [], warnings: said.warning ?? [], inState };
}

test("an account that has all that the settings ask for is not spoken of", async () => {
  expect(await preview("fine")).toMatchObject({ passed: true, errors: [], warnings: [] });
});

test("all that an account lacks is told at once, and nothing is made", async () => {
  const before = new Set(await on.stage.objects.names());
  await own("SetLimits", {
    quotas: { "L-DB2E81BA": 0, "L-417A185B": 0 },
    unoffered: [{ type: "p5.*", zone: "us-east-1[ab]" }],
    versions: ["1.34"],
    statuses: { "1.34": "standard-support" },
  });
  await own("SetReservations", {
    reservations: [{ id: BLOCK, block: true, zone: "us-east-1b", instanceType: "p5.4xlarge" }],
  });
  const config = {
    ...settings(),
    "pilotlight:endpoint": { domain: "llm.example.org", zone: "example.org" },
  };
  const { passed, errors, warnings, inState } = await preview("lacking", config);
  expect(passed).toBe(false);
  // The engine tells the message of a failed program twice.
  const faults = [...new Set(errors.join("\n").match(/✖ [^:]+: .*/g))];
  expect(faults).toEqual([
    expect.stringMatching(/^✖ cluster\.kubernetes: EKS does not support 1\.35; it supports 1\.34: pulumi config set /),
    expect.stringMatching(
      /^✖ gpuPools\.steady: p5\.4xlarge is not offered in us-east-1a, us-east-1b, but in us-east-1c/,
    ),
    expect.stringMatching(
      /^✖ gpuPools\.a10g: none of its nodes can ever start: .*--quota-code L-DB2E81BA --desired-value 32 /,
    ),
    expect.stringMatching(
      /^✖ gpuPools\.steady\.capacityBlock: cr-0123456789abcdef0 is in us-east-1b, not in us-east-1a/,
    ),
    expect.stringMatching(
      /^✖ endpoint\.zone: there is no public Route 53 zone example\.org .* aws route53 create-hosted-zone /,
    ),
  ]);
  expect(warnings).toContainEqual(
    expect.stringMatching(
      /^gpuPools\.l40s\.reservationIds\[0\]: cr-0fedcba9876543210 could not be found in this account/,
    ),
  );
  expect(inState.filter(({ type }: { type: string }) => !type.startsWith("pulumi:"))).toEqual([]);
  expect(await on.stage.leftovers()).toMatchObject({ left: [] });
  expect(await on.newObjects(before)).toEqual([]);
});

test("a capacity block that is gone is told, and nothing is made", async () => {
  await own("SetReservations", {
    reservations: [{ id: RESERVED, block: false, zone: "us-east-1a", instanceType: "g6e.xlarge" }],
  });
  const { passed, errors } = await preview("blockless");
  expect(passed).toBe(false);
  expect(errors.join("\n")).toContain(
    "✖ gpuPools.steady.capacityBlock: cr-0123456789abcdef0: there is no such capacity block in us-east-1",
  );
});

test("a version that EKS has dropped stops no cluster that runs", async () => {
  const call = (service: string, operation: string, params: Props) =>
    on.stage.aws.account.call({ service, operation, params }, { region: REGION });
  const name = "pilotlight-old";
  const role = await call("iam", "CreateRole", { RoleName: name, AssumeRolePolicyDocument: TRUST_EKS });
  const { Subnets } = await call("ec2", "DescribeSubnets", {});
  const subnetIds = items(Subnets)
    .slice(0, 2)
    .map((subnet) => text(subnet, "SubnetId"));
  const roleArn = text(role, "Role.Arn");
  await call("eks", "CreateCluster", { name, version: "1.34", roleArn, resourcesVpcConfig: { subnetIds } });

  await own("SetLimits", { versions: ["1.35"] });
  const old = { ...settings(), "pilotlight:cluster": { ...cluster(), kubernetes: "1.34" } };
  const { passed, errors, warnings } = await preview("old", old);
  expect({ passed, errors }).toEqual({ passed: true, errors: [] });
  expect(warnings).toContainEqual(
    "cluster.kubernetes: EKS does not support 1.34 (it supports 1.35), and upgrades a cluster of that version by itself; " +
      "do it before, one minor version at a time: pulumi config set --path pilotlight:cluster.kubernetes 1.35",
  );

  await call("eks", "DeleteCluster", { name });
  await call("iam", "DeleteRole", { RoleName: name });
});

test("what may not be asked is one warning, and the stack goes on", async () => {
  const message = "User: arn:aws:iam::123456789012:user/me is not authorized to perform: servicequotas:GetServiceQuota";
  const refusal = { service: "service-quotas", operation: "*", code: "AccessDeniedException", message };
  await own("SetFaults", { refusals: [refusal] });
  const { passed, errors, warnings } = await preview("denied");
  expect({ passed, errors }).toEqual({ passed: true, errors: [] });
  expect(warnings).toEqual([
    expect.stringMatching(
      /not checked before the start: the vCPU quotas of the GPU pools \(it takes servicequotas:GetServiceQuota, servicequotas:GetAWSDefaultServiceQuota\): .*not authorized to perform/,
    ),
  ]);
});

test("credentials that have expired are one error", async () => {
  const message = "The security token included in the request is expired";
  const services = ["service-quotas", "ec2", "eks", "route53"];
  await own("SetFaults", {
    refusals: services.map((service) => ({ service, code: "ExpiredTokenException", message })),
  });
  const { passed, errors, warnings } = await preview("expired");
  expect({ passed, warnings }).toEqual({ passed: false, warnings: [] });
  const told = new Set(errors.join("\n").match(/AWS knows nobody by these credentials; nothing was created\./g));
  expect([...told]).toHaveLength(1);
  expect(errors.join("\n")).not.toContain("✖");
});
