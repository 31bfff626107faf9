import type { LiveOptions } from "./options";

/** What the process outside tells the one inside. */
export type ToInside =
  | {
      readonly type: "play";
      readonly stackName: string;
      readonly dir: string;
      readonly today: string;
      readonly options: LiveOptions;
      /** Milliseconds since 1970 at which the rehearsal began: both speak of the same seconds. */
      readonly began: number;
    }
  | { readonly type: "stop" };

/** What it is told: the stage is up, and how to talk to it from outside. */
export interface Ready {
  readonly type: "ready";
  /** Sockets in the file system that lead to the gateway and to the Kubernetes API. */
  readonly gatewaySocket: string;
  readonly apiSocket: string;
  readonly keys: Readonly<Record<string, string>>;
  readonly token: string;
  readonly caData: string;
  readonly models: readonly string[];
}
