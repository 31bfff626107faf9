import { appendFileSync } from "node:fs";

/** How a generation ended: whole, because its client went away, or because the engine went. */
export type Ending = "finished" | "aborted" | "cut";

/** What is told of a generation twice: when its first step begins, and when it ends. */
export interface Subject {
  /** `x-request-id`, or nothing. */
  readonly requestId: string;
  /** The start of what the user said last. */
  readonly prompt: string;
}

export interface StartedLine extends Subject {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly started: true;
}

export interface EndedLine extends Subject {
  readonly at: number;
  readonly stream: boolean;
  readonly promptTokens: number;
  /** Tokens that were generated, whoever got them. */
  readonly tokens: number;
  readonly how: Ending;
}

export type LogLine = StartedLine | EndedLine;

/** Characters of a prompt in the log. */
export const SHOWN_CHARACTERS = 120;

/** Writes at once, so that an engine that is killed has told all that it did. */
export function requestLog(file: string): (line: LogLine) => void {
  return (line) => appendFileSync(file, `${JSON.stringify(line)}\n`);
}
