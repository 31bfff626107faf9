import type { Answer } from "../client";

/** The first few things that went wrong, in words; nothing where nothing did. */
export function faultsOf(answers: readonly Answer[]): string {
  const faults = new Map<string, number>();
  for (const { complete, status, tokens, error, done, stream } of answers)
    if (!complete) {
      const text = error ?? `${status}, ${tokens} tokens${stream && !done ? ", no end mark" : ""}`;
      faults.set(text, (faults.get(text) ?? 0) + 1);
    }
  const told = [...faults].slice(0, 4).map(([text, count]) => `${count} × ${text.slice(0, 160)}`);
  return told.length === 0 ? "" : `; ${told.join("; ")}`;
}
