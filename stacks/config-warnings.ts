import { HOURS_A_MONTH } from "../planner/prices";
import type { StackConfig } from "./config";
import { EVERYBODY } from "./config-ranges";
import { showDuration } from "./durations";
import { costOf } from "./expectations";

/*
 * What is allowed, since somebody may want it, and is said. Each begins with the setting. Pure.
 */

/** Lists that shut nobody out: a public service may want that. */
const openToEverybody = ({ cluster, endpoint }: StackConfig): string[] =>
  [
    ...("apiAccess" in cluster && cluster.apiAccess.cidrs.includes(EVERYBODY) ? ["cluster.apiAccess.cidrs"] : []),
    ...(endpoint.allowedCidrs.includes(EVERYBODY) ? ["endpoint.allowedCidrs"] : []),
  ].map((path) => `${path}: ${EVERYBODY} lets the whole internet in; name the ranges that need it`);

/** A lease of which nobody hears: users wait, and nobody knows why. */
function unannounced({ spend: { lease, emails } }: StackConfig): string[] {
  if (lease === undefined || emails.length > 0) return [];
  return [
    `spend.emails: is empty, so GPUs go off unannounced when the lease of ${showDuration(lease)} ends; ` +
      "set spend.emails, and each address confirms AWS's mail",
  ];
}

/** A budget that is spent by a stack in which nothing runs tells nothing. */
function spentAsleep(config: StackConfig, today: string): string[] {
  const { monthlyBudget } = config.spend;
  const asleep = (costOf(config, today)?.idleUsdPerHour ?? 0) * HOURS_A_MONTH;
  if (monthlyBudget === undefined || monthlyBudget >= asleep) return [];
  return [
    `spend.monthlyBudget: $${monthlyBudget.toFixed(2)} is less than the $${asleep.toFixed(0)} a month that this stack costs ` +
      "asleep, so it is spent whatever runs; raise it",
  ];
}

/** Of settings in which there is no fault. */
export const warningsOf = (config: StackConfig, today: string): string[] => [
  ...openToEverybody(config),
  ...("adopt" in config.cluster ? [] : [...unannounced(config), ...spentAsleep(config, today)]),
];
