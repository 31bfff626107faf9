import { GATEWAY_SERVICE } from "../components/gateway";
import { flagValues } from "./flag-values";
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
  const given = flagValues(argv, { stack: "s", port: "p" }, FLAGS);
  if (given === "help") return { command: "help" };
  const { values, faults } = given;
  const text = values.get("port") ?? String(GATEWAY_SERVICE.port);
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) faults.push(`--port ${text} is not a port; name a number from 1 to 65535`);
  if (faults.length > 0) throw new UsageError(faults);
  return { command: "run", stack: values.get("stack"), port };
}
