import type { Facts } from "../../guard/decide";
import { type Instance, LAUNCHED_TAG } from "../../guard/instances";
import type { GuardSettings } from "../../guard/settings";
import { GPU_POOL_TAG, STACK_TAG } from "../../guard/tags";

/*
 * A stack as the guard's decisions see it.
 */

export const HOUR = 3600;
export const NOW = new Date("2026-03-10T12:00:00.000Z");
export const at = (seconds: number): string => new Date(NOW.getTime() + seconds * 1000).toISOString();

export const SETTINGS: GuardSettings = {
  stack: "pilotlight-dev",
  stackShort: "dev",
  launchRole: "karpenter",
  stateParameter: "/pilotlight/pilotlight-dev/spend-guard",
  topicArn: "arn:aws:sns:us-east-1:123456789012:spend",
  limitUsdPerHour: 100,
  prices: { "g6e.xlarge": 2, "p5.48xlarge": 60 },
  pools: {
    l40s: { idleSeconds: 2 * HOUR, unseenSeconds: 12 * HOUR },
    floor: {},
    fixed: { nodeGroup: "fixed-nodes", idleSeconds: 2 * HOUR },
  },
};

export interface Made {
  readonly pool?: string;
  readonly type?: string;
  /** Seconds. */
  readonly age?: number;
  readonly elastic?: boolean;
}

export const instance = (
  id: string,
  { pool = "l40s", type = "g6e.xlarge", age = 3 * HOUR, elastic = true }: Made = {},
): Instance => ({
  id,
  type,
  launched: new Date(NOW.getTime() - age * 1000),
  tags: { [STACK_TAG]: SETTINGS.stack, [GPU_POOL_TAG]: pool, ...(elastic ? { [LAUNCHED_TAG]: pool } : {}) },
});

export const steady = (id: string): Instance => instance(id, { pool: "fixed", type: "p5.48xlarge", elastic: false });

export const NOTHING: Facts = { instances: [], groups: {}, use: {} };
export const NO_USE = { points: 120, expected: 120, highest: 0 };
