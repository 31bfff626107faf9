import { readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import Ajv from "ajv/dist/2020";
import { describe, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { schemaCommand, stackFileSchema, written } from "../../stacks/schema";

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

test.each([
  ["cluster.zones", "list of text, 2 to 3"],
  ["gpuPools.<name>.gpusPerNode", "integer, 1 to 8"],
  ["gpuPools.<name>.allocatable.cpu", "number, above 0"],
  ["gpuPools.<name>.disk", "size, 1Gi to 65536Gi"],
  ["models.<name>.contextLength", "tokens, 2 to 16777216"],
  ["models.<name>.replicas.min", "integer, 0 or more"],
  ["models.<name>.idleAfter", "duration, 1s to 30d"],
  ["spend.lease", "duration, 5m to 30d"],
  ["spend.limit", "number, 0.01 or more"],
  ["spend.emails", "list of text, up to 10"],
  ["tags", "object"],
])("the reference has the range of %s: %s", (setting, shape) => {
  const reference = written().find(([path]) => path.endsWith(".md"))?.[1] ?? "";
  expect(reference).toContain(`\n| \`${setting}\` | ${shape} |`);
});

describe("the command", () => {
  /** Status and output of a run, and whether it wrote. */
  function run(...args: string[]) {
    const said: string[] = [];
    const hear = (line: string) => void said.push(line);
    const spies = [vi.spyOn(console, "log"), vi.spyOn(console, "error")].map((spy) => spy.mockImplementation(hear));
    const times = () => written().map(([path]) => statSync(path).mtimeMs);
    const before = times();
    const status = schemaCommand(args);
    for (const spy of spies) spy.mockRestore();
    return { status, said: said.join("\n"), wrote: times().join() !== before.join() };
  }

  test("tells how it is called", () => {
    expect(run("--help")).toEqual({
      status: 0,
      said: expect.stringMatching(/^Usage: npm run config:schema/),
      wrote: false,
    });
  });

  test.each(["--chekc", "docs"])("refuses %s and writes nothing", (arg) => {
    expect(run(arg)).toEqual({
      status: 2,
      said: expect.stringMatching(new RegExp(`'${arg}'[^]*\n\nUsage: npm run config:schema`)),
      wrote: false,
    });
  });

  test("checks, and writes nothing", () => {
    expect(run("--check")).toEqual({ status: 0, said: "", wrote: false });
  });
});
