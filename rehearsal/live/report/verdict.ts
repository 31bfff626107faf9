import type { LivePhase } from "../record";
import { html, type Markup } from "./html";
import { counted, moment } from "./words";

const failures = ({ findings }: LivePhase) => findings.filter(({ holds }) => !holds).length;

/** Every phase with what it found: phases that failed first, and in each what failed first. */
export function verdict(phases: readonly LivePhase[]): Markup {
  const failed = phases.reduce((sum, phase) => sum + failures(phase), 0);
  const all = phases.reduce((sum, { findings }) => sum + findings.length, 0);
  const sorted = [...phases].sort((a, b) => Number(failures(b) > 0) - Number(failures(a) > 0));
  return html`<p class="${failed > 0 ? "fails" : all > 0 ? "holds" : "unchecked"}"><b>${total(failed, all)}</b></p>
${sorted.map(
  (phase) => html`<section class="phase">
<h3>${phase.name} <small>from ${moment(phase.from)} to ${moment(phase.to)}</small></h3>
${found(phase)}
${noted(phase)}
</section>
`,
)}`;
}

function total(failed: number, all: number): string {
  if (all === 0) return "Nothing was checked in this run.";
  if (failed > 0) return `FAILED: ${failed} of ${counted(all, "finding")}.`;
  return all === 1 ? "The one finding holds." : `All ${all} findings hold.`;
}

function found({ findings }: LivePhase): Markup {
  if (findings.length === 0) return html`<p>Nothing was checked in this phase.</p>`;
  const sorted = [...findings].sort((a, b) => Number(a.holds) - Number(b.holds));
  return html`<ul class="findings">
${sorted.map(({ holds, text }) =>
  holds
    ? html`<li class="holds"><b>holds</b> <span>${text}</span></li>\n`
    : html`<li class="fails"><b>FAILS</b> <span>${text}</span></li>\n`,
)}</ul>`;
}

function noted({ notes = [] }: LivePhase): Markup {
  return notes.length === 0 ? html`` : html`<ul class="soft">${notes.map((text) => html`<li>${text}</li>\n`)}</ul>`;
}
