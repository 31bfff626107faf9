import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, type Asking, Client } from "./client";
import type { V1Secret } from "./kubernetes-types";
import { Observer } from "./observe";
import type { EngineKind } from "./options";
import type { ColdStart, Difference, Finding, LivePhase, ModelSample, Outcome, WayFigures } from "./record";
import type { LiveStage } from "./stage";
import { eventually } from "./wait";

/** How long a model may take to fall asleep: its idle time, and what Prometheus, KEDA and a drain add. */
const ASLEEP_MS = 240_000;

/** What a scenario works with: the stage, a client, and a notebook. */
export class Session {
  readonly observer: Observer;
  readonly client: Client;
  readonly phases: LivePhase[] = [];
  readonly coldStarts: ColdStart[] = [];
  readonly outcomes: Outcome[] = [];
  private readonly began = Date.now();
  readonly differences: Difference[] = [];
  readonly figures: WayFigures[] = [];
  private phase = "";
  private findings: Finding[] = [];
  private noted: string[] = [];

  private constructor(
    readonly stage: LiveStage,
    /** Keys of the gateway by name. */
    readonly keys: Readonly<Record<string, string>>,
    engine: EngineKind,
  ) {
    const models = Object.keys(stage.args.config.models);
    this.observer = new Observer(stage.cluster, stage.node, models, () => this.now());
    this.client = new Client("http://gateway.inference.svc:4000/v1", () => this.now(), engine === "simulated");
  }

  static async open(stage: LiveStage, engine: EngineKind): Promise<Session> {
    const secret = await stage.cluster.get<V1Secret>("/api/v1/namespaces/inference/secrets/gateway-keys");
    const keys = JSON.parse(Buffer.from(secret?.data?.apiKeys ?? "", "base64").toString());
    const session = new Session(stage, keys, engine);
    await session.observer.start();
    return session;
  }

  now(): number {
    return (Date.now() - this.began) / 1000;
  }

  get signal(): AbortSignal {
    return this.stage.args.signal;
  }

  get key(): string {
    return this.keys.default ?? "";
  }

  say(line: string): void {
    this.stage.args.say(line);
  }

  /** Title of the part that is being played. */
  get current(): string {
    return this.phase;
  }

  /** Where the pods' folders are, with what their engines wrote down. */
  get pods(): string {
    return join(this.stage.args.dir, "pods");
  }

  /** Says that something is not here as it ships. */
  differs(difference: Difference): void {
    this.differences.push(difference);
  }

  /** A part of the rehearsal with a name; what it finds is noted, and an error is a finding too. */
  async part(name: string, work: () => Promise<void>): Promise<void> {
    this.signal.throwIfAborted();
    const from = this.now();
    this.phase = name;
    this.findings = [];
    this.noted = [];
    this.say(`— ${name}`);
    try {
      await work();
    } catch (error) {
      this.signal.throwIfAborted();
      this.finds(false, `ended early: ${error instanceof Error ? error.message : error}`);
    }
    // What was cut off has shown nothing, neither way.
    this.signal.throwIfAborted();
    this.phases.push({ name, from, to: this.now(), findings: this.findings, notes: this.noted });
  }

  finds(holds: boolean, text: string): void {
    this.findings.push({ holds, text });
    this.say(`  ${holds ? "yes" : "NO "}  ${text}`);
  }

  /** A figure or a circumstance, which is neither right nor wrong. */
  notes(text: string): void {
    this.noted.push(text);
    this.say(`       ${text}`);
  }

  ask(asking: Partial<Asking> & Pick<Asking, "model">): Promise<Answer> {
    const whole = {
      stream: false,
      tokens: 32,
      prompt: "Why is the sky blue?",
      key: this.key,
      phase: this.phase,
      ...asking,
    };
    // Nothing outlasts the stage.
    // A signal of its own for each request: the SDK leaves its listener behind.
    const signal = AbortSignal.any([this.signal, ...(asking.signal === undefined ? [] : [asking.signal])]);
    return this.client.ask({ ...whole, signal }).then((answer) => {
      const { at, model, phase, stream, status, complete, seconds, pings } = answer;
      this.outcomes.push({ at, model, phase, stream, status, complete, seconds, pings });
      return answer;
    });
  }

  eventually<T>(
    what: string,
    look: () => T | undefined | false | Promise<T | undefined | false>,
    patienceMs = 120_000,
  ): Promise<T> {
    return eventually(what, async () => look(), { signal: this.signal, patienceMs });
  }

  /** Waits until nothing of a model runs and nothing waits for it. */
  async asleep(...models: readonly string[]): Promise<void> {
    const all = models.length > 0 ? models : Object.keys(this.stage.args.config.models);
    await this.eventually(
      `${all.join(" and ")} asleep`,
      () =>
        all.every(
          (model) => this.observer.wanted(model) === 0 && this.held(model) === 0 && this.engines(model).length === 0,
        ),
      ASLEEP_MS,
    );
  }

  engines(model: string) {
    return this.stage.node.find({ "app.kubernetes.io/instance": model, "app.kubernetes.io/component": "engine" });
  }

  routers(model: string) {
    return this.stage.node.find({ "app.kubernetes.io/instance": model, "app.kubernetes.io/component": "router" });
  }

  gateways() {
    return this.stage.node.find({ "app.kubernetes.io/name": "gateway" });
  }

  /** Requests in a router's queue; nothing while the router does not say. */
  held(model: string): number | undefined {
    return this.reading(model)?.held;
  }

  running(model: string): number | undefined {
    return this.reading(model)?.running;
  }

  private reading(model: string): ModelSample | undefined {
    const now = this.observer.last()?.models[model];
    return now?.unread ? undefined : now;
  }

  wait(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.signal });
  }
}
