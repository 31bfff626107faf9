import type { Fault } from "../components/errors";
import { instanceTypesWith } from "../planner/instances";
import { listPrice } from "../planner/prices";
import { isRecord } from "../planner/record";
import type { StackConfig } from "./config";
import type { Readable } from "./config-rules";
import { showDuration } from "./durations";
import { poolSpec } from "./pools";
import { eksPools, floorUsdPerHour, isPriced, wakingUsdPerHour } from "./spend";
import { areHeld, holdsFloor, idleTimes, quietOf } from "./spend-idle";

const usd = (dollars: number) => `$${dollars.toFixed(2)}`;

/** Faults of the spend guard's settings. */
export function spendRules(readable: Readable): Fault[] {
  const { spend, cluster, raw } = readable;
  // On an adopted cluster the section itself is the fault.
  if (cluster === undefined || "adopt" in cluster) return [];
  const faults = priceFaults(readable);
  if (spend === undefined) return faults;
  return [...faults, ...limitFaults(readable, spend), ...timeFaults(readable, spend), ...emailFaults(raw)];
}

type Spend = StackConfig["spend"];

/** What a node costs has to be known of some type of each pool, also where the limit is left to the kit. */
function priceFaults({ gpuPools = {} }: Readable): Fault[] {
  return eksPools({ gpuPools }).flatMap(([name, pool]) => {
    const fitting = instanceTypesWith(pool.gpu, pool.gpusPerNode);
    const types = poolSpec(name, pool).instanceTypes;
    // Types that the kit does not know, or that do not fit, are faults of their own.
    if (types.length === 0 || !types.every((type) => fitting.includes(type)) || isPriced(name, pool)) return [];
    const priced = fitting.filter((type) => listPrice(type) !== undefined);
    // Steady nodes in a capacity block are of the block's type alone.
    const others = pool.capacityBlock === undefined && priced.length > 0 ? `name ${priced.join(" or ")} too, or ` : "";
    return [
      {
        path: `gpuPools.${name}.instanceTypes`,
        message:
          `the kit knows no price of ${types.join(", ")}, which AWS sells in capacity blocks only, so the spend guard could not ` +
          `tell what its nodes cost; ${others}write what you pay for one an hour into planner/instances.ts (last column of its row)`,
      },
    ];
  });
}

/** Below what is always up the guard would switch off at its first check. */
function limitFaults({ gpuPools, models, allPools, allModels }: Readable, { limit }: Spend): Fault[] {
  if (limit === undefined || !allPools || !allModels || gpuPools === undefined || models === undefined) return [];
  // Without a price, or with types that the kit does not know, the pool itself is the fault.
  if (!eksPools({ gpuPools }).every(([name, pool]) => isPriced(name, pool))) return [];
  const floor = floorUsdPerHour({ gpuPools, models });
  const waking = wakingUsdPerHour({ gpuPools, models });
  const fault = (message: string): Fault[] => [
    { path: "spend.limit", message: `${usd(limit)} an hour is less than ${message}` },
  ];
  if (limit < floor)
    return fault(
      `the ${usd(floor)} of nodes that this stack keeps up without a request (steadyNodes, replicas.min, schedule), so the guard ` +
        "would switch them off at once; raise the limit, or lower those",
    );
  if (limit < waking)
    return fault(
      `the ${usd(waking)} of nodes with one replica of a model awake beside what always runs, so the guard would switch off ` +
        "what a first request wakes; raise the limit, or take a cheaper GPU",
    );
  return [];
}

/** What works as it is set must not look idle, and the metric says more than an age does, so it has the first word. */
function timeFaults({ gpuPools, models, drivers, allPools, allModels }: Readable, spend: Spend): Fault[] {
  if (!allPools || !allModels || gpuPools === undefined || models === undefined || drivers === undefined) return [];
  const settings = { gpuPools, models, drivers, spend };
  // A hold that cannot be kept is a fault of its model.
  if (!areHeld(settings)) return [];
  const { idleNode, unseenNode } = spend;
  return eksPools({ gpuPools }).flatMap(([name, pool]) => {
    // The times have no meaning there.
    if (holdsFloor(name, settings)) return [];
    const faults: Fault[] = [];
    const { sum, ...summands } = quietOf(name, pool, settings);
    const parts = Object.entries(summands)
      .map(([part, seconds]) => `${part} ${showDuration(seconds)}`)
      .join(", ");
    const { idleSeconds = 0 } = idleTimes(name, pool, settings);
    const [least, idle] = [showDuration(sum), showDuration(idleSeconds)];
    if (idleNode !== undefined && idleNode < sum)
      faults.push({
        path: "spend.idleNode",
        message:
          `${showDuration(idleNode)} is less than the ${least} for which a node of pool ${name} may show no use while all works ` +
          `as it is set (${parts}), so the guard would end nodes that are kept on purpose; set ${least} or more, or leave it out`,
      });
    if (unseenNode !== undefined && unseenNode < idleSeconds)
      faults.push({
        path: "spend.unseenNode",
        message:
          `${showDuration(unseenNode)} is less than the ${idle} after which a node of pool ${name} is idle (idleNode): one that ` +
          `may still be in use would go before one that is known to be idle; set ${idle} or more, or leave it out`,
      });
    return faults;
  });
}

/** Of what was written: while one address is wrong, none of the list can be read. */
function emailFaults(raw: unknown): Fault[] {
  const spend = isRecord(raw) ? raw.spend : undefined;
  const emails: unknown[] = isRecord(spend) && Array.isArray(spend.emails) ? spend.emails : [];
  return emails.flatMap((address, index) =>
    emails.indexOf(address) < index
      ? [{ path: `spend.emails[${index}]`, message: `${address} is named twice; name each address once` }]
      : [],
  );
}
