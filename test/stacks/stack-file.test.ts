import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { examplesIn, noSuchStack, readStackFile } from "../../stacks/stack-file";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "pilotlight-test-"));
  mkdirSync(join(root, "stacks"));
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (text: string) => writeFileSync(join(root, "stacks", "Pulumi.mine.yaml"), text);

test.each([
  ["", /stacks\/Pulumi\.mine\.yaml: has no settings; it needs `config:`/],
  ["config:\n", /stacks\/Pulumi\.mine\.yaml: has no settings/],
  ["config: { a: [[ }\n", /stacks\/Pulumi\.mine\.yaml: .+ at line 1/],
  ["config: { aws:region: us-east-1 }\nfoo: bar\n", /foo: stands beside config: in stacks\/Pulumi\.mine\.yaml/],
])("%j is told with the file's name", (text, message) => {
  write(text);
  expect(() => readStackFile("mine", root)).toThrow(message);
});

test("what Pulumi itself writes beside the settings is no fault", () => {
  write("encryptionsalt: v1:abc\nsecretsprovider: passphrase\nconfig: { aws:region: eu-west-1 }\n");
  expect(readStackFile("mine", root)).toEqual({ config: { "aws:region": "eu-west-1" } });
});

test("the documentation ranges that stand for one's own machines are filled in, and named", () => {
  write("config: { pilotlight:cluster: { apiAccess: { cidrs: [198.18.7.0/24, 203.0.113.0/24] } } }\n");
  expect(readStackFile("mine", root).config).toEqual({
    "pilotlight:cluster": { apiAccess: { cidrs: ["198.18.7.0/24", "198.18.0.0/24"] } },
  });
  expect(examplesIn("mine", root)).toEqual([{ path: "cluster.apiAccess.cidrs[1]", range: "203.0.113.0/24" }]);
  write("config: { pilotlight:cluster: { adopt: { context: mine } } }\n");
  expect(examplesIn("mine", root)).toEqual([]);
});

test("a stack without a file is told with those there are", () => {
  expect(noSuchStack("prd", ["dev", "prod"])).toBe(
    'there is no stack file stacks/Pulumi.prd.yaml; --stack can be: dev, prod; did you mean "prod"?',
  );
});
