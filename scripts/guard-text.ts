import type { GuardStatus } from "../guard/answer";
import { dollars, duration } from "../guard/messages-text";
import { CHECK_MINUTES } from "../guard/times";

/*
 * What `npm run lease` and `npm run wake` print. Pure.
 */

export function statusText(status: GuardStatus, short: string, now: Date): string {
  const { stack, instances, usdPerHour, limitUsdPerHour, faults } = status;
  return [
    `Stack ${stack}`,
    `  ${gpuLine(status, short)}`,
    `  ${leaseLine(status, now)}`,
    `  ${instances.length} GPU ${instances.length === 1 ? "instance" : "instances"} running, ${dollars(usdPerHour)} an hour at on-demand prices; the limit is ${dollars(limitUsdPerHour)}`,
    ...instances.map(
      ({ id, type, pool, elastic, ageSeconds, usdPerHour: usd, guessed }) =>
        `    ${id}  ${type}  pool ${pool} (${elastic ? "elastic" : "steady"})  up ${duration(ageSeconds)}  ${dollars(usd)}/h${guessed ? " (no price is known of this type: counted as the dearest)" : ""}`,
    ),
    ...(faults.length > 0 ? [`  Not through; the guard tries again within ${CHECK_MINUTES} minutes:`] : []),
    ...faults.map((fault) => `    ${fault}`),
  ].join("\n");
}

function gpuLine({ off, waking }: GuardStatus, short: string): string {
  if (off !== undefined)
    return `GPUs are switched off since ${off.since}: ${off.detail} On again with: npm run wake -- --stack ${short}`;
  return waking ? "GPUs are being switched on; the next check confirms it" : "GPUs are on";
}

function leaseLine({ leaseSeconds, leaseUntil }: GuardStatus, now: Date): string {
  if (leaseSeconds === undefined) return "no lease: nothing ends by itself";
  if (leaseUntil === undefined) return `lease: ${duration(leaseSeconds)}, from the guard's first check on`;
  const left = (Date.parse(leaseUntil) - now.getTime()) / 1000;
  return left > 0 ? `lease ends at ${leaseUntil}, in ${duration(left)}` : `lease ended at ${leaseUntil}`;
}
