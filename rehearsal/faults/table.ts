/** What a user does after a fault, before the same command again. */
export type Fix =
  /** `pulumi cancel`: the dead engine's lock goes. */
  | "cancel"
  /** `pulumi refresh --clear-pending-creates`: steps that the dead engine had begun are forgotten. */
  | "clear"
  /** `pulumi up --replace URN` of what was left half made. */
  | "replace"
  /** `pulumi up --refresh`: what somebody removed by hand is seen, and made again. */
  | "refresh"
  /** The same before a destroy. */
  | "restore"
  /** What the state lists as begun and never heard of is deleted by hand: `kubectl delete`, `aws eks delete-cluster`. */
  | "orphan"
  /** What carries the stack's tag and is in no state is deleted. */
  | "sweep";

/** How a phase with the fault in it ends. */
export interface Cell {
  /** What the user reads; left out: the phase succeeds. */
  readonly says?: RegExp;
  /** Either may happen: a fault that is in no row. */
  readonly any?: true;
  readonly fixes?: readonly Fix[];
}

export type Group =
  | "capacity"
  | "quota"
  | "throttling"
  | "IAM delay"
  | "API server"
  | "engine"
  | "program"
  | "leftovers";

export interface FaultRow {
  /** As `--fault` takes it. */
  readonly fault: string;
  readonly group: Group;
  readonly up: Cell;
  readonly destroy: Cell;
}

const OK: Cell = {};
const LOCKED: Cell = { says: /the stack is currently locked by 1 lock.*pulumi cancel/s, fixes: ["cancel", "clear"] };
const ORPHAN: Cell = { ...LOCKED, fixes: ["cancel", "orphan", "clear"] };
const PROGRAM_GONE: Cell = { says: /error reading from server: EOF|connection refused/ };
const UNREACHABLE: Cell = { says: /cluster is unreachable|connection refused/i };

/** Every fault that is played, and how each phase must end. docs/faults.md is written from a run of it. */
export const FAULTS: readonly FaultRow[] = [
  {
    fault: "capacity=p5",
    group: "capacity",
    up: { says: /CREATE_FAILED.*InsufficientInstanceCapacity.*p5/s, fixes: ["replace"] },
    destroy: OK,
  },
  { fault: "capacity=p5@us-east-1a", group: "capacity", up: OK, destroy: OK },
  { fault: "capacity=m7i", group: "capacity", up: OK, destroy: OK },
  {
    fault: "capacity=m*",
    group: "capacity",
    up: { says: /CREATE_FAILED.*InsufficientInstanceCapacity/s, fixes: ["replace"] },
    destroy: OK,
  },
  {
    fault: "quota=p5",
    group: "quota",
    up: { says: /CREATE_FAILED.*VcpuLimitExceeded/s, fixes: ["replace"] },
    destroy: OK,
  },
  { fault: "quota=vpc", group: "quota", up: { says: /VpcLimitExceeded: The maximum number of VPCs/ }, destroy: OK },
  {
    fault: "quota=eip",
    group: "quota",
    up: { says: /AddressLimitExceeded: The maximum number of addresses/ },
    destroy: OK,
  },
  {
    fault: "quota=cluster",
    group: "quota",
    up: { says: /ResourceLimitExceededException: Exceeded maximum number of clusters/ },
    destroy: OK,
  },
  { fault: "throttle=ec2:10", group: "throttling", up: OK, destroy: OK },
  {
    fault: "throttle=ec2",
    group: "throttling",
    up: { says: /RequestLimitExceeded: exceeded maximum number of attempts, 25/ },
    destroy: { says: /RequestLimitExceeded: exceeded maximum number of attempts, 25/ },
  },
  { fault: "throttle=iam:20", group: "throttling", up: OK, destroy: OK },
  {
    fault: "throttle=eks",
    group: "throttling",
    up: { says: /ThrottlingException: exceeded maximum number of attempts, 25/ },
    destroy: { says: /ThrottlingException: exceeded maximum number of attempts, 25/ },
  },
  { fault: "iam-delay=30s", group: "IAM delay", up: OK, destroy: OK },
  {
    fault: "iam-delay=10m",
    group: "IAM delay",
    up: { says: /InvalidParameterException: roleArn, arn:aws:iam::[\d…]+:role\/[\w…-]+, does not exist/ },
    destroy: OK,
  },
  { fault: "api-down", group: "API server", up: UNREACHABLE, destroy: UNREACHABLE },
  { fault: "api-down=Release:karpenter", group: "API server", up: UNREACHABLE, destroy: UNREACHABLE },
  { fault: "api-down=Ingress:endpoint", group: "API server", up: UNREACHABLE, destroy: UNREACHABLE },
  { fault: "kill-at=Cluster:cluster", group: "engine", up: LOCKED, destroy: LOCKED },
  { fault: "kill-at=Release:karpenter", group: "engine", up: LOCKED, destroy: LOCKED },
  { fault: "kill-at=Ingress:endpoint", group: "engine", up: LOCKED, destroy: LOCKED },
  { fault: "kill-after=Cluster:cluster", group: "engine", up: ORPHAN, destroy: LOCKED },
  { fault: "kill-after=Ingress:endpoint", group: "engine", up: ORPHAN, destroy: LOCKED },
  { fault: "kill-program-at=Cluster:cluster", group: "program", up: PROGRAM_GONE, destroy: OK },
  { fault: "kill-program-at=Release:karpenter", group: "program", up: PROGRAM_GONE, destroy: OK },
  { fault: "scaled-up", group: "leftovers", up: OK, destroy: OK },
  {
    fault: "controller-gone=karpenter",
    group: "leftovers",
    up: { fixes: ["refresh"] },
    destroy: { says: /NodePool .* is still there .*karpenter\.sh\/termination/s, fixes: ["restore"] },
  },
  {
    fault: "controller-gone=aws-load-balancer-controller",
    group: "leftovers",
    up: { says: /Ingress \.status\.loadBalancer field was not updated with a hostname/, fixes: ["refresh"] },
    destroy: { says: /Ingress .* is still there .*ingress\.k8s\.aws\/resources/s, fixes: ["restore"] },
  },
  { fault: "leak=eni", group: "leftovers", up: OK, destroy: { says: /DependencyViolation/, fixes: ["sweep"] } },
  { fault: "leak=alb", group: "leftovers", up: OK, destroy: { says: /DependencyViolation/, fixes: ["sweep"] } },
  { fault: "leak=instance", group: "leftovers", up: OK, destroy: { says: /DependencyViolation/, fixes: ["sweep"] } },
];

/** The rows that show a group or a fix for the first time: each is played once, in a third of the time that all take. */
export function firstOfEach(rows: readonly FaultRow[]): FaultRow[] {
  const seen = new Set<string>();
  return rows.filter(({ group, up, destroy }) => {
    const shows: readonly string[] = [group, ...(up.fixes ?? []), ...(destroy.fixes ?? [])];
    const before = seen.size;
    for (const one of shows) seen.add(one);
    return seen.size > before;
  });
}

/** The row of a fault, or for one that has none what is done after its kind. */
export function rowOf(fault: string): FaultRow {
  const kind = fault.split("=")[0];
  const row = FAULTS.find((one) => one.fault === fault);
  if (row) return row;
  const alike = FAULTS.filter((one) => one.fault.split("=")[0] === kind);
  const fixes = (phase: "up" | "destroy") => [...new Set(alike.flatMap((one) => one[phase].fixes ?? []))];
  return {
    fault,
    group: alike[0]?.group ?? "leftovers",
    up: { any: true, fixes: fixes("up") },
    destroy: { any: true, fixes: fixes("destroy") },
  };
}
