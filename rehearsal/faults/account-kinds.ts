import type { Call } from "../doubles/aws/table";
import { hear, launches } from "./calls";
import type { Begun, FaultKind } from "./kinds";
import { capacityFault, isMeant, quotaFault, ruleOf } from "./values";
import type { Phase, World } from "./world";

/*
 * Faults of the AWS account: what it refuses, cannot give, or does not know yet.
 */

/** Codes by which AWS refuses one more. Source: each API's list of errors. */
const COUNT_QUOTAS = {
  vpc: {
    service: "ec2",
    operation: "CreateVpc",
    code: "VpcLimitExceeded",
    message: "The maximum number of VPCs has been reached.",
  },
  eip: {
    service: "ec2",
    operation: "AllocateAddress",
    code: "AddressLimitExceeded",
    message: "The maximum number of addresses has been reached.",
  },
  cluster: {
    service: "eks",
    operation: "CreateCluster",
    code: "ResourceLimitExceededException",
    message: "Exceeded maximum number of clusters allowed",
  },
} as const;

/** Of the account's own operations, which AWS does not have. */
const OWN_SERVICE = "pilotlight";

/** Waits of the provider are played this many times as fast, so a delay is, too. */
const HURRY = 60;
const SECONDS = /^([1-9]\d*)(s|m)$/;

interface InAccount {
  readonly operation: "SetFaults" | "SetCapacity";
  readonly params: Record<string, unknown>;
  /** As in `Begun`, from the calls that were made meanwhile. */
  readonly unmet?: (calls: readonly Call[]) => Promise<string | undefined> | string | undefined;
}

/** Refusals and capacity are the account's own state: one fault at a time sets them. */
async function inAccount(world: World, phase: Phase, { operation, params, unmet }: InAccount): Promise<Begun> {
  const { account } = world.stage.aws;
  const set = (to: Record<string, unknown>) => account.own(operation, JSON.parse(JSON.stringify(to)), world.region);
  await set(params);
  const heard = hear(account);
  return {
    end: async () => {
      heard.end();
      await set(operation === "SetFaults" ? {} : { rules: [] });
    },
    // A destroy makes and launches nothing: what is refused in it was met in the `up` before.
    unmet: () => (phase === "up" ? unmet?.(heard.calls) : undefined),
  };
}

/** No capacity for a launch, or no quota. */
function noLaunch(world: World, value: string, phase: Phase, limit: { vcpus?: number } = {}): Promise<Begun> {
  const rule = ruleOf(value);
  return inAccount(world, phase, {
    operation: "SetCapacity",
    params: { rules: [{ ...rule, ...limit }] },
    unmet: async (calls) => {
      const tried = await launches(world, calls);
      if (tried.some((launch) => isMeant(rule, launch))) return undefined;
      const all = [...new Set(tried.map(({ type, zone }) => `${type}@${zone}`))].join(", ");
      // That part is played without capacity for this family.
      const shown = limit.vcpus === undefined && rule.type.startsWith("g6e.");
      const where = shown ? "; npm run rehearse -- --live --part capacity shows it" : "";
      return `no launch of ${value} in a rehearsal without pods, which tries ${all || "none"}${where}`;
    },
  });
}

export const ACCOUNT_KINDS: Readonly<Record<string, FaultKind>> = {
  capacity: {
    value: "TYPE[@ZONE]",
    what: "AWS has no instance of this type or family, everywhere or in one zone",
    fault: capacityFault,
    begin: (world, value, phase) => noLaunch(world, value, phase),
  },
  quota: {
    value: "FAMILY|vpc|eip|cluster",
    what: "the account's quota is used up: of vCPUs of a family, of VPCs, of addresses, of clusters",
    fault: (value) => quotaFault(value, Object.keys(COUNT_QUOTAS)),
    begin(world, value, phase) {
      if (!Object.hasOwn(COUNT_QUOTAS, value)) return noLaunch(world, value, phase, { vcpus: 0 });
      const refusal = COUNT_QUOTAS[value as keyof typeof COUNT_QUOTAS];
      return inAccount(world, phase, {
        operation: "SetFaults",
        params: { refusals: [refusal] },
        unmet: (calls) =>
          calls.some(({ operation }) => operation === refusal.operation) ? undefined : `no ${refusal.operation} came`,
      });
    },
  },
  throttle: {
    value: "SERVICE[:CALLS]",
    what: "AWS answers that it is asked too often: so many calls of each operation, or all",
    fault: (value) =>
      /^[a-z0-9-]+(:[1-9]\d*)?$/.test(value)
        ? undefined
        : "needs a service, for example throttle=ec2 or throttle=ec2:10",
    begin(world, value, phase) {
      const [service = "", calls] = value.split(":");
      return inAccount(world, phase, {
        operation: "SetFaults",
        params: { refusals: [{ service, ...(calls ? { calls: Number(calls) } : {}) }] },
        unmet: (made) => {
          const services = [...new Set(made.map((one) => one.service))].filter((one) => one !== OWN_SERVICE).sort();
          return services.includes(service) ? undefined : `no call of ${service}, only of ${services.join(", ")}`;
        },
      });
    },
  },
  "iam-delay": {
    value: "TIME",
    what: "a role is unknown to other services for so long after it is made",
    fault: (value) => (SECONDS.test(value) ? undefined : "needs a time, for example iam-delay=30s or iam-delay=5m"),
    begin(world, value, phase) {
      const [, amount = "", unit] = SECONDS.exec(value) ?? [];
      const iamDelayMs = (Number(amount) * (unit === "m" ? 60 : 1) * 1000) / HURRY;
      return inAccount(world, phase, { operation: "SetFaults", params: { iamDelayMs } });
    },
  },
};
