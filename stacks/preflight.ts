import * as pulumi from "@pulumi/pulumi";
import { RunError } from "@pulumi/pulumi/errors";
import { ConfigError, type Fault } from "../components/errors";
import type { OwnStack } from "./config";
import { askAws } from "./preflight-ask";
import { both, type Facts, type Findings, type Where } from "./preflight-facts";
import { offeringFindings } from "./preflight-places";
import type { Unanswered } from "./preflight-question";
import { quotaFindings } from "./preflight-quotas";
import { reservationFindings } from "./preflight-reservations";
import { hostedZoneFindings, versionFindings } from "./preflight-services";

/*
 * Before anything is made: whether this account, in this region, can run what the settings ask for.
 */

/** Every rule, in the order in which a user reads the stack file. */
export const judge = (config: OwnStack, facts: Facts, where: Where): Findings =>
  both([
    versionFindings(config, facts, where),
    offeringFindings(config, facts, where),
    quotaFindings(config, facts, where),
    reservationFindings(config, facts, where),
    hostedZoneFindings(config, facts),
  ]);

/** By which words the provider and AWS say that they know nobody by these credentials; then no answer means anything. */
const NOBODY =
  /no valid credential sources|no EC2 IMDS role found|ExpiredToken|session has expired|RequestExpired|InvalidClientTokenId|UnrecognizedClient|security token included in the request is/i;

/**
 * What to say of questions without an answer: a warning for each reason, and not for each question.
 * @throws RunError where the reason is the credentials, since nothing can be made then either.
 */
export function warningsOf(unanswered: readonly Unanswered[]): string[] {
  const nobody = unanswered.find(({ reason }) => NOBODY.test(reason));
  if (nobody !== undefined)
    throw new RunError(
      `AWS knows nobody by these credentials; nothing was created. Sign in (aws sso login), or set AWS_PROFILE or aws:profile, and see that this answers: aws sts get-caller-identity\n${nobody.reason}`,
    );
  const byReason = new Map<string, Unanswered[]>();
  for (const one of unanswered) {
    // Where everything failed for one reason, it is nobody's fault in particular: the network's, or the provider's.
    const key = unanswered.every(({ reason }) => reason === one.reason) ? "" : one.what;
    byReason.set(key, [...(byReason.get(key) ?? []), one]);
  }
  return [...byReason.values()].map((group) => {
    const what = [...new Set(group.map((one) => one.what))].join(", ");
    const permissions = [...new Set(group.flatMap((one) => one.permissions))].join(", ");
    return `not checked before the start: ${what} (it takes ${permissions}): ${group[0]?.reason ?? ""}`;
  });
}

const told = ({ path, message }: Fault) => `${path}: ${message}`;

/**
 * Asks AWS and judges the answers, in a preview as in an update.
 * @throws ConfigError with every fault at once
 */
export async function preflight(
  config: OwnStack,
  region: string,
  clusterName: string,
  now = new Date(),
): Promise<void> {
  const { facts, unanswered } = await askAws(config, clusterName);
  const { faults, warnings } = judge(config, facts, { region, now });
  for (const warning of [...warningsOf(unanswered), ...warnings.map(told)]) await pulumi.log.warn(warning);
  if (faults.length > 0) throw new ConfigError(faults);
}
