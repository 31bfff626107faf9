import type { StateResource } from "./destroy-state";
import { shortUrn } from "./destroy-state";

/*
 * What a person does about a destroy that failed. Pure.
 */

/** What an error says, and what is to be done. @param short the stack, as for pulumi. */
const ADVICE: readonly (readonly [RegExp, (short: string) => string])[] = [
  [
    /currently locked|ConflictError|Another update is currently in progress/i,
    (short) =>
      `another run holds the stack, or a killed one left its lock; if none is at work: pulumi cancel --stack ${short}`,
  ],
  [
    /DependencyViolation|ResourceInUse|DeleteConflict/,
    (short) =>
      `something that Pulumi did not make still uses it: npm run sweep -- --stack ${short} lists what carries the stack's ` +
      `tags, and with --delete removes it once the cluster is gone; then npm run destroy -- --stack ${short} again`,
  ],
  [
    /connection refused|no such host|configured Kubernetes cluster is unreachable|unable to load schema|i\/o timeout/i,
    (short) => `the cluster stopped answering; run npm run destroy -- --stack ${short} again, which says what to do`,
  ],
  [
    /finalizer|timed? ?out|deadline exceeded/i,
    (short) =>
      `an object waits for its controller: npm run why -- --stack ${short} tells why; then npm run destroy -- --stack ${short} again`,
  ],
  [
    /AccessDenied|UnauthorizedOperation|ExpiredToken|InvalidClientTokenId/,
    () => "these credentials may not, or have expired: get others and repeat",
  ],
];

/** One line for each thing to do. */
export function adviceFor(errors: readonly string[], short: string): string[] {
  const all = errors.join("\n");
  const found = ADVICE.flatMap(([says, advice]) => (says.test(all) ? [advice(short)] : []));
  return found.length > 0 ? found : [`npm run destroy -- --stack ${short} can be repeated; it goes on where it ended`];
}

/** What nobody knows of things that a killed run had begun to make. */
export const pendingLines = (pending: readonly StateResource[], short: string): string[] =>
  pending.map(
    ({ urn }) =>
      `an earlier run was killed while it made ${shortUrn(urn)}: it may be there without being in the state; ` +
      `npm run sweep -- --stack ${short} shows it if it carries the stack's tags`,
  );

export const unreachableMessage = (why: string, short: string): string =>
  `the cluster does not answer (${why.replace(/^the cluster at (\S+) does not answer: /, "$1: ")}), so what runs in it cannot be ` +
  "deleted in order; nothing was changed. If it is only out of reach, get the way back and repeat. If it is gone for good: " +
  `npm run destroy -- --stack ${short} --cluster-gone, which backs the state up, drops the Kubernetes resources from it, ` +
  "ends the stack's instances, removes what controllers left, destroys the rest and lists what remains.";
