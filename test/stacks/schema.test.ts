import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import Ajv from "ajv/dist/2020";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { stackFileSchema, written } from "../../stacks/schema";

const validate = new Ajv({ strict: false, validateFormats: false }).compile(stackFileSchema());
const stackFile = (name: string) => readFileSync(join(__dirname, `../../stacks/Pulumi.${name}.yaml`), "utf8");

describe("JSON Schema for editors", () => {
  test.each(["dev", "staging", "prod", "rehearsal"])("%s is right by it, and names it", (name) => {
    expect(stackFile(name).split("\n")[0]).toBe("# yaml-language-server: $schema=./stack.schema.json");
    validate(parse(stackFile(name)));
    expect(validate.errors).toBeNull();
  });

  test("it marks a misspelt setting and a wrong value", () => {
    const wrong = parse(stackFile("dev"));
    wrong.config["pilotlight:models"]["qwen3-8b"].idelAfter = "5m";
    expect(validate(wrong)).toBe(false);
    const unknown = parse(stackFile("dev"));
    unknown.config["pilotlight:gpuPool"] = {};
    expect(validate(unknown)).toBe(false);
    const gpu = parse(stackFile("dev"));
    gpu.config["pilotlight:gpuPools"].l40s.gpu = "a10";
    expect(validate(gpu)).toBe(false);
    const idle = parse(stackFile("dev"));
    idle.config["pilotlight:models"]["qwen3-8b"].idleAfter = 600;
    expect(validate(idle)).toBe(false);
    const endpoints = parse(stackFile("dev"));
    endpoints.config["aws:endpoints"] = [];
    expect(validate(endpoints)).toBe(false);
  });

  test("it knows what is handed on to AWS, and that tokens are a number or text", () => {
    const right = parse(stackFile("dev"));
    right.config["aws:profile"] = "work";
    right.config["aws:allowedAccountIds"] = ["123456789012"];
    for (const contextLength of [32768, "32k"]) {
      right.config["pilotlight:models"]["qwen3-8b"].contextLength = contextLength;
      expect(validate(right)).toBe(true);
    }
  });

  test("it knows encrypted values", () => {
    const secret = parse(stackFile("dev"));
    secret.config["pilotlight:huggingFaceToken"] = { secure: "v1:abc" };
    expect(validate(secret)).toBe(true);
  });
});

test.each(written().map(([path, text]) => [basename(path), path, text]))("%s is up to date", (_, path, text) => {
  expect(readFileSync(path, "utf8") === text, "run: npm run config:schema").toBe(true);
});

test("every setting says what it means", () => {
  const reference = written().find(([path]) => path.endsWith(".md"))?.[1] ?? "";
  expect(reference.split("\n").filter((line) => line.startsWith("| `") && line.endsWith("|  |"))).toEqual([]);
});
