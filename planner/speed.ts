import { engineDefaults } from "./memory";
import { kvBytesPerSequencePerGpu } from "./shards";
import { SPEED_CONSTANTS, type SpeedConstants } from "./speed-constants";
import { type Engine, type StepSeconds, stepSeconds, total } from "./step";

/** How an engine is used: `concurrency` clients that each send the next request when the last is answered. */
export interface Workload extends Engine {
  readonly concurrency: number;
  /** Tokens of each prompt. */
  readonly inputTokens: number;
  /** Tokens of each answer. */
  readonly outputTokens: number;
  /** Bytes of each GPU that are left for the KV cache; without it, room for any number of sequences. */
  readonly kvCacheBytesPerGpu?: number;
  /** vLLM's `max_num_seqs`. @default vLLM's own for the GPU */
  readonly maxSequences?: number;
  /** vLLM's `max_num_batched_tokens`: a longer prompt takes several steps. @default vLLM's own for the GPU */
  readonly chunkTokens?: number;
}

/** Seconds for each output token after the first, by what they are spent on. */
export interface TokenTime {
  readonly seconds: number;
  readonly parts: {
    /** Reading weights from GPU memory and multiplying with them. */
    readonly weights: number;
    /** Reading the KV cache. */
    readonly keyValues: number;
    readonly latency: number;
    /** All-reduces between GPUs. */
    readonly communication: number;
    /** Other requests' prompts, which share the steps. */
    readonly prefill: number;
  };
}

/** Seconds from a request to its first token, by what they are spent on. */
export interface FirstTokenTime {
  readonly seconds: number;
  readonly parts: {
    /** Until the engine has room for one more sequence. */
    readonly queue: number;
    /** Until the step that runs ends, and behind other prompts. */
    readonly wait: number;
    readonly prefill: number;
    readonly request: number;
  };
}

/** Tokens a sequence has on average while it is answered. */
const averageTokens = ({ inputTokens, outputTokens }: Workload) => inputTokens + outputTokens / 2;

/** Sequences that run at once, at most. */
function mostSequences(workload: Workload): number {
  const { shape, tp, gpu, kvBytesPerElement, kvCacheBytesPerGpu = Number.POSITIVE_INFINITY } = workload;
  const each = kvBytesPerSequencePerGpu(shape, averageTokens(workload), tp, kvBytesPerElement);
  return Math.max(1, Math.min(workload.maxSequences ?? engineDefaults(gpu).maxSequences, kvCacheBytesPerGpu / each));
}

/** The steady state of an engine with a fixed number of running sequences. */
interface Steady {
  readonly running: number;
  /** A step without a prompt. */
  readonly decode: StepSeconds;
  /** What one output token takes, the steps with others' prompts included. */
  readonly token: number;
  /** All steps of one prompt. */
  readonly prefill: number;
  /** The same, with the time behind other prompts. */
  readonly response: number;
}

/**
 * Seconds a prompt takes with those before it, in a closed loop of `running` sequences that go back to decoding for
 * `decodeSeconds` each time: mean value analysis of one queue and one delay (Reiser and Lavenberg, 1980).
 */
function responseSeconds(running: number, prefill: number, decodeSeconds: number): number {
  let response = prefill;
  let waiting = 0;
  for (let n = 1; n <= running; n++) {
    response = prefill * (1 + waiting);
    waiting = (n * response) / (response + decodeSeconds);
  }
  // The KV cache may have room for 10.4 sequences on average: between the answers for 10 and for 11.
  return response + (running % 1) * (prefill * (1 + waiting) - response);
}

/** Rounds of the fixed point below; each brings it about ten times closer. */
const ROUNDS = 8;

function steadyState(workload: Workload, running: number, constants: SpeedConstants): Steady {
  const { inputTokens, outputTokens, chunkTokens = engineDefaults(workload.gpu).maxBatchedTokens } = workload;
  const contextTokens = averageTokens(workload);
  const chunks = Math.ceil(inputTokens / chunkTokens);
  const decode = stepSeconds(
    workload,
    { decoding: running, contextTokens, promptTokens: 0, promptContext: 0 },
    constants,
  );
  const mixed = stepSeconds(
    workload,
    { decoding: running - 1, contextTokens, promptTokens: inputTokens / chunks, promptContext: inputTokens / 2 },
    constants,
  );
  const prefill = chunks * total(mixed);
  // While a request decodes, each other one comes by with its prompt about once, and a step with a prompt takes longer.
  // The longer that makes decoding, the more of the prompts fall into it: a fixed point.
  let token = total(decode);
  let response = prefill;
  for (let round = 0; round < ROUNDS; round++) {
    const decoding = outputTokens * token;
    response = responseSeconds(running, prefill, decoding);
    const shared = Math.min(outputTokens, ((running - 1) * chunks * decoding) / (response + decoding));
    token = total(decode) + (shared / outputTokens) * Math.max(0, total(mixed) - total(decode));
  }
  return { running, decode, token, prefill, response };
}

const steadyFor = (workload: Workload, constants: SpeedConstants): Steady =>
  steadyState(workload, Math.min(workload.concurrency, mostSequences(workload)), constants);

/** Seconds for each output token after the first, on average over requests. */
export function timePerOutputToken(workload: Workload, constants: SpeedConstants = SPEED_CONSTANTS): TokenTime {
  const { decode, token } = steadyFor(workload, constants);
  const { weights, attention: keyValues, latency, communication } = decode;
  return { seconds: token, parts: { weights, keyValues, latency, communication, prefill: token - total(decode) } };
}

/** Seconds from sending a request to its first token, on average over requests. */
export function timeToFirstToken(workload: Workload, constants: SpeedConstants = SPEED_CONSTANTS): FirstTokenTime {
  const { running, decode, token, prefill, response } = steadyFor(workload, constants);
  // Half of a step on average, if others run one.
  const wait = ((running - 1) / running) * (total(decode) / 2) + response - prefill;
  // Clients beyond those that run take turns with them.
  const queue = (workload.concurrency / running - 1) * (response + workload.outputTokens * token);
  const request = constants.requestSeconds;
  return { seconds: queue + wait + prefill + request, parts: { queue, wait, prefill, request } };
}

/** Output tokens a second of all requests together when the engine runs as many sequences as it has room for. */
export function saturatedTokensPerSecond(
  workload: Omit<Workload, "concurrency">,
  constants: SpeedConstants = SPEED_CONSTANTS,
): number {
  const full = { ...workload, concurrency: Number.POSITIVE_INFINITY };
  const { running, token, response } = steadyFor(full, constants);
  return (running * workload.outputTokens) / (response + workload.outputTokens * token);
}
