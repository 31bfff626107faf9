import type { ColdStart } from "../record";
import { html, type Markup } from "./html";
import { COLOURS } from "./plot";
import { linear } from "./scale";
import { greatest } from "./series";
import { duration, moment, plain, shortened } from "./words";

type Stage = ColdStart["stages"][number];

const WIDTH = 1000;
/** Pixels of a character at 12 px, estimated. */
const CHARACTER = 6.7;

const secondsOf = ({ seconds }: { readonly seconds: number }) => (Number.isFinite(seconds) ? Math.max(0, seconds) : 0);
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Of a whole cold start: as it was here, and as it would have been without compression. */
export function lengthOf({ stages }: ColdStart, speed: number): { readonly here: number; readonly real: number } {
  return {
    here: sum(stages.map(secondsOf)),
    real: sum(stages.map((stage) => realSeconds(stage, speed))),
  };
}

/** A stage without compression: as planned, with what it took here beyond that; where nobody planned it, as many times longer. */
function realSeconds(stage: Stage, speed: number): number {
  const { compressed, plannedSeconds } = stage;
  const here = secondsOf(stage);
  if (!compressed) return here;
  if (plannedSeconds === undefined || !Number.isFinite(plannedSeconds)) return here * speed;
  return plannedSeconds + Math.max(0, here - plannedSeconds / speed);
}

/** Slanted lines over what `speed` compressed; every bar of the page refers to them. */
export const HATCH = html`<svg class="unseen" width="0" height="0" aria-hidden="true"><defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="hatch" x1="0" x2="0" y1="0" y2="7"/></pattern></defs></svg>
`;

/** One bar for each cold start, all to one scale, each with its stages in words below. */
export function coldStartBars(coldStarts: readonly ColdStart[], speed: number): Markup {
  if (coldStarts.length === 0) return html`<p>No model started cold in this run.</p>`;
  const x = linear(greatest(coldStarts.map((start) => lengthOf(start, speed).here)), 0, WIDTH);
  const names = [...new Set(coldStarts.flatMap(({ stages }) => stages.map(({ name }) => name)))];
  const colourOf = (name: string) => names.indexOf(name) % COLOURS;
  const isCompressed = (stage: Stage) => stage.compressed && speed !== 1;
  const anyCompressed = coldStarts.some(({ stages }) => stages.some(isCompressed));
  return html`${HATCH}${
    anyCompressed
      ? html`<p>Hatched stages are compressed: their timers ran ${plain(speed)} times as fast here. What is planned, or stands after × ${plain(speed)}, is without compression.</p>\n`
      : undefined
  }${coldStarts.map(
    (start) => html`<figure>
<figcaption><b>${start.model}</b>, asked at ${moment(start.at)}: ${lengthText(start, speed)}</figcaption>
${
  start.stages.length === 0
    ? undefined
    : html`${bar(start, x, colourOf, isCompressed)}
<ul class="keys">
${start.stages.map((stage) => key(stage, colourOf(stage.name), isCompressed(stage) ? speed : undefined))}</ul>`
}
</figure>
`,
  )}`;
}

function lengthText(start: ColdStart, speed: number): string {
  if (start.stages.length === 0) return "none of its stages was seen";
  const { here, real } = lengthOf(start, speed);
  return here === real ? duration(here) : `${duration(here)} here, ${duration(real)} without compression`;
}

/** A stage in words, with its colour. */
const key = (stage: Stage, colour: number, speed: number | undefined) =>
  html`<li><svg class="chip" viewBox="0 0 14 14">${block(0, 0, 14, 14, colour, speed !== undefined)}</svg> ${stage.name} ${duration(secondsOf(stage))}${
    speed === undefined
      ? undefined
      : stage.plannedSeconds === undefined
        ? html` <small>× ${plain(speed)} = ${duration(secondsOf(stage) * speed)}</small>`
        : html` <small>planned ${duration(stage.plannedSeconds)}</small>`
  }</li>
`;

function block(x: number, y: number, width: number, height: number, colour: number, hatched: boolean): Markup {
  const place = html`x="${x}" y="${y}" width="${width}" height="${height}"`;
  return html`<rect class="stage c${colour}" ${place}/>${hatched ? html`<rect fill="url(#hatch)" ${place}/>` : undefined}`;
}

function bar(
  start: ColdStart,
  x: (seconds: number) => number,
  colourOf: (name: string) => number,
  isCompressed: (stage: Stage) => boolean,
): Markup {
  const ends = start.stages.map((_, i) => x(sum(start.stages.slice(0, i + 1).map(secondsOf))));
  return html`<svg viewBox="0 0 ${WIDTH} 42" role="img" aria-label="Stages of the cold start of ${start.model}">
${start.stages.map((stage, i) => {
  const from = ends[i - 1] ?? 0;
  const width = (ends[i] ?? from) - from;
  const text = labelFor(stage, width);
  // A gap of a pixel keeps neighbours apart; the thinnest stage is still there.
  return html`<g><title>${stage.name}: ${duration(secondsOf(stage))}</title>${block(from, 2, Math.max(0.5, width - 1), 22, colourOf(stage.name), isCompressed(stage))}${
    text === undefined ? undefined : html`<text class="tick" x="${from + 1}" y="38">${text}</text>`
  }</g>
`;
})}</svg>`;
}

/** The longest label that a stage has room for. */
function labelFor(stage: Stage, width: number): string | undefined {
  const seconds = duration(secondsOf(stage));
  const fits = (text: string) => [...text].length * CHARACTER + 4 <= width;
  return [`${shortened(stage.name, 60)} ${seconds}`, seconds].find(fits);
}
