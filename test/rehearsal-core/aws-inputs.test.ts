import { expect, test } from "vitest";
import { configure } from "../../rehearsal/doubles/aws/configure";
import { completeInputs, difference, UNKNOWN } from "../../rehearsal/doubles/aws/inputs";
import { seedOf } from "../../rehearsal/doubles/aws/seed";
import type { Props, Row } from "../../rehearsal/doubles/aws/table";
import { TABLE } from "../../rehearsal/doubles/aws/tables";

const STAGE = { account: "123456789012", apiServer: "https://127.0.0.1:6443", caData: "Y2E=" };
const rowOf = (type: string): Row => {
  const row = TABLE[type];
  if (!row) throw new Error(type);
  return row;
};
const ROLE = "aws:iam/role:Role";
const complete = (type: string, given: Props, more: { name?: string; old?: Props; defaultTags?: Props } = {}) =>
  completeInputs(rowOf(type), { type, name: "r", seed: "s", old: {}, defaultTags: {}, given, ...more });

test("a provider's structures come as JSON text, from the program and from the stack file", () => {
  const tags = { environment: "prod" };
  const region = "us-east-1";
  expect(configure({ region, defaultTags: JSON.stringify({ tags }) }, STAGE).defaultTags).toEqual(tags);
  expect(configure({ region, defaultTags: { tags } }, STAGE).defaultTags).toEqual(tags);
  expect(configure({ region, skipRegionValidation: "true", version: "7.48.0" }, STAGE)).toEqual({
    where: { region, partition: "aws", ...STAGE },
    defaultTags: {},
  });
});

test("a provider without a region, with one nobody knows, or with settings that change what it does is refused", () => {
  expect(() => configure({}, STAGE)).toThrow(
    "the AWS provider has no region: set it with `pulumi config set aws:region`",
  );
  expect(() => configure({ region: "us-east-9" }, STAGE)).toThrow(
    /does not know the region "us-east-9"; it knows af-south-1/,
  );
  expect(() => configure({ region: "us-east-1", ignoreTags: "{}" }, STAGE)).toThrow(
    "the AWS double does not know the provider setting ignoreTags: add it to configure.ts",
  );
});

test("default tags join a resource's own, which win, and only where it has tags", () => {
  const defaultTags = { a: "default", b: "default" };
  expect(complete(ROLE, { tags: { b: "own" } }, { defaultTags }).inputs.tags).toEqual({ a: "default", b: "own" });
  expect(complete(ROLE, { tags: UNKNOWN }, { defaultTags }).inputs.tags).toBe(UNKNOWN);
  expect(complete("aws:iam/rolePolicy:RolePolicy", {}, { defaultTags }).inputs).not.toHaveProperty("tags");
});

test("a made-up name is kept as long as the program gives none, and a long one is refused", () => {
  const first = complete(ROLE, {}).inputs;
  expect(first.name).toMatch(/^r-[0-9a-f]{7}$/);
  const type = ROLE;
  const other = { type, name: "r", seed: "another", defaultTags: {}, given: {} };
  expect(completeInputs(rowOf(ROLE), { ...other, old: first }).inputs.name).toBe(first.name);
  expect(completeInputs(rowOf(ROLE), { ...other, old: {} }).inputs.name).not.toBe(first.name);
  expect(complete(ROLE, { name: "mine" }, { old: first }).inputs.name).toBe("mine");
  const long = "x".repeat(57);
  expect(complete(ROLE, {}, { name: long }).failures).toEqual([
    {
      property: "name",
      reason: expect.stringMatching(
        /^the name "x{57}-[0-9a-f]{7}" made up for aws:iam\/role:Role has 65 characters, AWS allows 64/,
      ),
    },
  ]);
});

test("an input without a row is a failure of the check", () => {
  expect(complete("aws:ec2/vpc:Vpc", { cidrBlock: "10.0.0.0/16", ipv6CidrBlock: "::/56" }).failures).toEqual([
    {
      property: "ipv6CidrBlock",
      reason:
        'the AWS double has no row for the input "ipv6CidrBlock" of aws:ec2/vpc:Vpc: add it to rehearsal/doubles/aws/services',
    },
  ]);
});

test("what is not known yet counts as changed, and a part of a structure can replace alone", () => {
  const group = rowOf("aws:eks/nodeGroup:NodeGroup");
  const old = { nodeGroupName: "g", launchTemplate: { id: "lt-1", version: "1" } };
  expect(difference(group, old, old)).toEqual({ changed: [], replaces: [], deleteFirst: true });
  expect(difference(group, old, { ...old, launchTemplate: { id: "lt-1", version: UNKNOWN } })).toMatchObject({
    changed: ["launchTemplate"],
    replaces: [],
  });
  expect(difference(group, old, { ...old, launchTemplate: { id: "lt-2", version: "1" } }).replaces).toEqual([
    "launchTemplate",
  ]);
});

test("a stack that adopts nothing takes only its zone for granted", () => {
  const settings = { "aws:region": "us-east-1", "pilotlight:cluster": { zones: ["us-east-1a"] } };
  expect(seedOf(settings)).toEqual({
    region: "us-east-1",
    account: undefined,
    zones: [],
    policies: [],
    reservations: [],
    principals: [],
    network: undefined,
  });
  expect(seedOf({ ...settings, "pilotlight:endpoint": { zone: "example.com" } }).zones).toEqual(["example.com"]);
  const adopt = { vpcId: "vpc-1", subnetIds: ["subnet-1", "subnet-2"], publicSubnetIds: ["subnet-3"] };
  expect(seedOf({ ...settings, "pilotlight:network": { adopt } }).network?.subnets).toEqual([
    { id: "subnet-1", cidr: "10.64.0.0/20", zone: "us-east-1a" },
    { id: "subnet-2", cidr: "10.64.16.0/20", zone: "us-east-1a" },
    { id: "subnet-3", cidr: "10.64.32.0/20", zone: "us-east-1a" },
  ]);
});
