/** Requests of an average day, as far as sleeping is concerned. They come at random within the active hours. */
export interface RequestTrace {
  readonly requestsPerDay: number;
  /** Hours of a day in which requests come at all, above 0 to 24. */
  readonly activeHours: number;
  /** From a request that finds nothing awake to a ready engine. */
  readonly coldStartSeconds: number;
  /** A replica stays for so long after its last request. */
  readonly idleAfterSeconds: number;
  /** The node stays for so long after its last replica. */
  readonly emptyForSeconds: number;
  /** From a request to its last token. */
  readonly requestSeconds: number;
}

/** When requests come on an average day. */
export type DailyRequests = Pick<RequestTrace, "requestsPerDay" | "activeHours">;

export type AwakeMode = "always-on" | "schedule" | "scale-to-zero";

/** One day of one replica. */
export interface DayOfOneReplica {
  readonly mode: AwakeMode;
  /** Hours for which its node is paid. */
  readonly nodeHours: number;
  readonly usd: number;
  /** Requests that wake the replica and wait for the whole cold start. */
  readonly coldStarts: number;
  /** Requests that wait for any part of one. */
  readonly heldRequests: number;
}

const SECONDS_AN_HOUR = 3600;

function check(trace: RequestTrace): void {
  for (const [name, value] of Object.entries(trace))
    if (!(Number.isFinite(value) && value >= 0)) throw new RangeError(`${name} is ${value}; it must be 0 or more`);
  if (!(trace.activeHours > 0 && trace.activeHours <= 24))
    throw new RangeError(`activeHours is ${trace.activeHours}; it must be above 0 and at most 24`);
}

/**
 * Requests at rate r find the replica asleep, starting, or awake. Awake lasts until a gap longer than h = idleAfter and one
 * request: on average (e^(r h) - 1) / r. With the cold start c and 1 / r asleep, a cycle is (c r + e^(r h)) / r, so that
 * 1 / (c r + e^(r h)) of all requests find it asleep. The node is paid for the cycle but the part asleep after emptyFor.
 */
function randomArrivals(trace: RequestTrace) {
  const rate = trace.requestsPerDay / (trace.activeHours * SECONDS_AN_HOUR);
  const cycle = trace.coldStartSeconds * rate + Math.exp(rate * (trace.idleAfterSeconds + trace.requestSeconds));
  return {
    asleep: 1 / cycle,
    held: (1 + trace.coldStartSeconds * rate) / cycle,
    paid: 1 - Math.exp(-rate * trace.emptyForSeconds) / cycle,
  };
}

/** After the last request of a day what is awake stays so for a last time. */
const lastHours = (trace: RequestTrace) =>
  (trace.idleAfterSeconds + trace.requestSeconds + trace.emptyForSeconds) / SECONDS_AN_HOUR;

function scaleToZero(trace: RequestTrace): Omit<DayOfOneReplica, "mode" | "usd"> {
  const share = randomArrivals(trace);
  return {
    nodeHours: share.paid * (trace.activeHours + Math.min(24 - trace.activeHours, lastHours(trace))),
    coldStarts: trace.requestsPerDay * share.asleep,
    heldRequests: trace.requestsPerDay * share.held,
  };
}

/** Awake in so many of the active hours, and to zero in the others: KEDA's floor is no ceiling. */
function schedule(trace: RequestTrace, scheduledHours: number): Omit<DayOfOneReplica, "mode" | "usd"> {
  const outside = Math.max(0, trace.activeHours - scheduledHours) / trace.activeHours;
  const zero = scaleToZero(trace);
  // The floor's own cold start, and what follows its end.
  const edges = trace.coldStartSeconds / SECONDS_AN_HOUR + lastHours(trace);
  return {
    nodeHours: Math.min(24, scheduledHours + edges + zero.nodeHours * outside),
    coldStarts: zero.coldStarts * outside,
    heldRequests: zero.heldRequests * outside,
  };
}

/** The three ways of keeping one replica, for one day, cheapest first. `scheduledHours` is the floor's, the active hours if absent. */
export function compareModes(
  trace: RequestTrace,
  usdPerHour: number,
  scheduledHours = trace.activeHours,
): DayOfOneReplica[] {
  check(trace);
  if (!(scheduledHours >= 0 && scheduledHours <= 24))
    throw new RangeError(`scheduledHours is ${scheduledHours}; it must be from 0 to 24`);
  if (!(Number.isFinite(usdPerHour) && usdPerHour >= 0))
    throw new RangeError(`usdPerHour is ${usdPerHour}; it must be 0 or more`);
  const days = [
    { mode: "scale-to-zero" as const, ...scaleToZero(trace) },
    { mode: "schedule" as const, ...schedule(trace, scheduledHours) },
    { mode: "always-on" as const, nodeHours: 24, coldStarts: 0, heldRequests: 0 },
  ];
  return days.map((day) => ({ ...day, usd: day.nodeHours * usdPerHour })).sort((a, b) => a.usd - b.usd);
}

/**
 * Dollars for each cold start that the dearer way avoids: staying awake pays where a request that need not wait is worth that
 * much. Exactly there the two ways cost the same. Undefined where the dearer way avoids none.
 */
export function usdPerAvoidedColdStart(cheaper: DayOfOneReplica, dearer: DayOfOneReplica): number | undefined {
  const avoided = cheaper.coldStarts - dearer.coldStarts;
  return avoided > 0 ? (dearer.usd - cheaper.usd) / avoided : undefined;
}
