import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { faultHelp, parseFault } from "./faults/parse";
import { FAULTS, type FaultRow, rowOf } from "./faults/table";
import { DEFAULT_SPEED, type LiveOptions, liveOptions } from "./live/options";
import { REAL_ENGINE, SCENARIOS, SHOWN } from "./live/scenarios";

/** What `npm run rehearse` was asked to do. */
export interface RehearsalOptions {
  /** Names of the stack files to rehearse without pods, in order. */
  readonly stacks: string[];
  /** What to play live; nothing for a plain rehearsal alone. */
  readonly live?: LiveOptions;
  /** Faults to play, instead of a plain rehearsal. */
  readonly faults?: readonly FaultRow[];
  /** File that the table of faults is written to, as docs/faults.md has it. */
  readonly table?: string;
  /** File that the figures are written to, as JSON. */
  readonly json?: string;
  readonly help: boolean;
}

/** The stack file of a live rehearsal. */
export const LIVE_STACK = "live";

const parts = Object.entries(SCENARIOS).map(([name, { title }]) => `    ${name.padEnd(17)} ${title}`);

export const USAGE = `Usage: npm run rehearse -- [--stack NAME] [--json FILE]
       npm run rehearse -- --live [--part NAME] [--keep [--port PORT] [--info FILE]] [--speed N] [--engine NAME]
                                  [--report FILE] [--json FILE]
       npm run rehearse -- --fault KIND[=VALUE] [--json FILE]
       npm run rehearse -- --faults [--table FILE] [--json FILE]
       npm run rehearse:all

Runs the unmodified program on the real Pulumi engine against a Kubernetes API server on this machine and a double of AWS:
preview, up, up again, a config change, destroy. Needs no cloud account, touches no file of the checkout, and leaves nothing.

  --stack NAME   the stack file stacks/Pulumi.NAME.yaml (default: rehearsal); may be given several times
  --all          every stack file, one after the other, and every part of the live rehearsal (npm run rehearse:all)
  --json FILE    write seconds and counts to FILE
  --help         this text

With --live pods run: the gateway, the routers, KEDA, Prometheus and Karpenter as they ship, engines that are simulated.
Requests come while everything sleeps, wait, and are answered.

  --part NAME    play this part; may be given several times (default: ${SHOWN.join(" and ")})
${parts.join("\n")}
  --every-part   all of them
  --keep         leave the stage up until Ctrl-C, and say how to talk to it; plays no part unless one is named
  --port PORT    port of 127.0.0.1 that leads to the endpoint (default: a free one)
  --info FILE    write endpoint, keys and kubeconfig to FILE, as JSON, once the stage is up
  --speed N      boot, pull and load N times as fast as planned (default: ${DEFAULT_SPEED}); nothing else is hurried
  --engine NAME  simulated (default), or vllm: the real vLLM on the CPU with a tiny model (3 GB more to install); plays
                 ${REAL_ENGINE.join(" and ")}
  --report FILE  the report, one HTML page (default: a new file in the folder for temporary files)

With --fault something goes wrong during up, which is then repeated, and during destroy; docs/faults.md has what is said.

  --fault KIND   may be given several times, and is played with a stack of its own:
${faultHelp().join("\n")}
                 a RESOURCE is its name in the program, such as Cluster:cluster or Release:karpenter
  --faults       every row of docs/faults.md
  --table FILE   write that page to FILE

The first run gets or builds its tools (about 7 minutes on 2 cores where releases cannot be downloaded, about 15 more for
--live) and keeps them in \${PILOTLIGHT_CACHE:-\${XDG_CACHE_HOME:-~/.cache}/pilotlight}.`;

/** A wrong command line; the message says what is right. */
export class UsageError extends Error {}

/**
 * @param argv arguments after the script's name.
 * @param known names of the stack files there are.
 * @throws UsageError naming every argument that is wrong and what is possible.
 */
export function parseOptions(argv: readonly string[], known: readonly string[]): RehearsalOptions {
  const { values } = parse(argv);
  const { help = false, json, stack: named, all = false, live: asked = false, ...others } = values;
  const { fault: faultsNamed, faults: everyFault = false, table, ...given } = others;
  const faulty = everyFault || faultsNamed !== undefined;
  const faults = (named ?? [])
    .filter((stack) => !known.includes(stack))
    .map((stack) => `there is no stack file stacks/Pulumi.${stack}.yaml; --stack can be: ${known.join(", ")}`);
  if (!asked && !all) faults.push(...Object.keys(given).map((flag) => `--${flag} is for a live rehearsal: add --live`));
  if (asked && named !== undefined) faults.push(`--live plays stacks/Pulumi.${LIVE_STACK}.yaml: leave --stack out`);
  const parsed = (faultsNamed ?? []).map(parseFault);
  faults.push(...parsed.filter((one) => typeof one === "string"));
  if (faulty && (asked || all || named !== undefined))
    faults.push("--fault and --faults have a stack of their own: leave --live, --all and --stack out");
  if (table !== undefined && !everyFault) faults.push("--table is for all faults: add --faults");
  const live =
    asked || all
      ? liveOptions({ ...given, ...(all ? { "every-part": true } : {}), json: all ? undefined : json }, DEFAULTS)
      : undefined;
  if (Array.isArray(live)) faults.push(...live);
  if (faults.length > 0) throw new UsageError(faults.join("\n"));
  const stacks = all ? [...known] : asked || faulty ? [] : (named ?? ["rehearsal"]);
  const rows = everyFault ? FAULTS : (faultsNamed ?? []).map(rowOf);
  return { stacks, live: Array.isArray(live) ? undefined : live, faults: faulty ? rows : undefined, table, json, help };
}

const DEFAULTS = {
  known: Object.keys(SCENARIOS),
  shown: SHOWN,
  real: REAL_ENGINE,
  report: join(tmpdir(), "pilotlight-live.html"),
};

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        stack: { type: "string", multiple: true },
        all: { type: "boolean" },
        live: { type: "boolean" },
        part: { type: "string", multiple: true },
        "every-part": { type: "boolean" },
        keep: { type: "boolean" },
        port: { type: "string" },
        info: { type: "string" },
        speed: { type: "string" },
        engine: { type: "string" },
        report: { type: "string" },
        fault: { type: "string", multiple: true },
        faults: { type: "boolean" },
        table: { type: "string" },
        json: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  }
}
