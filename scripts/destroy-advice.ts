import type { StateResource } from "./destroy-state";
import { shortUrn } from "./destroy-state";

/*
 * What a person does about a destroy that failed. Pure.
 */

/** The command that ends a stack. @param short the stack, as for pulumi. */
export const destroyOf = (short: string): string => `npm run destroy -- --stack ${short}`;
export const clusterGoneOf = (short: string): string => `${destroyOf(short)} --cluster-gone`;

/** What an error says, and what is to be done. @param again the command that failed. */
const ADVICE: readonly (readonly [RegExp, (short: string, again: string) => string])[] = [
  [
    /currently locked|ConflictError|Another update is currently in progress/i,
    (short) =>
      `another run holds the stack, or a killed one left its lock; if none is at work: pulumi cancel --stack ${short}`,
  ],
  [
    /DependencyViolation|ResourceInUse|DeleteConflict/,
    (short, again) =>
      `something that Pulumi did not make still uses it: npm run sweep -- --stack ${short} lists what carries the stack's ` +
      `tags, and with --delete removes it once the cluster is gone; then ${again} again`,
  ],
  [
    /connection refused|no such host|configured Kubernetes cluster is unreachable|unable to load schema|i\/o timeout/i,
    (short) => `the cluster stopped answering; run ${destroyOf(short)} again, which says what to do`,
  ],
  [
    /finalizer|timed? ?out|deadline exceeded/i,
    (short, again) =>
      `an object waits for its controller: npm run why -- --stack ${short} tells why; then ${again} again`,
  ],
  [
    /AccessDenied|UnauthorizedOperation|ExpiredToken|InvalidClientTokenId/,
    () => "these credentials may not, or have expired: get others and repeat",
  ],
  [
    /passphrase/i,
    () => "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to what the stack was made with, and repeat",
  ],
];

/** One line for each thing to do. @param again the command that failed. */
export function adviceFor(errors: readonly string[], short: string, again = destroyOf(short)): string[] {
  const all = errors.join("\n");
  const found = ADVICE.flatMap(([says, advice]) => (says.test(all) ? [advice(short, again)] : []));
  return found.length > 0 ? found : [repeatLine(again)];
}

export const repeatLine = (again: string): string => `${again} can be repeated; it goes on where it ended`;

/** What nobody knows of things that a killed run had begun to make. */
export const pendingLines = (pending: readonly StateResource[], short: string): string[] =>
  pending.map(
    ({ urn }) =>
      `an earlier run was killed while it made ${shortUrn(urn)}: it may be there without being in the state; ` +
      `npm run sweep -- --stack ${short} shows it if it carries the stack's tags`,
  );

/** What EKS says of a cluster that is at work. Source: EKS API reference, DescribeCluster, status. */
const ALIVE = ["ACTIVE", "UPDATING"];

/** A cluster that does not answer, and EKS. */
export interface Unreachable {
  /** The stack, as for pulumi. */
  readonly short: string;
  /** Name of the cluster. */
  readonly cluster: string;
  readonly region: string;
  /** What EKS says of it; undefined where it has no such cluster, or was not to be asked. */
  readonly status: string | undefined;
  /** Addresses that may reach its API from outside of the VPC, as CIDRs. */
  readonly publicCidrs: readonly string[];
}

export const isAlive = ({ status }: Pick<Unreachable, "status">): boolean => ALIVE.includes(status ?? "");

/** That a cluster is alive, and how to reach it again. */
export function aliveMessage(about: Unreachable): string {
  const { short, cluster, status } = about;
  return (
    `EKS says that cluster ${cluster} is ${status}: it is at work, and only out of reach from here. Get the way back: ` +
    `the VPN${newAddress(about)}; then ${destroyOf(short)}`
  );
}

/** EKS replaces the whole list, so it is given the addresses that it has. Open to all, an address is not what is in the way. */
function newAddress({ cluster, region, publicCidrs }: Unreachable): string {
  if (publicCidrs.length === 0 || publicCidrs.includes("0.0.0.0/0")) return "";
  return (
    `, or, if this machine's address has changed, aws eks update-cluster-config --name ${cluster} --region ${region} ` +
    `--resources-vpc-config publicAccessCidrs=${[...publicCidrs, "ADDRESS/32"].join(",")}, and ADDRESS/32 in ` +
    "cluster.apiAccess.cidrs, too"
  );
}

export function unreachableMessage(why: string, about: Unreachable): string {
  const silent = why.replace(/^the cluster at (\S+) does not answer: /, "$1: ");
  const wayBack = isAlive(about)
    ? `${aliveMessage(about)}. If it is broken for good: `
    : "If it is only out of reach, get the way back and repeat. If it is gone for good: ";
  return (
    `the cluster does not answer (${silent}), so what runs in it cannot be deleted in order; nothing was changed. ${wayBack}` +
    `${clusterGoneOf(about.short)}, which backs the state up, ends the stack's instances, removes what controllers left, drops ` +
    "the Kubernetes resources from the state, destroys the rest and lists what remains."
  );
}

/** What a person is to know before agreeing to `--cluster-gone`. */
export const goneQuestion = (about: Unreachable): string =>
  isAlive(about)
    ? `The cluster is ${about.status}, not gone: its models are cut off, and what its controllers make until it is deleted may be ` +
      "left behind. Its instances will be terminated and all of it destroyed."
    : "Its instances will be terminated and all of it destroyed.";
