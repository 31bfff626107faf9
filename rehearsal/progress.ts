import type { EngineEvent } from "@pulumi/pulumi/automation";

/** What the engine did in one phase. */
export interface Steps {
  /** Steps by operation: create, update, delete, same … */
  readonly byOperation: Record<string, number>;
  /** Resources by type, of those that are there or would be. */
  readonly byType: Record<string, number>;
  /** `type name` of every step that changed something. */
  readonly changes: string[];
  /** Error messages, as the engine shows them. */
  readonly errors: string[];
}

const shortUrn = (urn: string) => {
  const [, , type = "", name = ""] = urn.split("::");
  return `${type.split("$").pop()} ${name}`;
};

/**
 * Counts the engine's events and says from time to time how far it is.
 * @param say prints one line; called at most every `everyMs` ms.
 */
export function follow(
  say: (line: string) => void,
  everyMs = 5000,
): { steps: Steps; onEvent: (event: EngineEvent) => void } {
  const steps: Steps = { byOperation: {}, byType: {}, changes: [], errors: [] };
  let done = 0;
  let last = Date.now();
  const onEvent = (event: EngineEvent) => {
    // A preview tells of each resource twice: before the step it would take, and after.
    const planned = event.resourcePreEvent?.planning ? event.resourcePreEvent.metadata : undefined;
    const finished = planned ?? (event.resOutputsEvent?.planning ? undefined : event.resOutputsEvent?.metadata);
    if (event.diagnosticEvent?.severity === "error") steps.errors.push(event.diagnosticEvent.message.trim());
    if (event.resOpFailedEvent) steps.errors.push(`failed: ${shortUrn(event.resOpFailedEvent.metadata.urn)}`);
    if (!finished || finished.type === "pulumi:pulumi:Stack") return;
    done += 1;
    const { op, type, urn } = finished;
    steps.byOperation[op] = (steps.byOperation[op] ?? 0) + 1;
    if (op !== "delete") steps.byType[type] = (steps.byType[type] ?? 0) + 1;
    if (op !== "same" && op !== "read") steps.changes.push(`${op} ${shortUrn(urn)}`);
    if (Date.now() - last >= everyMs) {
      last = Date.now();
      say(`${done} resources so far, now ${op} ${shortUrn(urn)}`);
    }
  };
  return { steps, onEvent };
}
