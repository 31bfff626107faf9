import type { LiveEvent, LivePhase } from "../record";
import { html, type Markup } from "./html";
import { linear, ticksOver, ticksWithin } from "./scale";
import { decimate, greatest, type Point } from "./series";
import { plain, shortened } from "./words";

/** One line of a panel, or an area under it. */
export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
  readonly area?: boolean;
  /** Which of the palette's colours. */
  readonly colour: number;
  /** A dash tells lines of one panel apart where they lie on each other, and for those who see no colours. */
  readonly dash?: boolean;
}

export interface Panel {
  readonly title: string;
  readonly series: readonly Series[];
  /** Whether the values are counts, so that 0.5 is no tick. */
  readonly whole: boolean;
  readonly height: number;
  readonly format?: (value: number) => string;
}

export const COLOURS = 8;
const WIDTH = 1000;
const LEFT = 58;
const RIGHT = WIDTH - 14;
const ROW = 16;
const TITLE = 36;
/** Estimated, as nobody measures text here: pixels of a character at 12 px. */
const CHARACTER = 6.7;

/** Panels above each other with one axis of seconds, bands for phases and marks for events across all of them. */
export function timePlot(args: {
  readonly panels: readonly Panel[];
  readonly phases: readonly LivePhase[];
  readonly events: readonly LiveEvent[];
  readonly end: number;
}): Markup {
  const x = linear(args.end, LEFT, RIGHT);
  const phases = [...args.phases].sort((a, b) => a.from - b.from);
  const names = phaseRows(phases, x);
  const top = names.length * ROW + ROW + 4;
  const bottom = args.panels.reduce((sum, { height }) => sum + TITLE + height, top) + 6;
  const starts = args.panels.map((_, i) => top + args.panels.slice(0, i).reduce((sum, p) => sum + TITLE + p.height, 0));
  const height = bottom + 40;
  return html`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="What happened over time">
${bands(phases, x, names.length * ROW, bottom)}${names.map((row, i) =>
  row.map(({ text, from }) => html`<text class="phase" x="${from}" y="${i * ROW + 12}">${text}</text>\n`),
)}${args.panels.map((panel, i) => drawPanel(panel, x, starts[i] ?? 0))}${marks(args.events, x, names.length * ROW, bottom)}${axis(args.end, x, bottom)}</svg>`;
}

interface Label {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** Names of phases, which are in order of time, in as few rows as keep them apart; a name that fits nowhere stands in the verdict alone. */
export function phaseRows(phases: readonly LivePhase[], x: (at: number) => number): Label[][] {
  const rows: Label[][] = [];
  for (const { name, from } of phases) {
    const text = shortened(name, 40);
    const width = [...text].length * CHARACTER + 12;
    const start = Math.max(LEFT, Math.min(x(from) + 4, RIGHT - width));
    const free = rows.find((row) => (row.at(-1)?.to ?? 0) <= start);
    const label = { text, from: start, to: start + width };
    if (free) free.push(label);
    else if (rows.length < 6) rows.push([label]);
  }
  return rows;
}

const bands = (phases: readonly LivePhase[], x: (at: number) => number, top: number, bottom: number) =>
  phases.map(
    ({ name, from, to }, i) =>
      html`<rect class="band${i % 2}" x="${x(from)}" y="${top}" width="${Math.max(0, x(to) - x(from))}" height="${bottom - top}"><title>${name}</title></rect>
`,
  );

function drawPanel({ title, series, whole, height, format = plain }: Panel, x: (at: number) => number, top: number) {
  const values = series.flatMap(({ points }) => points.map(({ value }) => value));
  const ticks = ticksOver(greatest(values.filter(Number.isFinite)), height < 70 ? 2 : 4, whole);
  const base = top + TITLE + height;
  const y = linear(ticks.at(-1) ?? 1, base, top + TITLE);
  // Areas first, so that lines stay visible.
  const drawn = [...series].sort((a, b) => Number(b.area ?? false) - Number(a.area ?? false));
  return html`<g><text class="title" x="${LEFT}" y="${top + 24}">${shortened(title, 110)}${series.map(
    ({ name, area, dash, colour }) =>
      html`<tspan class="key c${colour % COLOURS}" dx="14">${area ? "■" : dash ? "╍╍" : "━━"}</tspan><tspan class="name" dx="4">${shortened(name, 40)}</tspan>`,
  )}</text>
${ticks.map(
  (tick) =>
    html`<line class="grid" x1="${LEFT}" x2="${RIGHT}" y1="${y(tick)}" y2="${y(tick)}"/><text class="tick end" x="${LEFT - 6}" y="${y(tick) + 4}">${format(tick)}</text>
`,
)}${drawn.map(({ points, area, dash, colour }) => {
  const path = steps(decimate(points), x, y);
  if (path === "") return undefined;
  return area
    ? html`<path class="area c${colour % COLOURS}" d="${path}${closing(points, x, base)}"/>\n`
    : html`<path class="line${dash ? " dash" : ""} c${colour % COLOURS}" d="${path}"/>\n`;
})}</g>
`;
}

const coordinate = (value: number) => String(Math.round(value * 10) / 10);

/** A path that keeps each value until the next. */
export function steps(points: readonly Point[], x: (at: number) => number, y: (value: number) => number): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  const start = `M${coordinate(x(first.at))} ${coordinate(y(first.value))}`;
  return [start, ...rest.map(({ at, value }) => `H${coordinate(x(at))}V${coordinate(y(value))}`)].join("");
}

const closing = (points: readonly Point[], x: (at: number) => number, base: number) =>
  `V${coordinate(base)}H${coordinate(x(points[0]?.at ?? 0))}Z`;

function marks(events: readonly LiveEvent[], x: (at: number) => number, top: number, bottom: number) {
  const places = [...new Set(events.map(({ at }) => Math.round(x(at))))];
  return [
    places.map((place) => html`<line class="mark" x1="${place}" x2="${place}" y1="${top + ROW}" y2="${bottom}"/>\n`),
    markLabels(events.map(({ at }) => x(at))).map(
      ({ text, from }) => html`<text class="tick" x="${from}" y="${top + 12}">${text}</text>\n`,
    ),
  ];
}

/** Numbers of events, `3` or `3–5` where they would lie on each other. Events are in order of time. */
export function markLabels(places: readonly number[]): Label[] {
  const groups: { first: number; last: number; from: number; to: number }[] = [];
  for (const [i, place] of places.entries()) {
    const group = groups.at(-1);
    if (group === undefined || place - 3 > group.to) {
      groups.push({ first: i + 1, last: i + 1, from: place - 3, to: place + 4 + String(i + 1).length * CHARACTER });
    } else {
      group.last = i + 1;
      group.to = group.from + 7 + `${group.first}–${group.last}`.length * CHARACTER;
    }
  }
  return groups.map(({ first, last, from, to }) => ({
    text: first === last ? `${first}` : `${first}–${last}`,
    from,
    to,
  }));
}

const axis = (
  end: number,
  x: (at: number) => number,
  bottom: number,
) => html`<line class="axis" x1="${LEFT}" x2="${RIGHT}" y1="${bottom}" y2="${bottom}"/>
${ticksWithin(end, 12).map(
  (tick) =>
    html`<line class="axis" x1="${x(tick)}" x2="${x(tick)}" y1="${bottom}" y2="${bottom + 4}"/><text class="tick middle" x="${x(tick)}" y="${bottom + 17}">${plain(tick, 9)}</text>
`,
)}<text class="tick middle" x="${(LEFT + RIGHT) / 2}" y="${bottom + 34}">seconds since the stage was up</text>
`;
