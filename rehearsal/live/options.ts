import { didYouMean } from "../../planner/near-name";

/** What a live rehearsal was asked to do. */
export interface LiveOptions {
  /** Names of its parts, in order. */
  readonly parts: readonly string[];
  /** How much faster than planned nodes boot, images come and engines load. */
  readonly speed: number;
  readonly engine: EngineKind;
  /** Leaves the stage up, for anybody to talk to. */
  readonly keep: boolean;
  /** Port of this machine that leads to the endpoint; 0 for a free one. */
  readonly port: number;
  /** File for endpoint, key and kubeconfig. */
  readonly info?: string;
  /** File for the report. */
  readonly report: string;
  /** File for the record, as JSON. */
  readonly json?: string;
}

export const ENGINES = ["simulated", "vllm"] as const;
export type EngineKind = (typeof ENGINES)[number];

export const DEFAULT_SPEED = 20;

/** Options as the command line has them. */
export interface GivenLiveOptions {
  readonly part?: readonly string[];
  readonly "every-part"?: boolean;
  readonly speed?: string;
  readonly engine?: string;
  readonly keep?: boolean;
  readonly port?: string;
  readonly info?: string;
  readonly report?: string;
  readonly json?: string;
}

export interface LiveDefaults {
  /** Every part there is, and those that are played where nobody asks for others. */
  readonly known: readonly string[];
  readonly shown: readonly string[];
  /** Those that need no ledger of the engine, and no more of it than a CPU gives. */
  readonly real: readonly string[];
  readonly report: string;
}

/** @returns the options, or every fault of the command line, each with what is right. */
export function liveOptions(
  given: GivenLiveOptions,
  { known, shown, real, report }: LiveDefaults,
): LiveOptions | string[] {
  const faults: string[] = [];
  const engine = ENGINES.find((one) => one === (given.engine ?? "simulated"));
  const usual = given.keep ? [] : shown.filter((part) => engine === "simulated" || real.includes(part));
  const parts = given["every-part"] ? known : (given.part ?? usual);
  for (const part of parts)
    if (!known.includes(part))
      faults.push(`there is no part "${part}"${didYouMean(part, known)}; --part can be: ${known.join(", ")}`);
  const speed = Number(given.speed ?? DEFAULT_SPEED);
  // Slower than that a cold start outlasts what clients and parts wait for.
  if (!(speed >= 5 && speed <= 1000)) faults.push(`--speed ${given.speed} is no number from 5 to 1000`);
  const port = Number(given.port ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65535 || given.port === "0" || given.port === "")
    faults.push(`--port ${given.port} is no port from 1 to 65535`);
  if (engine === undefined) faults.push(`--engine ${given.engine} is none; it can be: ${ENGINES.join(", ")}`);
  const counted = engine === "vllm" ? parts.filter((part) => known.includes(part) && !real.includes(part)) : [];
  if (counted.length > 0)
    faults.push(
      `--engine vllm cannot play ${counted.join(", ")}, which count what the simulated engine writes down; it plays: ${real.join(", ")}`,
    );
  for (const [flag, value] of Object.entries({ port: given.port, info: given.info }))
    if (value !== undefined && !given.keep) faults.push(`--${flag} is for a stage that stays up: add --keep`);
  if (faults.length > 0 || engine === undefined) return faults;
  const { info, json, keep = false } = given;
  return { parts, speed, engine, keep, port, info, report: given.report ?? report, json };
}
