/*
 * What a live rehearsal saw, in the order in which it saw it: the observer writes it, the view and the report read it.
 */

/** The stage at one moment; times are seconds since the stage was up. */
export interface Sample {
  readonly at: number;
  /** By model. */
  readonly models: Readonly<Record<string, ModelSample>>;
  readonly nodes: readonly NodeSample[];
  /** US dollars an hour of the GPU nodes that run now, at on-demand list price. */
  readonly usdPerHour: number;
}

export interface ModelSample {
  /** Requests that wait in the router. */
  readonly held: number;
  /** Requests that the router has sent on and that are not answered yet. */
  readonly running: number;
  /** No router told its figures at this moment, and both are 0 for want of better. */
  readonly unread?: boolean;
  /** Replicas that the Deployment wants. */
  readonly wanted: number;
  /** Replicas that are Ready. */
  readonly ready: number;
}

export interface NodeSample {
  readonly name: string;
  readonly instanceType: string;
  /** The pool's GPU, for example `l40s`; nothing for nodes without one. */
  readonly gpu?: string;
  /** Karpenter's name for how it is bought; nothing for nodes of a managed group. */
  readonly capacityType?: string;
  readonly ready: boolean;
}

/** Something that happened once. */
export interface LiveEvent {
  readonly at: number;
  /** What it is about: a model, a node, a fault. */
  readonly subject: string;
  readonly text: string;
}

/** One cold start, from a request to its answer; `seconds` of each stage add up to the whole. */
export interface ColdStart {
  readonly model: string;
  /** When the request was sent. */
  readonly at: number;
  readonly stages: readonly {
    readonly name: string;
    readonly seconds: number;
    readonly compressed: boolean;
    /** What the planner says of a compressed stage; what a busy machine adds to it here is not to be multiplied. */
    readonly plannedSeconds?: number;
  }[];
}

/** What a client got. */
export interface Outcome {
  readonly at: number;
  readonly model: string;
  readonly phase: string;
  readonly stream: boolean;
  readonly status: number;
  /** Whether the answer came whole: every token that was asked for, and the end mark of a stream. */
  readonly complete: boolean;
  readonly seconds: number;
  /** Comment lines of a stream before its first token. */
  readonly pings: number;
}

/** A part of the rehearsal with a name, and what it was to show. */
export interface LivePhase {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly findings: readonly Finding[];
  /** Figures and circumstances: told, and judged by nobody. */
  readonly notes?: readonly string[];
}

export interface Finding {
  readonly holds: boolean;
  readonly text: string;
}

/** Memory of one of the stage's programs, in bytes, against what its chart grants it. */
export interface MemoryUse {
  readonly program: string;
  readonly peakBytes: number;
  readonly limitBytes?: number;
}

/** What one way to the engine takes, under one load; side by side in one run. */
export interface WayFigures {
  readonly way: string;
  /** Requests at a time. */
  readonly clients: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly requestsPerSecond: number;
}

/** A timer of the stage that differs from what ships, and why. */
export interface Difference {
  readonly what: string;
  readonly ships: string;
  readonly here: string;
  readonly why: string;
}

export interface LiveRecord {
  readonly stack: string;
  readonly speed: number;
  readonly engine: "simulated" | "vllm";
  readonly samples: readonly Sample[];
  readonly events: readonly LiveEvent[];
  readonly coldStarts: readonly ColdStart[];
  readonly outcomes: readonly Outcome[];
  readonly phases: readonly LivePhase[];
  readonly memory: readonly MemoryUse[];
  readonly figures: readonly WayFigures[];
  readonly differences: readonly Difference[];
}
