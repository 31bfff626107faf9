import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { EndedLine, LogLine } from "./engine/request-log";
import { requestLogOf } from "./runtime";

/** What the engines have generated, by their own account: a client's word would not tell what was generated twice. */
export interface Generated extends EndedLine {
  /** Pod that generated it. */
  readonly pod: string;
}

/** Every line that the engines below a folder have written, those of pods that are gone among them. */
function lines(pods: string): { readonly pod: string; readonly line: LogLine }[] {
  return readdirSync(pods).flatMap((pod) => {
    const file = requestLogOf(join(pods, pod));
    if (!existsSync(file)) return [];
    const text = readFileSync(file, "utf8").trim();
    return text === "" ? [] : text.split("\n").map((line) => ({ pod, line: JSON.parse(line) as LogLine }));
  });
}

/** How many times each prompt was begun. */
export function begun(pods: string, isOurs: (prompt: string) => boolean): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { line } of lines(pods))
    if ("started" in line && isOurs(line.prompt)) counts.set(line.prompt, (counts.get(line.prompt) ?? 0) + 1);
  return counts;
}

/** What was generated, whole or cut. */
export const ended = (pods: string, isOurs: (prompt: string) => boolean): Generated[] =>
  lines(pods).flatMap(({ pod, line }) => ("how" in line && isOurs(line.prompt) ? [{ ...line, pod }] : []));
