import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isMap, isScalar, LineCounter, type Pair, parseDocument } from "yaml";
import { gatewayBase } from "./gateway-values";
import { helmRefusal, merge, type Values } from "./helm";
import { modelServerBase } from "./model-server-values";

interface Schema {
  $ref?: string;
  type?: string;
  properties?: Record<string, Schema>;
  definitions?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
}

const read = (chart: string, file: string) => readFileSync(join(__dirname, "../../charts", chart, file), "utf8");

/** Every setting the schema knows, `a.b`; a map whose keys are the user's, or the pod spec's, is one setting. */
function schemaPaths(root: Schema, schema: Schema = root, path = ""): string[] {
  const name = schema.$ref?.replace("#/definitions/", "");
  const found = name === undefined ? schema : root.definitions?.[name];
  if (found === undefined) throw new Error(`${path}: no ${schema.$ref}`);
  const below = Object.entries(found.properties ?? {}).flatMap(([key, child]) =>
    schemaPaths(root, child, path ? `${path}.${key}` : key),
  );
  return path ? [path, ...below] : below;
}

/** Every setting of values.yaml that the schema tells apart, and whether a comment stands right above it. */
function valuePaths(chart: string, known: readonly string[]): { path: string; documented: boolean }[] {
  const text = read(chart, "values.yaml");
  const lines = text.split("\n");
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  const walk = (pairs: readonly Pair[], prefix: string): { path: string; documented: boolean }[] =>
    pairs.flatMap(({ key, value }) => {
      if (!isScalar(key) || !key.range) throw new Error(`${chart}/values.yaml: a key that is no word`);
      const path = `${prefix}${key.value}`;
      const { line } = counter.linePos(key.range[0]);
      const documented = /^\s*# /.test(lines[line - 2] ?? "");
      const deeper = isMap(value) && known.some((each) => each.startsWith(`${path}.`));
      return [{ path, documented }, ...(deeper ? walk(value.items as Pair[], `${path}.`) : [])];
    });
  if (!isMap(document.contents)) throw new Error(`${chart}/values.yaml is no map`);
  return walk(document.contents.items as Pair[], "");
}

describe.each(["model-server", "gateway"])("values of %s", (chart) => {
  const known = schemaPaths(JSON.parse(read(chart, "values.schema.json")) as Schema);
  const settings = valuePaths(chart, known);

  test("values.yaml and the schema know the same settings", () => {
    expect(settings.map(({ path }) => path).sort()).toEqual(known.filter((path) => path !== "global").sort());
    expect(settings.length).toBeGreaterThan(10);
  });

  test("each setting has a comment", () => {
    expect(settings.filter(({ documented }) => !documented).map(({ path }) => path)).toEqual([]);
  });
});

/** What the schema refuses: the change, and what helm says of it. */
const REFUSED: Record<string, [Values, string][]> = {
  "model-server": [
    [{ gpu: 1 }, "at '': additional properties 'gpu' not allowed"],
    [{ engine: { flags: [] } }, "at '/engine': additional properties 'flags' not allowed"],
    [{ autoscaling: { min: 0 } }, "at '/autoscaling': additional properties 'min' not allowed"],
    [{ hold: { ttl: 1 } }, "at '/hold': additional properties 'ttl' not allowed"],
    [{ gpus: "1" }, "at '/gpus': got string, want integer"],
    [{ gpus: 0 }, "at '/gpus': minimum: got 0, want 1"],
    [{ gpus: 9 }, "at '/gpus': maximum: got 9, want 8"],
    [{ engine: { args: "--x" } }, "at '/engine/args': got string, want array"],
    [{ engine: { env: { A: 1 } } }, "at '/engine/env/A': got number, want string"],
    [{ hold: { ttlSeconds: "600s" } }, "at '/hold/ttlSeconds': got string, want integer"],
    [{ hold: { preStopSeconds: 0 } }, "at '/hold/preStopSeconds': minimum: got 0, want 1"],
    [{ resources: { memory: "28G" } }, "at '/resources/memory': '28G' does not match pattern"],
    [{ resources: { cpu: "3.5" } }, "at '/resources/cpu': '3.5' does not match pattern"],
    [
      { autoscaling: { prometheusUrl: "prometheus:9090" } },
      "at '/autoscaling/prometheusUrl': 'prometheus:9090' does not",
    ],
    [{ autoscaling: { schedule: [{ start: "0 8 * * *" }] } }, "at '/autoscaling/schedule/0': missing properties"],
    [{ placement: { pools: ["l40s", "l40s"] } }, "at '/placement/pools': items at 0 and 1 are equal"],
  ],
  gateway: [
    [{ model: [] }, "at '': additional properties 'model' not allowed"],
    [{ masterKey: { value: "sk-1" } }, "at '/masterKey': additional properties 'value' not allowed"],
    [{ database: { url: "postgresql://" } }, "at '/database': additional properties 'url' not allowed"],
    [{ database: { mode: "mysql" } }, "at '/database/mode': value must be one of 'none', 'postgres'"],
    [{ replicas: "2" }, "at '/replicas': got string, want integer"],
    [{ replicas: 0 }, "at '/replicas': minimum: got 0, want 1"],
    [{ pingSeconds: 51 }, "at '/pingSeconds': maximum: got 51, want 50"],
    [{ models: [{ name: "qwen", url: "http://x/v1" }] }, "at '/models/0': missing property 'timeoutSeconds'"],
    [
      { models: [{ name: "Qwen", url: "http://x/v1", timeoutSeconds: 20 }] },
      "at '/models/0/name': 'Qwen' does not match",
    ],
    [{ models: [{ name: "a", url: "x/v1", timeoutSeconds: 20 }] }, "at '/models/0/url': 'x/v1' does not match pattern"],
  ],
};

describe.each(Object.entries(REFUSED))("the schema of %s refuses", (chart, cases) => {
  test.each(cases)("%j", (change, message) => {
    const refusal = helmRefusal(chart, "qwen", merge(chart === "gateway" ? gatewayBase : modelServerBase, change));
    expect(refusal).toContain(message);
    // One fault, not a schema that refuses everything.
    expect(refusal.match(/^- at /gm)).toHaveLength(1);
  });
});
