import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Running } from "../../processes";
import type { V1Container, V1ContainerStatus, V1Pod } from "../kubernetes-types";
import type { PodLink } from "../network";
import { repeat } from "./probes";

/** What stands for a container image here: a program of this machine. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** As a kubelet: 10 s, doubled each time, 5 min at most. */
const RESTART_MS = { first: 10_000, most: 300_000 } as const;
/** A program that ran for this long starts with a clean slate. */
const GOOD_RUN_MS = 600_000;

export type RestartPolicy = "Always" | "OnFailure" | "Never";

export interface ContainerArgs {
  readonly pod: V1Pod;
  readonly spec: V1Container;
  readonly program: Program;
  readonly link: PodLink;
  /** Whether it starts again when it ends: the pod's policy, or an init container's own. */
  readonly restart: RestartPolicy;
  /** Folder of the pod, for its logs. */
  readonly dir: string;
  /** Told whenever the status has changed. */
  readonly onChange: () => void;
}

/** A container as a process: started, probed, restarted, ended, as its spec has it. */
export class Container {
  private running: Running | undefined;
  private starts = 0;
  private awayUntil = 0;
  private backoffMs: number = RESTART_MS.first;
  private ending = false;
  private since = new Date();
  private started = false;
  private ready = false;
  private last: { how: string; at: Date } | undefined;
  private waiting: { reason: string; message?: string } | undefined = { reason: "ContainerCreating" };
  private readonly stopProbes: (() => void)[] = [];

  constructor(private readonly args: ContainerArgs) {}

  get isReady(): boolean {
    return this.ready;
  }

  get pid(): number | undefined {
    return this.running?.hasEnded === false ? this.running.pid : undefined;
  }

  /** Code of the last end, where it has ended. */
  get exit(): string | undefined {
    return this.running === undefined ? this.last?.how : undefined;
  }

  start(): void {
    const { spec, program, link, dir } = this.args;
    const logs = join(dir, "logs");
    mkdirSync(logs, { recursive: true });
    const [enter = "", ...entering] = link.enter;
    this.starts += 1;
    this.since = new Date();
    this.waiting = undefined;
    this.started = spec.startupProbe === undefined;
    this.ready = false;
    const running = Running.start({
      name: `${this.args.pod.metadata?.name}/${spec.name}`,
      command: enter,
      args: [...entering, program.command, ...program.args],
      env: { ...program.env },
      cwd: dir,
      log: join(logs, `${spec.name}.log`),
    });
    this.running = running;
    running.ended.then((how) => this.ended(how));
    this.probe();
    this.args.onChange();
  }

  private probe(): void {
    const { spec, link } = this.args;
    const common = { container: spec, address: link.address };
    const serve = () => {
      if (spec.readinessProbe === undefined) this.setReady(true);
      else
        this.stopProbes.push(
          repeat({ ...common, probe: spec.readinessProbe, first: false, onChange: (ok) => this.setReady(ok) }),
        );
      if (spec.livenessProbe !== undefined)
        this.stopProbes.push(
          repeat({ ...common, probe: spec.livenessProbe, first: true, onChange: (ok) => ok || this.fail() }),
        );
    };
    if (spec.startupProbe === undefined) {
      serve();
      return;
    }
    const stop = repeat({
      ...common,
      probe: spec.startupProbe,
      first: false,
      onChange: (ok) => {
        if (!ok) return;
        stop();
        this.started = true;
        serve();
        this.args.onChange();
      },
    });
    // A startup probe that never succeeds fails as often as it may, and that is the end of the container.
    const { periodSeconds = 10, failureThreshold = 3, initialDelaySeconds = 0 } = spec.startupProbe;
    const late = setTimeout(
      () => this.started || this.fail(),
      (initialDelaySeconds + periodSeconds * failureThreshold) * 1000,
    );
    this.stopProbes.push(stop, () => clearTimeout(late));
  }

  private setReady(ready: boolean): void {
    this.ready = ready;
    this.args.onChange();
  }

  /** A probe says that it is not well; it is ended, and its restart policy decides. */
  private fail(): void {
    void this.running?.stop();
  }

  private ended(how: string): void {
    for (const stop of this.stopProbes.splice(0)) stop();
    this.ready = false;
    this.last = { how, at: new Date() };
    this.running = undefined;
    const { restart } = this.args;
    const again = !this.ending && (restart === "Always" || (restart === "OnFailure" && how !== "code 0"));
    if (again) {
      if (Date.now() - this.since.getTime() > GOOD_RUN_MS) this.backoffMs = RESTART_MS.first;
      // The first restart comes at once.
      const wait = Math.max(this.starts === 1 ? 0 : this.backoffMs, this.awayUntil - Date.now());
      if (this.starts > 1) this.backoffMs = Math.min(this.backoffMs * 2, RESTART_MS.most);
      this.waiting = { reason: "CrashLoopBackOff", message: `ended with ${how}` };
      setTimeout(() => this.ending || this.start(), wait);
    }
    this.args.onChange();
  }

  /** Readiness is lost at once, then preStop, then SIGTERM, and SIGKILL when the grace is over. */
  async stop(graceMs: number): Promise<void> {
    this.ending = true;
    const deadline = Date.now() + graceMs;
    const { running } = this;
    if (running === undefined) return;
    const preStopMs = (this.args.spec.lifecycle?.preStop?.sleep?.seconds ?? 0) * 1000;
    await Promise.race([wait(Math.min(preStopMs, graceMs)), running.ended]);
    if (running.hasEnded) return;
    process.kill(running.pid, "SIGTERM");
    const late = setTimeout(() => running.kill(), Math.max(0, deadline - Date.now()));
    await running.ended;
    clearTimeout(late);
  }

  /** Ends it at once: a node that is gone, or the end of the stage. */
  kill(): void {
    this.ending = true;
    this.running?.kill();
  }

  /** How often it was started again. */
  get restarts(): number {
    return Math.max(0, this.starts - 1);
  }

  /**
   * SIGKILL from outside, as the kernel or a bug would send it; a kubelet starts it again.
   * @param awayMs how long it stays away at least.
   * @throws Error if it does not run, so that no fault is played that never happened.
   */
  crash(awayMs = 0): void {
    if (this.running === undefined) throw new Error(`container ${this.args.spec.name} does not run`);
    this.awayUntil = Date.now() + awayMs;
    this.running.kill();
  }

  status(): V1ContainerStatus {
    const { spec } = this.args;
    const alive = this.running !== undefined;
    return {
      name: spec.name,
      image: spec.image ?? "",
      imageID: spec.image ?? "",
      ready: this.ready,
      started: alive && this.started,
      restartCount: this.restarts,
      state: alive
        ? { running: { startedAt: this.since } }
        : this.waiting !== undefined
          ? { waiting: this.waiting }
          : { terminated: terminated(this.last) },
      ...(this.last !== undefined && (alive || this.waiting !== undefined)
        ? { lastState: { terminated: terminated(this.last) } }
        : {}),
    };
  }
}

const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));

function terminated(last: { how: string; at: Date } | undefined) {
  const code = /^code (\d+)$/.exec(last?.how ?? "")?.[1];
  const exitCode = code === undefined ? 137 : Number(code);
  return { exitCode, reason: exitCode === 0 ? "Completed" : "Error", finishedAt: last?.at };
}
