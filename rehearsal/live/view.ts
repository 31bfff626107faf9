import { stripVTControlCharacters } from "node:util";
import type { LiveEvent, NodeSample, Sample } from "./record";

/*
 * What a person watches while a live rehearsal runs. No colours: marks and words say everything, with or without NO_COLOR.
 */

export interface ViewOptions {
  /** Longer lines are cut; nothing for as long as they are. */
  readonly columns?: number;
  /** How many of the last events stand below. @default 3 */
  readonly events?: number;
}

/** Where the view goes: a stream of the terminal. */
export interface ViewStream {
  write(text: string): unknown;
  readonly columns?: number;
  readonly rows?: number;
}

export interface View {
  show(sample: Sample, events: readonly LiveEvent[]): void;
  /** A line of progress; on a terminal it scrolls by above the block. */
  line(text: string): void;
  /** Leaves what was shown last. */
  end(): void;
}

/** One line at most in this time where there is no terminal, in seconds of the samples. */
const QUIET_SECONDS = 5;

const second = (at: number) => `${Math.floor(at)} s`;

/** Names and texts come from outside: nothing in them may move the cursor. */
const clean = (text: string) => stripVTControlCharacters(text).replace(/[\p{Cc}\p{Cs}]/gu, " ");

function cut(text: string, columns = Number.POSITIVE_INFINITY): string {
  const characters = [...text];
  return characters.length <= columns ? text : `${characters.slice(0, Math.max(0, columns - 1)).join("")}…`;
}

/** The block: time and cost, a line for each model, the nodes, the last events. */
export function viewLines(sample: Sample, events: readonly LiveEvent[], options: ViewOptions = {}): string[] {
  const models = Object.entries(sample.models).map(([name, model]) => ({ name: clean(name), ...model }));
  const name = Math.max(5, ...models.map(({ name }) => name.length));
  const digits = (of: (model: (typeof models)[number]) => number) => Math.max(...models.map((m) => `${of(m)}`.length));
  const held = digits((model) => model.held);
  const running = digits((model) => model.running);
  const last = events.slice(Math.max(0, events.length - (options.events ?? 3)));
  const at = Math.max(0, ...last.map((event) => second(event.at).length));
  const lines = [
    `${second(sample.at)}  $ ${sample.usdPerHour.toFixed(2)} an hour now`,
    ...models.map(
      (model) =>
        `${model.name.padEnd(name)}  held ${`${model.held}`.padStart(held)}  running ${`${model.running}`.padStart(running)}  replicas ${model.ready}/${model.wanted} ready`,
    ),
    ...nodeGroups(sample.nodes).map(
      ({ type, ready, all }, i) =>
        `${(i === 0 ? "nodes" : "").padEnd(name)}  ${type} ${"●".repeat(ready)}${"○".repeat(all - ready)} ${ready}/${all} ready`,
    ),
    ...last.map((event) => `${second(event.at).padStart(at)}  ${clean(event.subject)}: ${clean(event.text)}`),
  ];
  return lines.map((line) => cut(line, options.columns));
}

interface NodeGroup {
  readonly type: string;
  readonly ready: number;
  readonly all: number;
}

function nodeGroups(nodes: readonly NodeSample[]): NodeGroup[] {
  const typeOf = ({ instanceType, gpu }: NodeSample) =>
    clean(gpu === undefined ? instanceType : `${instanceType} (${gpu})`);
  return [...new Set(nodes.map(typeOf))].sort().map((type) => {
    const here = nodes.filter((node) => typeOf(node) === type);
    return { type, ready: here.filter(({ ready }) => ready).length, all: here.length };
  });
}

export const startView = (out: ViewStream, isTty: boolean): View => (isTty ? new Screen(out) : new Log(out));

/** Draws the block again in its place. */
class Screen implements View {
  private drawn: readonly string[] = [];
  private wanted: { readonly sample: Sample; readonly events: readonly LiveEvent[] } | undefined;

  constructor(private readonly out: ViewStream) {}

  show(sample: Sample, events: readonly LiveEvent[]): void {
    this.wanted = { sample, events };
    this.draw("");
  }

  line(text: string): void {
    this.draw(`${clean(text)}\n`);
  }

  end(): void {
    this.drawn = [];
    this.wanted = undefined;
  }

  /** One write each time, so that a slow terminal never shows half a block. */
  private draw(above: string): void {
    const erase = this.erase();
    this.drawn = this.block();
    this.out.write(`${erase}${above}${this.drawn.map((line) => `${line}\n`).join("")}`);
  }

  /** A block higher than the terminal could not be taken back, so it loses its end. */
  private block(): string[] {
    if (this.wanted === undefined) return [];
    // The last column stays free: some terminals go to the next line when it is written.
    const columns = this.out.columns === undefined ? undefined : Math.max(1, this.out.columns - 1);
    const lines = viewLines(this.wanted.sample, this.wanted.events, { columns });
    return lines.slice(0, Math.max(1, (this.out.rows ?? Number.POSITIVE_INFINITY) - 1));
  }

  /** A terminal that became narrower has wrapped what was drawn. */
  private erase(): string {
    const columns = this.out.columns ?? Number.POSITIVE_INFINITY;
    const rows = this.drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil([...line].length / columns)), 0);
    return rows === 0 ? "" : `\x1b[${rows}A\r\x1b[J`;
  }
}

/** Where nothing can be drawn again: a line now and then, and none when nothing has changed. */
class Log implements View {
  private printed = { at: Number.NEGATIVE_INFINITY, state: "", events: 0 };
  private last: { readonly sample: Sample; readonly events: readonly LiveEvent[] } | undefined;

  constructor(private readonly out: ViewStream) {}

  show(sample: Sample, events: readonly LiveEvent[]): void {
    this.last = { sample, events };
    if (sample.at - this.printed.at >= QUIET_SECONDS) this.print();
  }

  line(text: string): void {
    this.out.write(`${clean(text)}\n`);
  }

  end(): void {
    this.print();
    this.last = undefined;
  }

  private print(): void {
    if (this.last === undefined) return;
    const { sample, events } = this.last;
    const state = summary(sample);
    if (state === this.printed.state && events.length === this.printed.events) return;
    const news = events.slice(this.printed.events).map(({ subject, text }) => `${clean(subject)}: ${clean(text)}`);
    this.printed = { at: sample.at, state, events: events.length };
    this.line([`${second(sample.at)}  ${state}`, ...news].join("; "));
  }
}

/** The block without time and events, in one line. */
function summary({ models, nodes, usdPerHour }: Sample): string {
  return [
    ...Object.entries(models).map(
      ([name, { held, running, ready, wanted }]) =>
        `${clean(name)} held ${held} running ${running} replicas ${ready}/${wanted} ready`,
    ),
    ...nodeGroups(nodes).map(({ type, ready, all }) => `${type} ${ready}/${all} ready`),
    `$ ${usdPerHour.toFixed(2)} an hour`,
  ].join("; ");
}
