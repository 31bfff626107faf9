import type { Equipment } from "../equipment";
import type { Run } from "../run";
import { FIX_TEXTS } from "./document";
import { FaultStage } from "./matrix";
import { FaultError, type Seen } from "./play";
import type { FaultRow } from "./table";

export interface FaultsFound {
  readonly seen: readonly Seen[];
  /** What did not end as it must, one message each. */
  readonly failed: readonly string[];
}

/** Plays faults one after the other and says of each how it ended. */
export async function rehearseFaults(rows: readonly FaultRow[], run: Run, tools: Equipment): Promise<FaultsFound> {
  const seen: Seen[] = [];
  const failed: string[] = [];
  const on = new FaultStage({ ...run, say: () => {} }, tools);
  try {
    for (const row of rows) {
      run.signal.throwIfAborted();
      try {
        const found = await on.play(row);
        for (const one of found) run.say(toldOf(one));
        seen.push(...found);
      } catch (error) {
        if (!(error instanceof FaultError)) throw error;
        run.say(error.message);
        failed.push(error.message);
      }
    }
  } finally {
    await on.close();
  }
  run.say(`${rows.length - failed.length} of ${rows.length} faults ended as they must`);
  return { seen, failed };
}

function toldOf({ fault, phase, said, fixes, seconds }: Seen): string {
  const then = [...fixes.map((fix) => FIX_TEXTS[fix]), `${phase} again: converged`].join(", ");
  return `${fault}, ${phase}: ${said === "" ? "succeeded" : said}; ${then} (${seconds.toFixed(0)} s)`;
}
