import { distance } from "fastest-levenshtein";
import { isAt, type Moment } from "../doubles/moments";
import type { World } from "./world";

export interface Once {
  /** What the fault waited for, where it has not come. */
  readonly unmet: () => string | undefined;
  readonly end: () => void;
}

/** Does something once, when a resource's step begins or ends. */
export function once(
  { stage }: Pick<World, "stage">,
  at: string,
  when: "begin" | "end",
  act: (moment: Moment) => Promise<void> | void,
): Once {
  let met = false;
  const seen = new Set<string>();
  const end = stage.moments.watch({
    [when]: async (moment: Moment) => {
      seen.add(`${moment.type.split(":").at(-1)}:${moment.name}`);
      if (met || !isAt(moment, at)) return;
      met = true;
      await act(moment);
    },
  });
  return { unmet: () => (met ? undefined : `no step of ${at} came${alike(at, [...seen])}`), end };
}

/** How many steps are told of where a named one did not come. */
const TOLD = 3;

/** The end of that message: what a user may have meant, as the command line takes it. */
export function alike(at: string, steps: readonly string[]): string {
  const ranked = steps
    .map((step) => ({ step, edits: editsBetween(at, step) }))
    .sort((a, b) => a.edits - b.edits)
    .slice(0, TOLD)
    .map(({ step }) => step);
  return ranked.length === 0 ? "" : `; a resource is named as in the program, the nearest are ${ranked.join(", ")}`;
}

/** A step may be named without its type. */
function editsBetween(at: string, step: string): number {
  const compared = at.includes(":") ? step : step.slice(step.indexOf(":") + 1);
  return distance(at.toLowerCase(), compared.toLowerCase());
}
