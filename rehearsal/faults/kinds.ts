import { ACCOUNT_KINDS } from "./account-kinds";
import { killEngine } from "./engine";
import { LEAKS, type Leak, leak } from "./leaks";
import { ProgramHost } from "./program";
import { once } from "./steps";
import type { Phase, World } from "./world";

/** A fault that has been brought about. */
export interface Begun {
  /** Takes it away, as far as it goes away by itself. */
  end(): Promise<void>;
  /** What the fault was to hit and has not come; nothing where it was met. Left out where it cannot miss. Asked after `end`. */
  unmet?(): Promise<string | undefined> | string | undefined;
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

function kill(world: World, at: string, when: "begin" | "end"): Begun {
  let killed = false;
  const { unmet, end } = once(world, at, when, () => {
    killed = killEngine(world.home) > 0;
    // The engine's providers die with it, and so does what they were about to do.
    if (when === "begin") throw new Error("killed");
  });
  return { end: async () => end(), unmet, killed: () => killed };
}

export const KINDS: Readonly<Record<string, FaultKind>> = {
  ...ACCOUNT_KINDS,
  "api-down": {
    value: "[RESOURCE]",
    what: "the cluster's API server does not answer, from the start or when a resource's step begins",
    fault: () => undefined,
    async begin(world, value) {
      const { server } = world.stage;
      if (value === "") await server.pause();
      const waiting = value === "" ? undefined : once(world, value, "begin", () => server.pause());
      return {
        unmet: waiting?.unmet,
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
      const { unmet, end } = once(world, value, "begin", () => program.kill());
      return {
        program,
        unmet,
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
      const { unmet, end } = once(world, "Cluster:cluster", "end", () => leak(world, value as Leak));
      return { end: async () => end(), unmet };
    },
  },
};
