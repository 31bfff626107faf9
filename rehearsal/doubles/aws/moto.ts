import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Processes } from "../../processes";

export interface MotoArgs {
  readonly python: string;
  readonly processes: Processes;
  readonly account: string;
}

/** It starts in a second; a cold disk and a busy machine may need much more. */
const PATIENCE_MS = 120_000;

/** Starts moto and waits until it answers. */
export async function startMoto({ python, processes, account }: MotoArgs) {
  const running = processes.start({
    name: "aws",
    command: python,
    args: [join(__dirname, "moto.py")],
    // No compiled files in the checkout.
    env: { ...process.env, MOTO_ACCOUNT_ID: account, PYTHONDONTWRITEBYTECODE: "1" },
  });
  // moto takes a free port and says which, so that two rehearsals never want the same.
  const port = () => /^ready on port (\d+)$/m.exec(readFileSync(running.args.log, "utf8"))?.[1];
  await running.ready(async () => port() !== undefined, PATIENCE_MS);
  return { url: `http://127.0.0.1:${port()}`, stop: () => running.stop() };
}
