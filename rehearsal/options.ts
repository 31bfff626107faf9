import { parseArgs } from "node:util";

/** What `npm run rehearse` was asked to do. */
export interface RehearsalOptions {
  /** Names of the stack files to rehearse, in order. */
  readonly stacks: string[];
  /** File that the figures are written to, as JSON. */
  readonly json?: string;
  readonly help: boolean;
}

export const USAGE = `Usage: npm run rehearse -- [--stack NAME] [--json FILE]

Runs the unmodified program on the real Pulumi engine against a Kubernetes API server on this machine and a double of AWS:
preview, up, up again, a config change, destroy. Needs no cloud account, touches no file of the checkout, and leaves nothing.

  --stack NAME   the stack file stacks/Pulumi.NAME.yaml (default: rehearsal); may be given several times
  --all          every stack file, one after the other (npm run rehearse:all)
  --json FILE    write seconds and counts to FILE
  --help         this text

The first run gets or builds its tools (about 7 minutes on 2 cores where releases cannot be downloaded) and keeps them in
\${PILOTLIGHT_CACHE:-\${XDG_CACHE_HOME:-~/.cache}/pilotlight}.`;

/** A wrong command line; the message says what is right. */
export class UsageError extends Error {}

/**
 * @param argv arguments after the script's name.
 * @param known names of the stack files there are.
 * @throws UsageError naming the argument and what is possible.
 */
export function parseOptions(argv: readonly string[], known: readonly string[]): RehearsalOptions {
  const { values } = parse(argv);
  const stacks = values.all ? [...known] : (values.stack ?? ["rehearsal"]);
  for (const stack of stacks)
    if (!known.includes(stack))
      throw new UsageError(`there is no stack file stacks/Pulumi.${stack}.yaml; --stack can be: ${known.join(", ")}`);
  return { stacks, json: values.json, help: values.help ?? false };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        stack: { type: "string", multiple: true },
        all: { type: "boolean" },
        json: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  }
}
