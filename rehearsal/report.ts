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
  /** Whether the kit made the cluster, so that it goes with the stack. */
  readonly ownCluster: boolean;
  readonly phases: readonly Phase[];
  /** Objects of the API server after `up`, by kind. */
  readonly objects: Readonly<Record<string, number>>;
  readonly notes: readonly Note[];
  /** What AWS itself deletes only later. */
  readonly later: readonly string[];
  /** CRDs that helm itself leaves in the cluster, by name. */
  readonly kept: readonly string[];
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
    `  simulated: ${awsServices(types)}`,
    "  simulated: nodes and pods: none runs",
    ...[...new Set(simulated.map(({ type, name, text }) => `  simulated: ${shortType(type)} ${name}: ${text}`))],
    ...report.later.map((thing) => `  left to AWS's own time: ${thing}`),
    ...keptLines(report),
    `  left behind: nothing ${report.kept.length + report.later.length > 0 ? "else " : ""}in the state, in the Kubernetes API, or in the account`,
  ];
}

/** What stood for AWS; the services are those of the resources that there were. */
function awsServices(types: Readonly<Record<string, number>>): string {
  const services = new Set(Object.keys(types).flatMap((type) => /^aws:(\w+)\//.exec(type)?.[1] ?? []));
  if (services.size === 0) return "AWS, of which nothing was made";
  const names = [...services].sort().join(", ");
  return `AWS (${names}) in moto; AWS's own service models check each call, nobody checks permissions, quotas or capacity`;
}

function keptLines({ kept, ownCluster }: Report): string[] {
  if (kept.length === 0) return [];
  const until = ownCluster ? "they go with the cluster" : "docs/adopt.md says how to remove them";
  const title = `  left by helm on purpose: ${kept.length} CRDs from the charts' crds folders; ${until}`;
  return [title, ...kept.map((name) => `         ${name}`)];
}

const shortType = (type: string) => type.split(":").at(-1) ?? type;
