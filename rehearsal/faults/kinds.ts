import { isAt, type Moment } from "../doubles/moments";
import { killEngine } from "./engine";
import { LEAKS, type Leak, leak } from "./leaks";
import { ProgramHost } from "./program";
import type { Phase, World } from "./world";

/** A fault that has been brought about. */
export interface Begun {
  /** Takes it away, as far as it goes away by itself. */
  end(): Promise<void>;
  /** Whether the step that it waited for has come; left out where it waits for none. */
  met?(): boolean;
  /** Whether the engine was killed: what the user reads then is what the next command says. */
  killed?(): boolean;
  /** The program runs in this process of its own. */
  readonly program?: ProgramHost;
}

export interface FaultKind {
  /** What stands after `=`, for the help; none where the fault takes no value. */
  readonly value?: string;
  readonly what: string;
  /** Why a value is wrong. */
  readonly fault: (value: string) => string | undefined;
  begin(world: World, value: string, phase: Phase): Promise<Begun>;
}

const needed = (example: string) => (value: string) =>
  value === "" ? `needs a value, for example ${example}` : undefined;
const oneOf = (allowed: readonly string[]) => (value: string) =>
  allowed.includes(value) ? undefined : `can be: ${allowed.join(", ")}`;

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

/** Waits of the provider are played this many times as fast, so a delay is, too. */
const HURRY = 60;
const SECONDS = /^(\d+)(s|m)$/;

/** Refusals and capacity are the account's own state: one fault at a time sets them. */
async function inAccount(
  world: World,
  operation: "SetFaults" | "SetCapacity",
  params: Record<string, unknown>,
): Promise<Begun> {
  const set = (to: Record<string, unknown>) =>
    world.stage.aws.account.own(operation, JSON.parse(JSON.stringify(to)), world.region);
  await set(params);
  return { end: async () => void (await set(operation === "SetFaults" ? {} : { rules: [] })) };
}

interface Once {
  readonly met: () => boolean;
  readonly end: () => void;
}

/** Does something once, when a resource's step begins or ends. */
function once(
  { stage }: World,
  at: string,
  when: "begin" | "end",
  act: (moment: Moment) => Promise<void> | void,
): Once {
  let met = false;
  const end = stage.moments.watch({
    [when]: async (moment: Moment) => {
      if (met || !isAt(moment, at)) return;
      met = true;
      await act(moment);
    },
  });
  return { met: () => met, end };
}

function kill(world: World, at: string, when: "begin" | "end"): Begun {
  let killed = false;
  const { met, end } = once(world, at, when, () => {
    killed = killEngine(world.home) > 0;
    // The engine's providers die with it, and so does what they were about to do.
    if (when === "begin") throw new Error("killed");
  });
  return { end: async () => end(), met, killed: () => killed };
}

/** Rules name an instance family or type, and a zone after `@`. */
function matching(value: string): { type: string; zone?: string } {
  const [type = "", zone] = value.split("@");
  return { type: type.includes(".") || type.includes("*") ? type : `${type}.*`, ...(zone ? { zone } : {}) };
}

export const KINDS: Readonly<Record<string, FaultKind>> = {
  capacity: {
    value: "TYPE[@ZONE]",
    what: "AWS has no instance of this type or family, everywhere or in one zone",
    fault: needed("capacity=g6e or capacity=p5.4xlarge@us-east-1a"),
    begin: (world, value) => inAccount(world, "SetCapacity", { rules: [matching(value)] }),
  },
  quota: {
    value: "FAMILY|vpc|eip|cluster",
    what: "the account's quota is used up: of vCPUs of a family, of VPCs, of addresses, of clusters",
    fault: needed("quota=p5 or quota=vpc"),
    begin: (world, value) =>
      value in COUNT_QUOTAS
        ? inAccount(world, "SetFaults", { refusals: [COUNT_QUOTAS[value as keyof typeof COUNT_QUOTAS]] })
        : inAccount(world, "SetCapacity", { rules: [{ ...matching(value), vcpus: 0 }] }),
  },
  throttle: {
    value: "SERVICE[:CALLS]",
    what: "AWS answers that it is asked too often: so many calls of each operation, or all",
    fault: (value) =>
      /^[a-z0-9-]+(:\d+)?$/.test(value) ? undefined : "needs a service, for example throttle=ec2 or throttle=ec2:10",
    begin(world, value) {
      const [service = "", calls] = value.split(":");
      return inAccount(world, "SetFaults", { refusals: [{ service, ...(calls ? { calls: Number(calls) } : {}) }] });
    },
  },
  "iam-delay": {
    value: "TIME",
    what: "a role is unknown to other services for so long after it is made",
    fault: (value) => (SECONDS.test(value) ? undefined : "needs a time, for example iam-delay=30s or iam-delay=5m"),
    begin(world, value) {
      const [, amount = "", unit] = SECONDS.exec(value) ?? [];
      const iamDelayMs = (Number(amount) * (unit === "m" ? 60 : 1) * 1000) / HURRY;
      return inAccount(world, "SetFaults", { iamDelayMs });
    },
  },
  "api-down": {
    value: "[RESOURCE]",
    what: "the cluster's API server does not answer, from the start or when a resource's step begins",
    fault: () => undefined,
    async begin(world, value) {
      const { server } = world.stage;
      if (value === "") await server.pause();
      const waiting = value === "" ? undefined : once(world, value, "begin", () => server.pause());
      return {
        met: waiting?.met,
        end: async () => {
          waiting?.end();
          await server.resume();
        },
      };
    },
  },
  "kill-at": {
    value: "RESOURCE",
    what: "the engine and its providers are killed when a resource's step begins",
    fault: needed("kill-at=Cluster:cluster"),
    begin: async (world, value) => kill(world, value, "begin"),
  },
  "kill-after": {
    value: "RESOURCE",
    what: "they are killed when AWS or the cluster has done the step, and before the state says so",
    fault: needed("kill-after=Cluster:cluster"),
    begin: async (world, value) => kill(world, value, "end"),
  },
  "kill-program-at": {
    value: "RESOURCE",
    what: "the program alone is killed when a resource's step begins",
    fault: needed("kill-program-at=Cluster:cluster"),
    async begin(world, value, phase) {
      // A destroy runs no program.
      if (phase === "destroy") return { end: async () => {} };
      const program = await ProgramHost.start();
      const { met, end } = once(world, value, "begin", () => program.kill());
      return {
        program,
        met,
        end: async () => {
          end();
          program.kill();
        },
      };
    },
  },
  "scaled-up": {
    what: "every NodePool has a node that Karpenter launched",
    fault: (value) => (value === "" ? undefined : "takes no value"),
    async begin(world, _value, phase) {
      const scaleUp = async () => void (await world.stage.kubernetes.cloud?.scaleUp(world.region));
      if (phase === "destroy") {
        await scaleUp();
        return { end: async () => {} };
      }
      const unwatch = world.stage.moments.watch({
        end: async ({ op, type }) => {
          if (op === "create" && type.endsWith(":NodePool")) await scaleUp();
        },
      });
      return { end: async () => void unwatch() };
    },
  },
  "controller-gone": {
    value: "karpenter|aws-load-balancer-controller",
    what: "somebody has uninstalled a controller that holds things in AWS, and nodes are up",
    fault: oneOf(["karpenter", "aws-load-balancer-controller"]),
    async begin({ stage, region }, value, phase) {
      const uninstall = () => stage.kubernetes.uninstallByHand(value, "kube-system");
      if (phase === "destroy") {
        await stage.kubernetes.cloud?.scaleUp(region);
        await uninstall();
        return { end: async () => {} };
      }
      const unwatch = stage.moments.watch({
        end: async ({ op, type, name }) => {
          const release = value === "karpenter" ? "karpenter" : "load-balancer";
          if (op === "create" && type.endsWith(":Release") && name === release) await uninstall();
        },
      });
      return { end: async () => void unwatch() };
    },
  },
  leak: {
    value: LEAKS.join("|"),
    what: "a controller has left something in the stack's network: an interface, a load balancer, an instance",
    fault: oneOf(LEAKS),
    async begin(world, value, phase) {
      if (phase === "destroy") {
        await leak(world, value as Leak);
        return { end: async () => {} };
      }
      const { end } = once(world, "Cluster:cluster", "end", () => leak(world, value as Leak));
      return { end: async () => end() };
    },
  },
};
