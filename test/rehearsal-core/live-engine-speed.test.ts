import { describe, expect, test } from "vitest";
import { GPUS, type GpuName } from "../../planner/gpus";
import { findModel } from "../../planner/models";
import { saturatedTokensPerSecond, timePerOutputToken, timeToFirstToken } from "../../planner/speed";
import { type Clock, Engine } from "../../rehearsal/live/engine/engine";
import { readArguments } from "../../rehearsal/live/engine/options";
import { type Pace, paceOf } from "../../rehearsal/live/engine/pace";

/** A clock that jumps from one timer to the next, each of which rings late by what `late` says. */
class VirtualClock implements Clock {
  private time = 0;
  private timers: { readonly at: number; readonly callback: () => void }[] = [];

  constructor(private readonly late: () => number = () => 0) {}

  now(): number {
    return this.time;
  }

  after(seconds: number, callback: () => void): void {
    this.timers.push({ at: this.time + seconds + this.late(), callback });
  }

  /** Until nothing is to come. */
  run(): void {
    while (this.timers.length > 0) {
      const at = Math.min(...this.timers.map((timer) => timer.at));
      const next = this.timers.findIndex((timer) => timer.at === at);
      this.time = Math.max(this.time, at);
      for (const { callback } of this.timers.splice(next, 1)) callback();
    }
  }
}

interface Load {
  readonly concurrency: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Answers of each client, one after the other. */
  readonly rounds: number;
}

/** Clients that each send the next request when the last is answered: seconds of each token by request, and of all. */
function measure(pace: Pace, load: Load, clock = new VirtualClock()) {
  const engine = new Engine(pace, clock);
  const answers: number[][] = [];
  let sent = 0;
  const ask = (left: number) => {
    const asked = clock.now();
    const times: number[] = [];
    // Each prompt begins otherwise, so that none is in the prefix cache.
    const prompt = `${sent++} `.padEnd(load.inputTokens * 4, "x");
    const generation = { prompt, promptTokens: load.inputTokens, answerTokens: load.outputTokens };
    engine.submit(
      { ...generation, finishReason: "length" },
      {
        started: () => {},
        token: (_, last) => {
          times.push(clock.now() - asked);
          if (last) answers.push(times);
          if (last && left > 1) ask(left - 1);
        },
      },
    );
  };
  for (let client = 0; client < load.concurrency; client += 1) ask(load.rounds);
  clock.run();
  const tokenTimes = answers.map((times) => ((times.at(-1) ?? 0) - (times[0] ?? 0)) / (times.length - 1));
  const mean = (values: readonly number[]) => values.reduce((all, value) => all + value, 0) / values.length;
  return {
    engine,
    answers,
    seconds: clock.now(),
    tokenSeconds: mean(tokenTimes),
    firstTokenSeconds: mean(answers.map((times) => times[0] ?? 0)),
    tokensPerSecond: (answers.length * load.outputTokens) / clock.now(),
  };
}

function engineFor(model: string, gpu: GpuName, tp: number) {
  const shape = findModel(model);
  if (!shape) throw new Error(`no model ${model}`);
  const pace = paceOf({ ...readArguments(["s3://b/m", `--tensor-parallel-size=${tp}`]), model, gpu });
  return { pace, planned: { shape, format: shape.nativeFormat, gpu: GPUS[gpu], tp } };
}

describe.each([
  ["Qwen/Qwen3-8B", "l40s", 1],
  ["Qwen/Qwen3-32B", "h100", 2],
  ["openai/gpt-oss-120b", "h100", 1],
] as const)("%s on %s × %i", (model, gpu, tp) => {
  const { pace, planned } = engineFor(model, gpu, tp);
  const request = { inputTokens: 1024, outputTokens: 256 };

  test("one client has the planner's time to the first token and for each other one, within 2 %", () => {
    const { tokenSeconds, firstTokenSeconds } = measure(pace, { ...request, concurrency: 1, rounds: 2 });
    const workload = { ...planned, ...request, concurrency: 1 };
    expect(Math.abs(tokenSeconds / timePerOutputToken(workload).seconds - 1)).toBeLessThan(0.02);
    expect(Math.abs(firstTokenSeconds / timeToFirstToken(workload).seconds - 1)).toBeLessThan(0.02);
  });

  test.each([8, 32])("%i clients have the planner's tokens a second, within 10 %", (concurrency) => {
    const { tokensPerSecond } = measure(pace, { ...request, concurrency, rounds: 8 });
    const expected = saturatedTokensPerSecond({ ...planned, ...request, maxSequences: concurrency });
    expect(Math.abs(tokensPerSecond / expected - 1)).toBeLessThan(0.1);
  });
});

describe("time", () => {
  const { pace } = engineFor("Qwen/Qwen3-8B", "l40s", 1);
  const load = { concurrency: 1, inputTokens: 100, outputTokens: 200, rounds: 1 };

  test("does not run away from a timer that is late each time: 200 tokens are late by once that", () => {
    const exact = measure(pace, load).seconds;
    const late = measure(pace, load, new VirtualClock(() => 0.005)).seconds;
    // The request's own timer and the last step's.
    expect(late - exact).toBeCloseTo(0.01, 6);
  });

  test("is caught up with after a stall, with waits of nothing and never less", () => {
    let timers = 0;
    const waits: number[] = [];
    class Stalled extends VirtualClock {
      override after(seconds: number, callback: () => void) {
        waits.push(seconds);
        super.after(seconds, callback);
      }
    }
    const exact = measure(pace, load).seconds;
    const { seconds } = measure(pace, load, new Stalled(() => (++timers === 20 ? 0.5 : 0)));
    expect(seconds).toBeCloseTo(exact, 6);
    expect(waits.filter((wait) => wait === 0).length).toBeGreaterThan(10);
    expect(Math.min(...waits)).toBe(0);
  });
});

describe("counts", () => {
  const { pace } = engineFor("Qwen/Qwen3-8B", "l40s", 1);
  const silent = { started: () => {}, token: () => {} };

  test("tokens, endings, seconds and the prefix cache", () => {
    const clock = new VirtualClock();
    const engine = new Engine(pace, clock);
    const generation = { prompt: "a".repeat(400), promptTokens: 100, answerTokens: 5, finishReason: "length" } as const;
    engine.submit(generation, silent);
    clock.run();
    engine.submit({ ...generation, finishReason: "stop" }, silent);
    clock.run();
    const { counters, gauges } = engine;
    // Six full blocks of 16 tokens the second time.
    expect(counters).toMatchObject({ promptTokens: 200, generationTokens: 10, cacheQueries: 200, cacheHits: 96 });
    expect(counters.finished).toEqual({ length: 1, stop: 1, abort: 0, error: 0, repetition: 0 });
    const counts = (["firstToken", "interToken", "request", "queue"] as const).map(
      (name) => counters[name].samples().find(({ suffix }) => suffix === "_count")?.value,
    );
    expect(counts).toEqual([2, 8, 2, 2]);
    expect(gauges).toEqual({ running: 0, waiting: 0, cacheUsage: 0 });
  });

  test("a generation that is taken out has no more tokens, and its place goes to the next", () => {
    const clock = new VirtualClock();
    const engine = new Engine({ ...pace, maxSequences: 1 }, clock);
    const heard: string[] = [];
    const listen = (name: string, then: () => void = () => {}) => ({
      started: () => heard.push(`${name} starts`),
      token: (index: number, last: boolean) => {
        heard.push(`${name}${index}`);
        if (index === 2 || last) then();
      },
    });
    const generation = { prompt: "", promptTokens: 10, answerTokens: 100, finishReason: "length" } as const;
    const gone = engine.submit(
      generation,
      listen("a", () => gone()),
    );
    engine.submit({ ...generation, answerTokens: 2 }, listen("b"));
    const early = engine.submit(generation, listen("c"));
    early();
    early();
    clock.run();
    expect(heard).toEqual(["a starts", "a0", "a1", "a2", "b starts", "b0", "b1"]);
    expect(engine.counters.finished).toMatchObject({ abort: 2, length: 1 });
  });

  test("a generation that another's token takes out in the same step does not get that step's token", () => {
    const clock = new VirtualClock();
    const engine = new Engine(pace, clock);
    const generation = { prompt: "", promptTokens: 10, answerTokens: 2, finishReason: "length" } as const;
    let tokens = 0;
    // The first's second step is the other's first.
    engine.submit(generation, { started: () => {}, token: (index) => index === 1 && gone() });
    const gone = engine.submit(generation, { started: () => {}, token: () => (tokens += 1) });
    clock.run();
    expect(tokens).toBe(0);
    expect(engine.counters).toMatchObject({ generationTokens: 2, finished: { abort: 1, length: 1 } });
  });
});
