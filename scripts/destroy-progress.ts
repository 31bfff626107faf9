import type { EngineEvent } from "@pulumi/pulumi/automation";
import { shortUrn } from "./destroy-state";

/*
 * How far a destroy is, in a line every few seconds.
 */

/** Milliseconds between two lines. */
const EVERY_MS = 5000;
/** Names of what is being deleted that fit a line. */
const NAMED = 3;
/** What the engine says of itself after the reasons. */
const EMPTY = "update failed";

export interface Progress {
  /** Error messages, as the engine shows them. */
  readonly errors: string[];
  readonly onEvent: (event: EngineEvent) => void;
  stop(): void;
}

export function progress(total: number, say: (line: string) => void, everyMs = EVERY_MS): Progress {
  const errors: string[] = [];
  const going = new Set<string>();
  let gone = 0;
  let last = "";
  const timer = setInterval(() => {
    const names = [...going].slice(0, NAMED).map(shortUrn);
    const more = going.size > NAMED ? ` and ${going.size - NAMED} more` : "";
    const line = `deleted ${gone} of ${total}${names.length > 0 ? `, deleting ${names.join(", ")}${more}` : ""}`;
    if (line !== last) say(line);
    last = line;
  }, everyMs);
  const tell = (message: string) => {
    if (message !== EMPTY && !errors.includes(message)) errors.push(message);
  };
  const onEvent = ({ resourcePreEvent, resOutputsEvent, resOpFailedEvent, diagnosticEvent }: EngineEvent) => {
    if (diagnosticEvent?.severity === "error") tell(diagnosticEvent.message.trim());
    if (resourcePreEvent?.metadata.op === "delete") going.add(resourcePreEvent.metadata.urn);
    if (resOpFailedEvent) going.delete(resOpFailedEvent.metadata.urn);
    if (resOutputsEvent?.metadata.op === "delete" && going.delete(resOutputsEvent.metadata.urn)) gone += 1;
  };
  return { errors, onEvent, stop: () => clearInterval(timer) };
}
