import { parseArgs } from "node:util";
import { GATEWAY_SERVICE } from "../components/gateway";
import { didYouMean } from "../planner/near-name";
import { UsageError } from "./key-options";

/*
 * The command line of `npm run connect`. Pure.
 */

export const CONNECT_USAGE = `Usage: npm run connect -- --stack NAME [--port ${GATEWAY_SERVICE.port}]

Forwards a port of this machine to the stack's gateway, through the cluster's API, until Ctrl-C.

  --stack NAME   the stack, as for pulumi (default: the one that is selected)
  --port PORT    port on 127.0.0.1 (default: ${GATEWAY_SERVICE.port})
  --help         this text

Needs what \`pulumi stack output --show-secrets\` needs, and the AWS CLI for a cluster that the kit has made. Ends with 1 where
the gateway cannot be reached, with 2 for a wrong command line.`;

export type ConnectOptions =
  | { readonly command: "help" }
  | { readonly command: "run"; readonly stack?: string; readonly port: number };

const FLAGS = ["--stack", "--port", "--help"];

/**
 * @param argv arguments after the script's name.
 * @throws UsageError with every fault.
 */
export function parseConnectOptions(argv: readonly string[]): ConnectOptions {
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: {
      stack: { type: "string", short: "s" },
      port: { type: "string", short: "p" },
      help: { type: "boolean", short: "h" },
    },
  });
  const faults: string[] = [];
  const values = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === "positional") faults.push(`${JSON.stringify(token.value)} belongs to no flag`);
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    if (name === "help") return { command: "help" };
    if (name !== "stack" && name !== "port") faults.push(`there is no ${rawName}${didYouMean(rawName, FLAGS)}`);
    else if (values.has(name)) faults.push(`--${name} is given twice; give it once`);
    else if (value === undefined || value === "" || value.startsWith("-")) faults.push(`--${name} needs a value`);
    else values.set(name, value);
  }
  const text = values.get("port") ?? String(GATEWAY_SERVICE.port);
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) faults.push(`--port ${text} is not a port; name a number from 1 to 65535`);
  if (faults.length > 0) throw new UsageError(faults);
  return { command: "run", stack: values.get("stack"), port };
}
