import type { Steps } from "./progress";

/** One phase of a rehearsal. */
export interface Phase {
  readonly name: "preview" | "up" | "up again" | "change" | "destroy";
  readonly seconds: number;
  readonly steps: Steps;
}

/** What a double did that a real cluster or account would have done by itself, or did not do at all. */
export interface Note {
  readonly provider: "aws" | "kubernetes" | "random";
  readonly op: string;
  readonly type: string;
  readonly name: string;
  readonly text?: string;
}

/** What one rehearsal of one stack found. */
export interface Report {
  readonly stack: string;
  readonly phases: readonly Phase[];
  /** Objects of the API server after `up`, by kind. */
  readonly objects: Readonly<Record<string, number>>;
  readonly notes: readonly Note[];
  /** What AWS itself deletes only later. */
  readonly later: readonly string[];
  /** Seconds of the whole rehearsal, without getting its tools. */
  readonly seconds: number;
}

const byCount = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts).sort(([a, n], [b, m]) => m - n || a.localeCompare(b));

const total = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((sum, n) => sum + n, 0);

/** `4 created, 2 updated` of a phase. */
export function operations({ byOperation }: Steps): string {
  const done = byCount(byOperation).filter(([, count]) => count > 0);
  return done.length === 0 ? "nothing" : done.map(([op, count]) => `${op} ${count}`).join(", ");
}

/** The summary a person reads at the end. */
export function summary(report: Report): string[] {
  const up = report.phases.find(({ name }) => name === "up");
  const types = up?.steps.byType ?? {};
  const simulated = report.notes.filter(({ text }) => text !== undefined && text !== "");
  return [
    `stack ${report.stack}: ${total(types)} resources, ${report.seconds.toFixed(0)} s`,
    "",
    ...report.phases.map(
      ({ name, seconds, steps }) => `  ${name.padEnd(9)} ${seconds.toFixed(1).padStart(6)} s  ${operations(steps)}`,
    ),
    "",
    "  resources by type",
    ...byCount(types).map(([type, count]) => `  ${String(count).padStart(5)}  ${type}`),
    "",
    "  objects in the Kubernetes API after up",
    ...byCount(report.objects).map(([kind, count]) => `  ${String(count).padStart(5)}  ${kind}`),
    "",
    "  real: the program, the Pulumi engine and its state, helm, the Kubernetes API with its validation and CRDs",
    "  simulated: AWS (EC2, IAM, EKS, SQS, S3 and the like in moto, each call checked by AWS's own service model), nodes and pods",
    ...[...new Set(simulated.map(({ type, name, text }) => `  simulated: ${shortType(type)} ${name}: ${text}`))],
    ...report.later.map((thing) => `  left to AWS's own time: ${thing}`),
    "  left behind: nothing in the state, in the Kubernetes API, or in the account",
  ];
}

const shortType = (type: string) => type.split(":").at(-1) ?? type;
