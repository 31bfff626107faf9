import { setTimeout as sleep } from "node:timers/promises";
import { DescribeInstancesCommand, EC2Client, RunInstancesCommand } from "@aws-sdk/client-ec2";
import { LAUNCHED_TAG } from "../../guard/instances";
import { sessionOf } from "../../rehearsal/live/role-session";
import { WHERE } from "./aws-stage";
import type { TestStage } from "./stage";

/*
 * What Karpenter of a cluster does that lives and is out of reach: pods want a node, so it starts one whenever there is none.
 * It has the credentials of Karpenter's role, whose denials the account judges.
 */

export interface Relauncher {
  /** Instances started, and launches that were refused. */
  readonly counts: { started: number; refused: number };
  /** Why it may not launch, the last time. */
  readonly refusal: () => string;
  readonly stop: () => Promise<void>;
}

/** Milliseconds between two looks. */
const EVERY_MS = 5;

export async function startRelauncher(
  { stage }: TestStage,
  { stack, roleArn, subnet }: { readonly stack: string; readonly roleArn: string; readonly subnet: string },
): Promise<Relauncher> {
  const { account, url } = stage.aws;
  const keys = await sessionOf(account, WHERE, roleArn);
  await account.own("EnforceIam", { on: true, denialsOf: [roleArn.split("/").pop()] }, WHERE.region);
  const client = new EC2Client({
    region: WHERE.region,
    endpoint: url,
    maxAttempts: 1,
    credentials: {
      accessKeyId: keys.AWS_ACCESS_KEY_ID,
      secretAccessKey: keys.AWS_SECRET_ACCESS_KEY,
      sessionToken: keys.AWS_SESSION_TOKEN,
    },
  });
  const Tags = [
    { Key: `kubernetes.io/cluster/${stack}`, Value: "owned" },
    { Key: LAUNCHED_TAG, Value: "l40s-spot" },
  ];
  const launch = new RunInstancesCommand({
    ImageId: "ami-0123456789abcdef0",
    InstanceType: "g6e.xlarge",
    MinCount: 1,
    MaxCount: 1,
    NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: subnet, DeleteOnTermination: true }],
    TagSpecifications: [{ ResourceType: "instance", Tags }],
  });
  const there = new DescribeInstancesCommand({
    Filters: [
      { Name: `tag:${LAUNCHED_TAG}`, Values: ["l40s-spot"] },
      { Name: "instance-state-name", Values: ["pending", "running"] },
    ],
  });
  const counts = { started: 0, refused: 0 };
  let refusal = "";
  let stopped = false;
  const tick = async () => {
    if (((await client.send(there)).Reservations ?? []).length > 0) return;
    try {
      await client.send(launch);
      counts.started += 1;
    } catch (error) {
      counts.refused += 1;
      refusal = error instanceof Error ? error.message : String(error);
    }
  };
  await tick();
  const loop = (async () => {
    while (!stopped) {
      await sleep(EVERY_MS);
      // Of a role that is gone the session is worth nothing, not even for looking.
      await tick().catch(() => {});
    }
  })();
  return {
    counts,
    refusal: () => refusal,
    stop: async () => {
      stopped = true;
      await loop;
      await account.own("EnforceIam", { on: false }, WHERE.region);
    },
  };
}
