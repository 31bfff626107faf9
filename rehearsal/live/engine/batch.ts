import type { StepWork } from "../../../planner/step";
import { BLOCK_TOKENS, type Pace } from "./pace";

/*
 * Continuous batching as vLLM does it, without a clock: a step is begun, lasts what the planner says, and ends.
 * Two things are simpler here. vLLM admits a request as soon as its prompt has room in the KV cache and takes it out again
 * where the cache runs full; here it waits until its whole length has room, and nothing is ever taken out. And blocks that
 * requests share through the prefix cache count once for each.
 */

/** What the batch has to know of a request. */
export interface Sequence {
  readonly promptTokens: number;
  readonly answerTokens: number;
  /** Tokens of the prompt that need no prefill; asked once, when the sequence is admitted. */
  readonly cachedTokens: () => number;
}

interface Running<S> {
  readonly sequence: S;
  /** Tokens of the prompt that are in the KV cache. */
  prefilled: number;
  /** Tokens of the answer. */
  generated: number;
  /** Tokens of the prompt that the step now running prefills; 0 while it decodes. */
  chunk: number;
}

/** A step that has begun. */
export interface Step<S> {
  readonly seconds: number;
  /** Sequences that were waiting until now. */
  readonly admitted: readonly S[];
  readonly work: StepWork;
}

/** Each sequence that got a token. */
export interface Token<S> {
  readonly sequence: S;
  /** From 0. */
  readonly index: number;
  readonly last: boolean;
}

const blocks = (tokens: number): number => Math.ceil(tokens / BLOCK_TOKENS);

const wholeBlocks = ({ promptTokens, answerTokens }: Sequence): number => blocks(promptTokens + answerTokens);

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

type Limits = Pick<Pace, "maxSequences" | "maxBatchedTokens" | "cacheBlocks" | "stepSeconds">;

/** The requests that an engine has, in the order in which they came. */
export class Batch<S extends Sequence> {
  private running: Running<S>[] = [];
  private waiting: S[] = [];

  constructor(private readonly limits: Limits) {}

  get runningCount(): number {
    return this.running.length;
  }

  get waitingCount(): number {
    return this.waiting.length;
  }

  /** Share of the KV cache in use, 0 to 1. */
  get cacheUsage(): number {
    const used = sum(this.running.map(({ prefilled, generated }) => blocks(prefilled + generated)));
    return Math.min(1, used / this.limits.cacheBlocks);
  }

  add(sequence: S): void {
    this.waiting.push(sequence);
  }

  /** Takes a sequence out, wherever it is. A step that runs is no shorter for it; the next one has its place. */
  remove(sequence: S): void {
    this.waiting = this.waiting.filter((other) => other !== sequence);
    this.running = this.running.filter((other) => other.sequence !== sequence);
  }

  /** Begins the next step, or says by undefined that there is nothing to do. */
  begin(): Step<S> | undefined {
    // Enough for all that run, since at most as many run: only the last of them can be halfway through its prompt.
    let room = this.limits.maxBatchedTokens;
    const plan = (each: Running<S>) => {
      each.chunk = Math.min(room, each.sequence.promptTokens - each.prefilled);
      room -= each.chunk > 0 ? each.chunk : 1;
    };
    this.running.forEach(plan);
    const admitted: S[] = [];
    for (let next = this.waiting[0]; next && room > 0 && this.hasRoomFor(next); next = this.waiting[0]) {
      this.waiting.shift();
      const each = { sequence: next, prefilled: next.cachedTokens(), generated: 0, chunk: 0 };
      plan(each);
      this.running.push(each);
      admitted.push(next);
    }
    if (this.running.length === 0) return undefined;
    const work = this.work();
    return { seconds: this.limits.stepSeconds(work), admitted, work };
  }

  /** Ends the step that was begun: all that decode, and those whose prompt is done, have one more token. */
  end(): Token<S>[] {
    const tokens: Token<S>[] = [];
    for (const each of this.running) {
      each.prefilled += each.chunk;
      if (each.prefilled < each.sequence.promptTokens) continue;
      each.generated += 1;
      const last = each.generated >= each.sequence.answerTokens;
      tokens.push({ sequence: each.sequence, index: each.generated - 1, last });
    }
    this.running = this.running.filter(({ sequence, generated }) => generated < sequence.answerTokens);
    return tokens;
  }

  private hasRoomFor(sequence: S): boolean {
    if (this.running.length >= this.limits.maxSequences) return false;
    const taken = sum(this.running.map((each) => wholeBlocks(each.sequence)));
    return this.running.length === 0 || taken + wholeBlocks(sequence) <= this.limits.cacheBlocks;
  }

  /** The step in the planner's words. */
  private work(): StepWork {
    const prompts = this.running.filter(({ chunk }) => chunk > 0);
    const decoding = this.running.filter(({ chunk }) => chunk === 0);
    const promptTokens = sum(prompts.map(({ chunk }) => chunk));
    const context = sum(decoding.map(({ prefilled, generated }) => prefilled + generated));
    // A token of a prompt sees those before it, the cached ones too: on average those up to the chunk's middle.
    const before = sum(prompts.map(({ prefilled, chunk }) => chunk * (prefilled + chunk / 2)));
    return {
      decoding: decoding.length,
      contextTokens: decoding.length > 0 ? context / decoding.length : 0,
      promptTokens,
      promptContext: promptTokens > 0 ? before / promptTokens : 0,
    };
  }
}
