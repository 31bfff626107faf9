import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UsageError } from "../../scripts/key-options";
import { stackAccount } from "../../scripts/stack-account";

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "pilotlight-account-"));
  mkdirSync(join(root, "stacks"));
  const file = (name: string, lines: readonly string[]) =>
    writeFileSync(join(root, "stacks", `Pulumi.${name}.yaml`), ["config:", ...lines, ""].join("\n"));
  file("dev", ["  aws:region: eu-west-1"]);
  file("adoptok", ["  pilotlight:cluster:", "    adopt: { context: mine }"]);
  file("nowhere", ["  aws:profile: x"]);
});
afterAll(() => rmSync(root, { recursive: true }));

test.each(["dev", "pilotlight/dev", "acme/pilotlight/dev"])("%s has the account of its stack file", (name) => {
  expect(stackAccount(name, root)).toEqual({ short: "dev", stack: "pilotlight-dev", aws: { region: "eu-west-1" } });
});

test.each([
  ["prod", /^there is no stack file stacks\/Pulumi\.prod\.yaml; --stack can be: adoptok, dev, nowhere$/],
  [
    "adoptok",
    /^stack adoptok uses a cluster of your own: nothing is made in AWS and no spend guard runs; to remove it: pulumi destroy --stack adoptok$/,
  ],
  ["nowhere", /has no aws:region; set it with: pulumi config set aws:region REGION --stack nowhere$/],
])("%s is refused as a wrong command line", (name, message) => {
  expect(() => stackAccount(name, root)).toThrow(message);
  expect(() => stackAccount(name, root)).toThrow(UsageError);
});
