import type { Facts } from "./why-facts";
import type { ModelView } from "./why-view";

/** Words for machines; docs/why.md has the list. */
export type State =
  | "asleep"
  | "awake"
  | "waking"
  | "switched-off"
  | "scaling-blocked"
  | "resource-quota"
  | "pods-refused"
  | "waiting-for-node"
  | "no-capacity"
  | "quota"
  | "limit"
  | "launch-failed"
  | "node-not-joining"
  | "no-device-plugin"
  | "not-schedulable"
  | "image-pull"
  | "out-of-memory"
  | "crash-loop"
  | "container-refused"
  | "loading"
  | "unknown";

/** Why a model is as it is. */
export interface Cause {
  readonly state: State;
  /** Continues the sentence that begins with the model's name. */
  readonly because: string;
  /** Sentences: what shows it, then what to do. */
  readonly sentences: readonly string[];
  /** To be run as they are. */
  readonly commands?: readonly string[];
}

/** Finds one kind of cause, or nothing. */
export type Finder = (view: ModelView) => Cause | undefined;

/** The flag that names the stack to another command. */
export const stackFlag = ({ stack }: Facts): string => (stack === undefined ? "" : ` -- --stack ${stack}`);

/** Brings settings and cluster together. @param more flags, such as `--refresh`. */
export const pulumiUp = ({ stack }: Facts, ...more: readonly string[]): string =>
  ["pulumi up", ...(stack === undefined ? [] : [`--stack ${stack}`]), ...more].join(" ");

export const kubectl = ({ namespace }: ModelView, rest: string): string => `kubectl -n ${namespace} ${rest}`;
