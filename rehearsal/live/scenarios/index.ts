import type { Session } from "../session";
import { capacity } from "./capacity";
import { fromZero } from "./from-zero";
import { load } from "./load";
import * as outages from "./outages";
import { overhead } from "./overhead";
import { prefix } from "./prefix";
import { refusals } from "./refusals";
import * as restarts from "./restarts";
import { rollout, scaleDown } from "./rollout";
import { spendGuard } from "./spend-guard";
import { thousand } from "./thousand";
import { why } from "./why";

/** A part of a live rehearsal. */
export interface Scenario {
  readonly title: string;
  readonly play: (session: Session) => Promise<void>;
}

/** Every part, by the name that --part takes, in the order in which they are played. */
export const SCENARIOS = {
  "from-zero": { title: "From zero: a stream and a plain call", play: fromZero },
  load: { title: "Load, then idleness", play: load },
  thousand: { title: "A thousand requests while asleep", play: thousand },
  refusals: { title: "What is refused, and wakes nothing", play: refusals },
  rollout: { title: "A new engine version on one GPU", play: rollout },
  "scale-down": { title: "Scaled down in the middle of an answer", play: scaleDown },
  "picker-restarts": { title: "Fault: the endpoint picker restarts", play: restarts.pickerRestarts },
  "envoy-restarts": { title: "Fault: Envoy restarts", play: restarts.envoyRestarts },
  "gateway-restarts": { title: "Fault: LiteLLM restarts", play: restarts.gatewayRestarts },
  "engine-crashes": { title: "Fault: the engine crashes in the middle of an answer", play: restarts.engineCrashes },
  "picker-dies": {
    title: "Fault: the endpoint picker dies in the middle of an answer, and stays away",
    play: restarts.pickerDies,
  },
  "client-leaves": { title: "Fault: clients leave while they are held", play: outages.clientLeaves },
  "never-ready": { title: "Fault: the engine never becomes ready", play: outages.neverReady },
  "queue-full": { title: "Fault: the hold queue is full", play: outages.queueFull },
  "prometheus-gone": { title: "Fault: Prometheus is gone for 60 s", play: outages.prometheusGone },
  "keda-gone": { title: "Fault: KEDA is gone for 60 s", play: outages.kedaGone },
  capacity: { title: "No capacity: the next kind, then the next GPU", play: capacity },
  why: { title: "Why a model does not wake, as npm run why says it", play: why },
  "spend-guard": { title: "A lease ends, a limit is passed, and a wake", play: spendGuard },
  prefix: { title: "Requests that begin alike go to one replica", play: prefix },
  overhead: { title: "What the way to the engine costs", play: overhead },
} as const satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof SCENARIOS;

/** What is played unless somebody asks for something else. */
export const SHOWN: readonly ScenarioName[] = ["from-zero", "load"];

/** What the real vLLM on a CPU can play: it writes no ledger, and is slow. */
export const REAL_ENGINE: readonly ScenarioName[] = ["from-zero", "refusals"];
