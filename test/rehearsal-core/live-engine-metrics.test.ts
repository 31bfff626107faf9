import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ENGINES } from "../../components/engines";
import { Counters, Histogram, metricsText } from "../../rehearsal/live/engine/metrics";

/** `GET /metrics` of vLLM 0.32.0, CPU build, after four requests: by name, without samples' values and suffixes. */
const REAL: Record<string, { type: string; labels: string[]; buckets?: string[] }> = JSON.parse(
  readFileSync("test/data/vllm-metrics.json", "utf8"),
);

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

function parse(page: string) {
  const types = new Map([...page.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type = ""]) => [name, type]));
  const samples = page
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line): Sample => {
      const [, name = "", labels = "", value] = /^([\w:]+)\{(.*)\} (\S+)$/.exec(line) ?? [];
      const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, text]) => [label, text]);
      return { name, labels: Object.fromEntries(pairs), value: Number(value) };
    });
  return { types, samples };
}

const page = (counters = new Counters()) =>
  metricsText("qwen3-8b", counters, { running: 3, waiting: 2, cacheUsage: 0.25 }, { cacheBlocks: 1000 });

test("every series, with type, labels and buckets, is one that the real vLLM has", () => {
  const { types, samples } = parse(page());
  expect(types.size).toBeGreaterThanOrEqual(14);
  for (const [name, type] of types) {
    expect(REAL[name], name).toBeDefined();
    expect(type, name).toBe(REAL[name]?.type);
  }
  for (const { name, labels, value } of samples) {
    const base = types.has(name) ? name : name.replace(/_(bucket|count|sum)$/, "");
    expect(types.get(base), name).toBeDefined();
    expect(value, name).not.toBeNaN();
    const { le: _, ...own } = labels;
    const known = REAL[base]?.labels ?? [];
    // The cache's many settings are labels of one series, of which only some mean anything here.
    if (base === "vllm:cache_config_info") expect(known).toEqual(expect.arrayContaining(Object.keys(own)));
    else expect(Object.keys(own).sort(), name).toEqual(known);
  }
  for (const [name, type] of types) {
    const buckets = samples.filter((sample) => sample.name === `${name}_bucket`).map(({ labels }) => labels.le);
    expect(buckets, name).toEqual(type === "histogram" ? REAL[name]?.buckets : []);
  }
});

test("has what the picker reads and what the rehearsal counts", () => {
  const { samples } = parse(page());
  const names = new Set(samples.map(({ name }) => name));
  const counted = [
    "prompt_tokens",
    "generation_tokens",
    "request_success",
    "prefix_cache_queries",
    "prefix_cache_hits",
  ];
  for (const name of [...Object.values(ENGINES.vllm.metrics), ...counted.map((each) => `vllm:${each}_total`)])
    expect(names, name).toContain(name);
});

test("says what is counted, of its own model and engine", () => {
  const counters = Object.assign(new Counters(), {
    promptTokens: 7,
    generationTokens: 8,
    cacheQueries: 9,
    cacheHits: 4,
  });
  counters.finished.length = 5;
  const { samples } = parse(page(counters));
  const value = (name: string, more: Record<string, string> = {}) =>
    samples.find(
      (sample) => sample.name === `vllm:${name}` && Object.keys(more).every((key) => sample.labels[key] === more[key]),
    )?.value;
  expect(samples[0]?.labels).toEqual({ engine: "0", model_name: "qwen3-8b" });
  expect(value("num_requests_running")).toBe(3);
  expect(value("num_requests_waiting")).toBe(2);
  expect(value("kv_cache_usage_perc")).toBe(0.25);
  expect(value("prompt_tokens_total")).toBe(7);
  expect(value("generation_tokens_total")).toBe(8);
  expect(value("prefix_cache_queries_total")).toBe(9);
  expect(value("prefix_cache_hits_total")).toBe(4);
  expect(value("request_success_total", { finished_reason: "length" })).toBe(5);
  expect(value("request_success_total", { finished_reason: "abort" })).toBe(0);
  expect(samples.find(({ name }) => name === "vllm:cache_config_info")?.labels).toMatchObject({
    block_size: "16",
    num_gpu_blocks: "1000",
    kv_cache_size_tokens: "16000",
  });
});

test("a histogram counts each observation in every bucket that holds it", () => {
  const histogram = new Histogram([0.5, 1, Number.POSITIVE_INFINITY]);
  for (const value of [0.5, 0.6, 7]) histogram.observe(value);
  expect(histogram.samples()).toEqual([
    { suffix: "_bucket", le: "0.5", value: 1 },
    { suffix: "_bucket", le: "1.0", value: 2 },
    { suffix: "_bucket", le: "+Inf", value: 3 },
    { suffix: "_count", value: 3 },
    { suffix: "_sum", value: 8.1 },
  ]);
});

test("a name that would break a line is escaped", () => {
  const { samples } = parse(
    metricsText('a"\n\\', new Counters(), { running: 0, waiting: 0, cacheUsage: 0 }, { cacheBlocks: 1 }),
  );
  expect(samples[0]?.labels.model_name).toBe('a\\"\\n\\\\');
});
