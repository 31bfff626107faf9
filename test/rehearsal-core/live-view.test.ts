import fc from "fast-check";
import { expect, test } from "vitest";
import type { LiveEvent, Sample } from "../../rehearsal/live/record";
import { startView, viewLines } from "../../rehearsal/live/view";

const SAMPLE: Sample = {
  at: 95.7,
  models: {
    "qwen3-8b": { held: 12, running: 3, wanted: 2, ready: 1 },
    "mistral-small": { held: 0, running: 0, wanted: 0, ready: 0 },
  },
  nodes: [
    { name: "a", instanceType: "g6e.xlarge", gpu: "l40s", ready: true },
    { name: "b", instanceType: "g6e.xlarge", gpu: "l40s", ready: false },
    { name: "c", instanceType: "m7i.large", ready: true },
  ],
  usdPerHour: 1.861,
};
const event = (at: number, text: string): LiveEvent => ({ at, subject: "gpu-1", text });
const EVENTS = [event(1, "asked for"), event(24, "launched"), event(36, "Ready"), event(90.2, "busy")];

const visible = (text: string) => text.replaceAll("\x1b", "␛");

/** What stands on a terminal that understands what the view writes: lines, cursor up, clear to the end. */
function terminal(size: { columns?: number; rows?: number } = {}) {
  const written: string[] = [];
  const lines = [""];
  let row = 0;
  const write = (text: string) => {
    written.push(text);
    for (const part of visible(text).match(/␛\[\d*[AJ]|\r|\n|[^␛\r\n]+/g) ?? []) {
      if (part.endsWith("A") && part.startsWith("␛")) row -= Number(part.slice(2, -1));
      else if (part === "␛[J") lines.splice(row, lines.length, "");
      else if (part === "\n") lines[++row] ??= "";
      else if (part !== "\r") lines[row] += part;
    }
  };
  return { ...size, write, written, screen: () => lines.slice(0, -1) };
}

test("a compact block: time and cost, models, nodes, the last three events", () => {
  expect(viewLines(SAMPLE, EVENTS)).toEqual([
    "95 s  $ 1.86 an hour now",
    "qwen3-8b       held 12  running 3  replicas 1/2 ready",
    "mistral-small  held  0  running 0  replicas 0/0 ready",
    "nodes          g6e.xlarge (l40s) ●○ 1/2 ready",
    "               m7i.large ● 1/1 ready",
    "24 s  gpu-1: launched",
    "36 s  gpu-1: Ready",
    "90 s  gpu-1: busy",
  ]);
  expect(viewLines({ at: 0, models: {}, nodes: [], usdPerHour: 0 }, [])).toEqual(["0 s  $ 0.00 an hour now"]);
  expect(viewLines(SAMPLE, EVENTS, { events: 0 }).at(-1)).toBe("               m7i.large ● 1/1 ready");
});

test("no line is longer than the terminal is wide, and nothing from outside moves the cursor", () => {
  const text = fc.string({
    unit: fc.constantFrom("a", "é", "😀", "\n", "\r", "\t", "\x1b[2J", "\x1b]0;t\x07", "\x9b1A"),
    maxLength: 60,
  });
  fc.assert(
    fc.property(text, text, text, fc.integer({ min: 1, max: 80 }), (model, type, said, columns) => {
      const nodes = [{ name: "n", instanceType: type, ready: true }];
      const models = { [model]: { held: 1, running: 1, wanted: 1, ready: 1 } };
      const lines = viewLines({ ...SAMPLE, models, nodes }, [{ at: 1, subject: said, text: said }], { columns });
      expect(lines).toHaveLength(4);
      for (const line of lines) {
        expect([...line].length).toBeLessThanOrEqual(columns);
        expect(line).not.toMatch(/\p{Cc}/u);
      }
    }),
  );
  expect(viewLines(SAMPLE, EVENTS, { columns: 10 })[0]).toBe("95 s  $ 1…");
});

test("on a terminal the block is drawn again in its place, below the lines of progress", () => {
  const out = terminal({ columns: 60, rows: 24 });
  const view = startView(out, true);
  view.line("the stage is up");
  view.show(SAMPLE, []);
  view.line("phase wake");
  view.show({ ...SAMPLE, at: 96 }, EVENTS.slice(0, 1));
  const block = viewLines({ ...SAMPLE, at: 96 }, EVENTS.slice(0, 1));
  expect(out.screen()).toEqual(["the stage is up", "phase wake", ...block]);
  view.show({ ...SAMPLE, at: 97 }, []);
  expect(out.screen()).toEqual(["the stage is up", "phase wake", ...viewLines({ ...SAMPLE, at: 97 }, [])]);
  view.end();
  view.line("over");
  expect(out.screen()).toEqual(["the stage is up", "phase wake", ...viewLines({ ...SAMPLE, at: 97 }, []), "over"]);
  // Cursor and clearing alone: no colours, whatever NO_COLOR says.
  expect(visible(out.written.join("")).replace(/␛\[\d+A|␛\[J/g, "")).not.toContain("␛");
});

test("the block is one write, narrower than the terminal and lower", () => {
  const out = terminal({ columns: 20, rows: 4 });
  const view = startView(out, true);
  view.show(SAMPLE, EVENTS);
  view.show(SAMPLE, EVENTS);
  expect(out.written).toHaveLength(2);
  expect(out.screen()).toEqual(["95 s  $ 1.86 an ho…", "qwen3-8b       hel…", "mistral-small  hel…"]);
});

test("a terminal that became narrower has wrapped the block, which is taken back as a whole", () => {
  const out = terminal({ columns: 60, rows: 24 });
  const view = startView(out, true);
  const sample = { ...SAMPLE, nodes: [] };
  view.show(sample, []);
  out.columns = 30;
  view.show(sample, []);
  // 24 characters stay one row of 30; the two lines of 53 became two each.
  expect(visible(out.written[1] ?? "")).toMatch(/^␛\[5A\r␛\[J95 s/);
});

test("without a terminal there is a line now and then, and only when something has changed", () => {
  const out = terminal();
  const view = startView(out, false);
  const sample = (at: number, held: number): Sample => ({
    ...SAMPLE,
    at,
    models: { "qwen3-8b": { held, running: 0, wanted: 1, ready: 0 } },
  });
  const summary = (held: number) =>
    `qwen3-8b held ${held} running 0 replicas 0/1 ready; g6e.xlarge (l40s) 1/2 ready; m7i.large 1/1 ready; $ 1.86 an hour`;
  view.show(sample(10, 1), []);
  view.show(sample(12, 2), EVENTS.slice(0, 1));
  view.show(sample(14.9, 3), EVENTS.slice(0, 2));
  view.line("phase\nwake");
  view.show(sample(15, 4), EVENTS.slice(0, 2));
  view.show(sample(25, 4), EVENTS.slice(0, 2));
  view.show(sample(26, 5), EVENTS.slice(0, 2));
  view.show(sample(27, 6), EVENTS.slice(0, 2));
  view.end();
  view.end();
  expect(out.screen()).toEqual([
    `10 s  ${summary(1)}`,
    "phase wake",
    `15 s  ${summary(4)}; gpu-1: asked for; gpu-1: launched`,
    `26 s  ${summary(5)}`,
    `27 s  ${summary(6)}`,
  ]);
  expect(out.written.join("")).not.toContain("\x1b");
});
