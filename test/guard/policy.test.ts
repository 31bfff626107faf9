import { describe, expect, test } from "vitest";
import type { PolicyDocument } from "../../components/policy-document";
import { denyLaunches, guardPolicy } from "../../guard/policy";
import { type Call, decide, tooWide } from "../components/policies";

const KEY = "arn:aws:kms:eu-west-1:123456789012:key/1";
const TOPIC = "arn:aws:sns:eu-west-1:123456789012:spend";
const GROUP = "arn:aws:eks:eu-west-1:123456789012:nodegroup/pilotlight-dev/fixed/ab12";
const WHERE = { partition: "aws", region: "eu-west-1", accountId: "123456789012", stack: "pilotlight-dev" };
const NAMES = { stateParameter: "/pilotlight/pilotlight-dev/spend-guard", topicArn: TOPIC };
// Typed as what components write: this is the one place that sees both.
const policy: PolicyDocument = guardPolicy({
  ...WHERE,
  ...NAMES,
  topicKeyArn: KEY,
  launchRole: "karpenter",
  nodeGroupArns: [GROUP],
});

const INSTANCE = "arn:aws:ec2:eu-west-1:123456789012:instance/i-1";
const STATE = "arn:aws:ssm:eu-west-1:123456789012:parameter/pilotlight/pilotlight-dev/spend-guard";
const ROLE = "arn:aws:iam::123456789012:role/karpenter";
const tagged = (stack?: string, pool?: string) => ({
  ...(stack === undefined ? {} : { "aws:ResourceTag/pilotlight:stack": stack }),
  ...(pool === undefined ? {} : { "aws:ResourceTag/pilotlight:gpu-pool": pool }),
});
const end = (stack?: string, pool?: string): Call => ({
  action: "ec2:TerminateInstances",
  resource: INSTANCE,
  context: tagged(stack, pool),
});

test("it allows nothing that is too wide", () => {
  expect(tooWide(policy)).toEqual([]);
});

describe("the conditions, which moto's account checks too", () => {
  test.each<[string, Call, string]>([
    ["its GPU instance", end("pilotlight-dev", "l40s"), "allowed"],
    ["a system node", end("pilotlight-dev"), "not allowed"],
    ["another stack's", end("pilotlight-dev2", "l40s"), "not allowed"],
    ["a GPU of nobody's", end(undefined, "l40s"), "not allowed"],
    ["an untagged one", end(), "not allowed"],
    ["its state", { action: "ssm:PutParameter", resource: STATE }, "allowed"],
    ["another state", { action: "ssm:PutParameter", resource: `${STATE}2` }, "not allowed"],
    ["its role", { action: "iam:PutRolePolicy", resource: ROLE }, "allowed"],
    ["another role", { action: "iam:PutRolePolicy", resource: `${ROLE}2` }, "not allowed"],
    ["attaching a policy", { action: "iam:AttachRolePolicy", resource: ROLE }, "not allowed"],
    ["its group", { action: "eks:UpdateNodegroupConfig", resource: GROUP }, "allowed"],
    ["another group", { action: "eks:UpdateNodegroupConfig", resource: `${GROUP}2` }, "not allowed"],
    ["deleting its group", { action: "eks:DeleteNodegroup", resource: GROUP }, "not allowed"],
    ["its topic", { action: "sns:Publish", resource: TOPIC }, "allowed"],
    ["a new instance", { action: "ec2:RunInstances", resource: INSTANCE }, "not allowed"],
    ["a key by itself", { action: "kms:Decrypt", resource: KEY }, "not allowed"],
    [
      "a key for the topic",
      { action: "kms:Decrypt", resource: KEY, context: { "kms:ViaService": "sns.eu-west-1.amazonaws.com" } },
      "allowed",
    ],
  ])("%s", (_, call, expected) => {
    expect(decide(policy, call)).toBe(expected);
  });
});

test("without elastic and steady pools, and without a key, there are no statements for them", () => {
  const { Statement } = guardPolicy({ ...WHERE, ...NAMES, nodeGroupArns: [] });
  expect(Statement.map(({ Sid }) => Sid)).toEqual(["SeeInstancesAndUse", "EndOwnGpuInstances", "KeepState", "Tell"]);
});

describe("the document on Karpenter's role", () => {
  const deny: PolicyDocument = denyLaunches();
  const FLEET = "arn:aws:ec2:eu-west-1:1:fleet/*";
  const pool = (value: string) => ({ "aws:RequestTag/karpenter.sh/nodepool": value });
  test.each<[string, Call, string]>([
    ["an instance", { action: "ec2:RunInstances", resource: INSTANCE, context: pool("l40s") }, "denied"],
    ["a fleet", { action: "ec2:CreateFleet", resource: FLEET, context: pool("l40s") }, "denied"],
    ["a pool of one letter", { action: "ec2:CreateFleet", resource: FLEET, context: pool("a") }, "denied"],
    // By these Karpenter checks its EC2NodeClass; a refusal would outlive the wake by half an hour.
    ["a dry run of an instance", { action: "ec2:RunInstances", resource: INSTANCE, context: pool("") }, "not allowed"],
    ["a dry run of a fleet", { action: "ec2:CreateFleet", resource: FLEET, context: pool("") }, "not allowed"],
    ["no tag", { action: "ec2:RunInstances", resource: INSTANCE }, "not allowed"],
    ["an end", { action: "ec2:TerminateInstances", resource: INSTANCE, context: pool("l40s") }, "not allowed"],
  ])("%s", (_, call, expected) => {
    expect(decide(deny, call)).toBe(expected);
  });
});
