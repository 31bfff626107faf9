import type { Fault } from "../components/errors";
import type { Readable } from "./config-rules";
import { floorUsdPerHour, isPriced } from "./spend";

const usd = (dollars: number) => `$${dollars.toFixed(2)}`;

/** Faults of the spend guard's settings. */
export function spendRules(readable: Readable): Fault[] {
  const { spend, cluster } = readable;
  // On an adopted cluster the section itself is the fault.
  if (spend === undefined || cluster === undefined || "adopt" in cluster) return [];
  return [...limitFaults(readable, spend), ...nodeFaults(spend), ...emailFaults(spend)];
}

type Spend = NonNullable<Readable["spend"]>;

/** Below what is always up the guard would switch off at its first check. */
function limitFaults({ gpuPools, models, allPools, allModels }: Readable, { limit }: Spend): Fault[] {
  if (limit === undefined || !allPools || !allModels || gpuPools === undefined || models === undefined) return [];
  // Types that the kit does not know are faults of their pools.
  if (!isPriced({ gpuPools })) return [];
  const floor = floorUsdPerHour({ gpuPools, models });
  if (limit >= floor) return [];
  return [
    {
      path: "spend.limit",
      message:
        `${usd(limit)} an hour is less than the ${usd(floor)} of nodes that this stack keeps up without a request ` +
        "(steadyNodes, replicas.min, schedule), so the guard would switch them off at once; raise the limit, or lower those",
    },
  ];
}

/** The metric says more than an age does, so it has the first word. */
function nodeFaults({ idleNode, unseenNode }: Spend): Fault[] {
  if (unseenNode >= idleNode) return [];
  return [
    {
      path: "spend.unseenNode",
      message: `${unseenNode}s is less than idleNode, ${idleNode}s: a node that may still be in use would go before one that is known to be idle`,
    },
  ];
}

function emailFaults({ emails }: Spend): Fault[] {
  return emails.flatMap((address, index) =>
    emails.indexOf(address) < index
      ? [{ path: `spend.emails[${index}]`, message: `${address} is named twice; name each address once` }]
      : [],
  );
}
