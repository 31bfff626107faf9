import type { Difference, LiveEvent, LiveRecord, MemoryUse, Outcome } from "../record";
import { html, type Markup, table } from "./html";
import { bytes, digits3, moment, plain } from "./words";

/** Numbered as the marks of the plots are. */
export function eventTable(events: readonly LiveEvent[]): Markup {
  if (events.length === 0) return html`<p>Nothing happened that was worth a mark.</p>`;
  const rows = events.map(({ at, subject, text }, i) => [plain(i + 1), moment(at), subject, text]);
  return table(["no.", "at", "about", "what happened"], rows, [0, 1]);
}

/** The nearest rank: the least value that `share` of all do not exceed. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** What clients got, by phase in the order of the run, and by model. */
export function outcomeTable({ outcomes, phases }: Pick<LiveRecord, "outcomes" | "phases">): Markup {
  if (outcomes.length === 0) return html`<p>No request was sent in this run.</p>`;
  const order = [...new Set([...phases.map(({ name }) => name), ...outcomes.map(({ phase }) => phase)])];
  const rows = order.flatMap((phase) => {
    const here = outcomes.filter((outcome) => outcome.phase === phase);
    const models = [...new Set(here.map(({ model }) => model))].sort();
    return models.map((model) =>
      outcomeRow(
        phase,
        model,
        here.filter((outcome) => outcome.model === model),
      ),
    );
  });
  const head = ["phase", "model", "requests", "streams", "statuses", "complete", "p50, s", "p99, s", "pings"];
  return table(head, rows, [2, 3, 6, 7, 8]);
}

function outcomeRow(phase: string, model: string, outcomes: readonly Outcome[]) {
  const seconds = outcomes.map((outcome) => outcome.seconds);
  const at = (share: number) => digits3(percentile(seconds, share) ?? Number.NaN);
  const complete = outcomes.filter((outcome) => outcome.complete).length;
  const streams = outcomes.filter(({ stream }) => stream).length;
  const whole =
    complete === outcomes.length ? "all" : html`<b class="fails">${plain(complete)} of ${plain(outcomes.length)}</b>`;
  const pings = outcomes.reduce((sum, outcome) => sum + outcome.pings, 0);
  return [
    phase,
    model,
    plain(outcomes.length),
    plain(streams),
    statuses(outcomes),
    whole,
    at(0.5),
    at(0.99),
    plain(pings),
  ];
}

/** `200 × 40, 503 × 2`, the most frequent first. */
function statuses(outcomes: readonly Outcome[]): string {
  const counts = new Map<number, number>();
  for (const { status } of outcomes) counts.set(status, (counts.get(status) ?? 0) + 1);
  const sorted = [...counts].sort(([a, n], [b, m]) => m - n || a - b);
  return sorted.map(([status, count]) => `${status} × ${plain(count)}`).join(", ");
}

export function memoryTable(memory: readonly MemoryUse[]): Markup {
  if (memory.length === 0) return html`<p>Memory was not measured in this run.</p>`;
  const rows = memory.map(({ program, peakBytes, limitBytes }) => [
    program,
    bytes(peakBytes),
    limitBytes === undefined ? "none" : bytes(limitBytes),
    limitBytes === undefined || limitBytes <= 0 ? "" : share(peakBytes / limitBytes),
  ]);
  return table(["program", "peak", "limit", "of the limit"], rows, [1, 2, 3]);
}

/** Marked by word where the program would soon be killed, or would have been. */
function share(ratio: number) {
  const percent = `${plain(ratio * 100, 0)} %`;
  if (ratio > 1) return html`<b class="fails">over: ${percent}</b>`;
  return ratio >= 0.9 ? html`<b class="fails">close: ${percent}</b>` : percent;
}

export function differenceTable(differences: readonly Difference[]): Markup {
  if (differences.length === 0) return html`<p>Nothing differs from what ships.</p>`;
  const rows = differences.map(({ what, ships, here, why }) => [what, ships, here, why]);
  return table(["what", "ships", "here", "why"], rows);
}
