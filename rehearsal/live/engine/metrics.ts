import { BLOCK_TOKENS, type Pace } from "./pace";

/*
 * The part of vLLM's /metrics that says what happens to requests, in its names, types, labels and buckets.
 */

const INFINITE = Number.POSITIVE_INFINITY;
const UP_TO_A_MINUTE = [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60];
const REQUEST_BUCKETS = [...UP_TO_A_MINUTE, 120, 240, 480, 960, 1920, 7680, INFINITE];
const FIRST_TOKEN_BUCKETS = [
  ...[0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75],
  ...[1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560, INFINITE],
];
const TOKEN_BUCKETS = [
  ...[0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75],
  ...[1, 2.5, 5, 7.5, 10, 20, 40, 80, INFINITE],
];

/** Observations by upper bound. */
export class Histogram {
  private readonly counts: number[];
  private total = 0;

  constructor(private readonly bounds: readonly number[]) {
    this.counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    const index = this.bounds.findIndex((bound) => value <= bound);
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.total += value;
  }

  /** Samples by suffix and label `le`. */
  samples(): readonly { readonly suffix: string; readonly le?: string; readonly value: number }[] {
    let below = 0;
    const buckets = this.bounds.map((bound, index) => {
      below += this.counts[index] ?? 0;
      return { suffix: "_bucket", le: boundText(bound), value: below };
    });
    return [...buckets, { suffix: "_count", value: below }, { suffix: "_sum", value: this.total }];
  }
}

/** As Python's client prints a float. */
function boundText(bound: number): string {
  if (bound === INFINITE) return "+Inf";
  return Number.isInteger(bound) ? bound.toFixed(1) : String(bound);
}

const FINISHED_REASONS = ["stop", "length", "abort", "error", "repetition"] as const;
export type FinishedReason = (typeof FINISHED_REASONS)[number];

/** All that an engine counts, from 0 at its start. */
export class Counters {
  promptTokens = 0;
  generationTokens = 0;
  /** Prompt tokens looked for in the prefix cache. */
  cacheQueries = 0;
  cacheHits = 0;
  readonly finished = Object.fromEntries(FINISHED_REASONS.map((reason) => [reason, 0])) as Record<
    FinishedReason,
    number
  >;
  readonly firstToken = new Histogram(FIRST_TOKEN_BUCKETS);
  readonly interToken = new Histogram(TOKEN_BUCKETS);
  readonly request = new Histogram(REQUEST_BUCKETS);
  readonly queue = new Histogram(REQUEST_BUCKETS);
}

/** What is the case now. */
export interface Gauges {
  readonly running: number;
  readonly waiting: number;
  /** Share of the KV cache in use, 0 to 1. */
  readonly cacheUsage: number;
}

type Labels = Readonly<Record<string, string>>;

const escaped = (value: string) => value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

const sample = (name: string, labels: Labels, value: number): string =>
  `${name}{${Object.entries(labels)
    .map(([label, text]) => `${label}="${escaped(text)}"`)
    .join(",")}} ${value}`;

/** What vLLM says of its page, whatever was asked for. */
export const METRICS_TYPE = "text/plain; version=1.0.0; charset=utf-8";

/** The page. */
export function metricsText(
  model: string,
  counters: Counters,
  gauges: Gauges,
  { cacheBlocks }: Pick<Pace, "cacheBlocks">,
): string {
  const own = { engine: "0", model_name: model };
  const series = (name: string, type: string, help: string, samples: readonly string[]) =>
    [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples].join("\n");
  const one = (name: string, type: "gauge" | "counter", help: string, value: number) =>
    series(name, type, help, [sample(name, own, value)]);
  const histogram = (name: string, help: string, values: Histogram) =>
    series(
      name,
      "histogram",
      help,
      values
        .samples()
        .map(({ suffix, le, value }) => sample(name + suffix, le === undefined ? own : { ...own, le }, value)),
    );
  const size = {
    block_size: String(BLOCK_TOKENS),
    enable_prefix_caching: "True",
    engine: "0",
    kv_cache_size_tokens: String(cacheBlocks * BLOCK_TOKENS),
    num_gpu_blocks: String(cacheBlocks),
  };
  const reasons = { capacity: gauges.waiting, deferred: 0 };
  const waitingBy = "vllm:num_requests_waiting_by_reason";
  const success = "vllm:request_success_total";
  return `${[
    one("vllm:num_requests_running", "gauge", "Number of requests in model execution batches.", gauges.running),
    one("vllm:num_requests_waiting", "gauge", "Number of requests waiting to be processed.", gauges.waiting),
    series(
      waitingBy,
      "gauge",
      "Number of waiting requests by reason.",
      Object.entries(reasons).map(([reason, value]) => sample(waitingBy, { ...own, reason }, value)),
    ),
    one("vllm:kv_cache_usage_perc", "gauge", "KV-cache usage. 1 means 100 percent usage.", gauges.cacheUsage),
    one("vllm:prefix_cache_queries_total", "counter", "Prefix cache queries, in tokens.", counters.cacheQueries),
    one("vllm:prefix_cache_hits_total", "counter", "Prefix cache hits, in tokens.", counters.cacheHits),
    one("vllm:prompt_tokens_total", "counter", "Number of prefill tokens processed.", counters.promptTokens),
    one("vllm:generation_tokens_total", "counter", "Number of generation tokens.", counters.generationTokens),
    series(
      success,
      "counter",
      "Count of successfully processed requests.",
      FINISHED_REASONS.map((reason) => sample(success, { ...own, finished_reason: reason }, counters.finished[reason])),
    ),
    histogram("vllm:time_to_first_token_seconds", "Time to first token in seconds.", counters.firstToken),
    histogram("vllm:inter_token_latency_seconds", "Inter-token latency in seconds.", counters.interToken),
    histogram("vllm:e2e_request_latency_seconds", "End-to-end request latency in seconds.", counters.request),
    histogram("vllm:request_queue_time_seconds", "Time spent in the WAITING phase.", counters.queue),
    // The only series without a model name, in vLLM as well.
    series("vllm:cache_config_info", "gauge", "Information of the LLMEngine CacheConfig", [
      sample("vllm:cache_config_info", size, 1),
    ]),
  ].join("\n")}\n`;
}
