/*
 * What the spend guard is told. The program writes it into the function's environment, so it is plain JSON.
 */

/** Name of the environment variable that holds the settings. */
export const SETTINGS_VARIABLE = "PILOTLIGHT_GUARD";

/** Where and as what the use of a GPU instance is published, once a minute while the cluster works. */
export const USE_METRIC = {
  namespace: "Pilotlight",
  /**
   * Percent. Above 0: its busiest GPU worked, an engine on it loads, or took in or gave out tokens in the last 5 minutes (100).
   * 0: no pod has its GPUs, or DCGM and every engine on it say that there was nothing. What is not known has no value.
   */
  name: "GpuUse",
  /** Dimensions: the stack's name in AWS, and the EC2 instance id. */
  dimensions: ["Stack", "InstanceId"],
} as const;

/** One GPU pool, as the guard sees it. */
export interface GuardedPool {
  /** Managed node group of its steady nodes. */
  readonly nodeGroup?: string;
  /** Seconds without use after which an elastic node is terminated; left out where a floor of replicas keeps it up. */
  readonly idleSeconds?: number;
  /** Seconds of age after which an elastic node whose use nobody has published is terminated; left out: one is only told. */
  readonly unseenSeconds?: number;
}

export interface GuardSettings {
  /** The stack's name in AWS, which is the value of its tag and the name of its cluster. */
  readonly stack: string;
  /** The stack's name as a user writes it in commands, for messages. */
  readonly stackShort: string;
  /** Role of Karpenter, which is denied launches while GPUs are switched off; none without an elastic pool. */
  readonly launchRole?: string;
  /** SSM parameter that keeps the guard's state. */
  readonly stateParameter: string;
  /** SNS topic for what a person has to hear of. */
  readonly topicArn: string;
  /** Seconds from the first run, or from a wake, until GPUs are switched off; left out: no lease. */
  readonly leaseSeconds?: number;
  /** US dollars an hour of running GPU instances, at on-demand prices, above which they are switched off. */
  readonly limitUsdPerHour: number;
  /** US dollars an hour of each instance type that the pools may start; any other counts as the dearest of these. */
  readonly prices: Readonly<Record<string, number>>;
  readonly pools: Readonly<Record<string, GuardedPool>>;
}

/** What the function is asked to do. The scheduler asks for a `check`, `npm run lease` and `npm run wake` for the others. */
export type GuardRequest =
  | { readonly action: "check" }
  | { readonly action: "status" }
  | { readonly action: "extend"; readonly seconds: number }
  | { readonly action: "wake" };

/** Name of the function and of its state, by the stack's name in AWS: commands find them without asking the state of the stack. */
export const guardFunctionName = (stack: string): string => `${stack}-spend-guard`;
export const guardStateParameter = (stack: string): string => `/pilotlight/${stack}/spend-guard`;
