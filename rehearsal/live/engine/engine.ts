import { Batch, type Sequence } from "./batch";
import { Counters, type FinishedReason, type Gauges } from "./metrics";
import type { Pace } from "./pace";
import { PrefixCache } from "./prefix-cache";

/** The time, in seconds from any moment on, so that a test can let it pass. */
export interface Clock {
  now(): number;
  after(seconds: number, callback: () => void): void;
}

/** The machine's own. */
export const REAL_CLOCK: Clock = {
  now: () => performance.now() / 1000,
  after: (seconds, callback) => setTimeout(callback, seconds * 1000),
};

/** What an engine is to generate. */
export interface Generation {
  readonly prompt: string;
  readonly promptTokens: number;
  readonly answerTokens: number;
  /** How the answer ends. */
  readonly finishReason: FinishedReason;
}

/** Who asked for it. */
export interface Listener {
  /** The first step with its prompt begins. */
  started(): void;
  /** A token is there; they come in order, and nothing comes after the last. */
  token(index: number, last: boolean): void;
}

interface Job extends Sequence {
  readonly generation: Generation;
  readonly listener: Listener;
  readonly arrived: number;
  queued: number;
  admitted: number;
  /** When its last token so far was there. */
  lastToken: number;
  gone: boolean;
}

/** Runs generations in steps that last what the planner says. */
export class Engine {
  readonly counters = new Counters();
  private readonly batch: Batch<Job>;
  private readonly prefixes: PrefixCache;
  private stepping = false;

  constructor(
    private readonly pace: Pace,
    private readonly clock: Clock,
  ) {
    this.batch = new Batch(pace);
    this.prefixes = new PrefixCache(pace.cacheBlocks);
  }

  get gauges(): Gauges {
    const { runningCount, waitingCount, cacheUsage } = this.batch;
    return { running: runningCount, waiting: waitingCount, cacheUsage };
  }

  /** Takes a generation in; the answer takes it out again, unless it has ended. */
  submit(generation: Generation, listener: Listener): () => void {
    const now = this.clock.now();
    const job: Job = {
      ...{ generation, listener, arrived: now, queued: now, admitted: now, lastToken: now, gone: false },
      promptTokens: generation.promptTokens,
      answerTokens: generation.answerTokens,
      cachedTokens: () => this.lookUp(generation),
    };
    this.clock.after(this.pace.requestSeconds, () => {
      if (job.gone) return;
      job.queued = this.clock.now();
      this.batch.add(job);
      // Those that arrive while a step runs wait for its end.
      if (!this.stepping) this.step(job.queued);
    });
    return () => {
      if (job.gone) return;
      job.gone = true;
      this.batch.remove(job);
      this.counters.finished.abort += 1;
    };
  }

  private lookUp({ prompt, promptTokens }: Generation): number {
    const hits = this.prefixes.cachedTokens(prompt);
    this.counters.cacheQueries += promptTokens;
    this.counters.cacheHits += hits;
    return hits;
  }

  /**
   * Runs steps one after the other, each from the moment at which the last was due to end, not from when it did: what a
   * timer is late by is taken from the next wait, so that the speed stays the planner's on a busy machine.
   */
  private step(begins: number): void {
    const step = this.batch.begin();
    this.stepping = step !== undefined;
    if (!step) return;
    const now = this.clock.now();
    for (const job of step.admitted) {
      job.admitted = now;
      job.listener.started();
    }
    const ends = begins + step.seconds;
    this.clock.after(Math.max(0, ends - now), () => {
      this.end();
      this.step(ends);
    });
  }

  private end(): void {
    const now = this.clock.now();
    for (const { sequence: job, index, last } of this.batch.end()) {
      // A listener before it in this very step may have taken it out.
      if (job.gone) continue;
      if (index === 0) {
        this.prefixes.remember(job.generation.prompt);
        this.counters.promptTokens += job.promptTokens;
        this.counters.firstToken.observe(now - job.arrived);
      } else this.counters.interToken.observe(now - job.lastToken);
      job.lastToken = now;
      this.counters.generationTokens += 1;
      if (last) this.finish(job, now);
      job.listener.token(index, last);
    }
  }

  private finish(job: Job, now: number): void {
    job.gone = true;
    this.counters.finished[job.generation.finishReason] += 1;
    this.counters.request.observe(now - job.arrived);
    this.counters.queue.observe(job.admitted - job.queued);
  }
}
