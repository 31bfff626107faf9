import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import type { asset } from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { GUARD_HANDLER, guardArchive, guardCode } from "../../components/guard-bundle";

const ROOT = resolve(__dirname, "..", "..");

test("the function is one file that needs nothing but Node, and exports the handler that Lambda calls", () => {
  const code = guardCode();
  const exported = { exports: {} as Record<string, unknown> };
  const builtin = (name: string) => {
    if (!/^(node:)?[a-z0-9_]+(\/[a-z]+)?$/.test(name)) throw new Error(`the bundle asks for ${name}`);
    return createRequire(__filename)(name);
  };
  new Function("module", "exports", "require", code)(exported, exported.exports, builtin);
  expect(typeof exported.exports[GUARD_HANDLER.split(".")[1] ?? ""]).toBe("function");
});

test("the same sources give the same bytes", () => {
  const first = guardCode();
  expect(guardCode() === first).toBe(true);
});

test("the state holds the name of the file, relative to the program's folder, and not its text", async () => {
  const { assets } = guardArchive() as asset.AssetArchive;
  const { "index.js": file } = (await assets) as Record<string, asset.FileAsset>;
  const path = await file?.path;
  expect(path).toBe("../node_modules/.cache/pilotlight/spend-guard.js");
  expect(readFileSync(resolve(ROOT, "stacks", path ?? ""), "utf8") === guardCode()).toBe(true);
});
