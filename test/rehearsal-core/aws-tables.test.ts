import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as aws from "@pulumi/aws";
import { expect, test } from "vitest";
import { LOOKUPS } from "../../rehearsal/doubles/aws/lookups";
import { fqdn } from "../../rehearsal/doubles/aws/services/dns";
import { templateData } from "../../rehearsal/doubles/aws/services/ec2-launch-template";
import { TABLE } from "../../rehearsal/doubles/aws/tables";

const root = join(__dirname, "../..");
const sources = ["components", "stacks"].flatMap((dir) =>
  readdirSync(join(root, dir))
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(join(root, dir, file), "utf8")),
);

/** Every pair of module and member that a pattern finds in the program. */
function used(pattern: RegExp): string[][] {
  const found = sources.flatMap((text) =>
    [...text.matchAll(pattern)].map(([, module = "", name = ""]) => [module, name]),
  );
  return [...new Map(found.map((pair) => [pair.join("."), pair])).values()];
}

test("there is a row for every resource that the program makes", () => {
  const resources = used(/new aws\.(\w+)\.(\w+)\(/g);
  const tokens = resources.map(([module = "", name = ""]) =>
    String(Reflect.get(Reflect.get(Reflect.get(aws, module), name), "__pulumiType")),
  );
  expect(tokens).toContain("aws:eks/cluster:Cluster");
  expect(tokens.filter((token) => TABLE[token] === undefined)).toEqual([]);
});

test("there is an answer for every data source that the program asks", () => {
  const top = used(/aws\.()(get\w+?)(?:Output)?\(/g).map(([, name]) => `aws:index/${name}:${name}`);
  const inModules = used(/aws\.(\w+)\.(get\w+?)(?:Output)?\(/g).map(
    ([module, name]) => `aws:${module}/${name}:${name}`,
  );
  expect(inModules).toContain("aws:eks/getClusters:getClusters");
  expect(top).toContain("aws:index/getPartition:getPartition");
  expect([...top, ...inModules].filter((token) => LOOKUPS[token] === undefined)).toEqual([]);
});

test("a row's updates and replacements are inputs of their own, and a name that is made up replaces", () => {
  for (const [type, row] of Object.entries(TABLE)) {
    const both = Object.keys(row.updates ?? {}).filter((input) => row.replaces.includes(input));
    expect(both, type).toEqual([]);
    if (row.autoname) expect(row.replaces, type).toContain(row.autoname.field);
  }
});

test("a launch template says what AWS's API calls launch template data", () => {
  const data = templateData({
    metadataOptions: { httpTokens: "required" },
    blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: { volumeSize: 50, encrypted: "true" } }],
    tagSpecifications: [{ resourceType: "volume", tags: { a: "1" } }],
    vpcSecurityGroupIds: ["sg-1"],
  });
  expect(JSON.parse(JSON.stringify(data))).toEqual({
    MetadataOptions: { HttpTokens: "required" },
    BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { VolumeSize: 50, Encrypted: true } }],
    TagSpecifications: [{ ResourceType: "volume", Tags: [{ Key: "a", Value: "1" }] }],
    SecurityGroupIds: ["sg-1"],
  });
});

test("a record's name is relative to its zone unless it ends with it", () => {
  expect(
    ["llm", "llm.example.com", "llm.example.com.", "", "example.com"].map((name) => fqdn(name, "example.com.")),
  ).toEqual(["llm.example.com", "llm.example.com", "llm.example.com", "example.com", "example.com"]);
});
