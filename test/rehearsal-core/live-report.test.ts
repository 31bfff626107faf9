import fc from "fast-check";
import { expect, test } from "vitest";
import type { LiveRecord } from "../../rehearsal/live/record";
import { renderReport } from "../../rehearsal/live/report";
import { escapeText, html } from "../../rehearsal/live/report/html";

const EMPTY: LiveRecord = {
  stack: "dev",
  speed: 20,
  engine: "simulated",
  samples: [],
  events: [],
  coldStarts: [],
  outcomes: [],
  phases: [],
  memory: [],
  figures: [],
  differences: [],
};
const model = (held: number, running: number, wanted: number, ready: number) => ({ held, running, wanted, ready });
const node = { name: "gpu-1", instanceType: "g6e.xlarge", gpu: "l40s", ready: true };
const outcome = {
  at: 1,
  model: "qwen3-8b",
  phase: "wake",
  stream: true,
  status: 200,
  complete: true,
  seconds: 31.4,
  pings: 3,
};
const SMALL: LiveRecord = {
  ...EMPTY,
  samples: [
    { at: 0, models: { "qwen3-8b": model(0, 0, 0, 0), idle: model(0, 0, 0, 0) }, nodes: [], usdPerHour: 0 },
    { at: 10, models: { "qwen3-8b": model(4, 0, 1, 0) }, nodes: [{ ...node, ready: false }], usdPerHour: 1.8 },
    { at: 30, models: { "qwen3-8b": model(0, 4, 1, 1) }, nodes: [node], usdPerHour: 1.8 },
    { at: 50, models: { "qwen3-8b": model(0, 0, 0, 0) }, nodes: [], usdPerHour: 0 },
  ],
  events: [
    { at: 30, subject: "qwen3-8b", text: "Ready" },
    { at: 10, subject: "gpu-1", text: "launched" },
  ],
  coldStarts: [
    {
      model: "qwen3-8b",
      at: 9,
      stages: [
        { name: "node", seconds: 3, compressed: true },
        { name: "engine", seconds: 18, compressed: false },
      ],
    },
  ],
  outcomes: [
    outcome,
    { ...outcome, seconds: 40 },
    { ...outcome, status: 503, complete: false, stream: false, pings: 0, seconds: 2 },
  ],
  phases: [
    { name: "asleep", from: 0, to: 9, findings: [{ holds: true, text: "no node" }] },
    {
      name: "wake",
      from: 9,
      to: 50,
      findings: [
        { holds: true, text: "a node came" },
        { holds: false, text: "1 request failed" },
      ],
    },
  ],
  memory: [
    { program: "router", peakBytes: 64 * 2 ** 20, limitBytes: 512 * 2 ** 20 },
    { program: "karpenter", peakBytes: 950 * 2 ** 20, limitBytes: 2 ** 30 },
    { program: "prometheus", peakBytes: 300 * 2 ** 20 },
  ],
  differences: [{ what: "idle time", ships: "10 min", here: "30 s", why: "a run must see it" }],
};

/** Cheaper than `expect`, as it stands for every tag of every page. */
function must(condition: boolean, where: string): void {
  if (!condition) throw new Error(`not well-formed: ${where}`);
}

const TAG = /^<(\/?)([a-z][a-zA-Z0-9]*)((?: [a-zA-Z][\w:-]*="[^"<]*")*)(\/?)>$/;
const ENTITY = /&(amp|lt|gt|quot|#39);/g;
const CHARACTERS: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

/**
 * Walks the page as a strict XML parser does, with what the report may hold: no comments, no CDATA, quoted attributes, each
 * once, the five entities of `html.ts`. Returns text and attribute values as a reader gets them.
 */
function parse(page: string): { readonly texts: string[]; readonly tags: string[] } {
  const [texts, tags, open] = [[] as string[], [] as string[], [] as string[]];
  const read = (text: string) => {
    must(!/[&<]/.test(text.replace(ENTITY, "")), text);
    texts.push(text.replace(ENTITY, (_, name: string) => CHARACTERS[name] ?? ""));
  };
  const start = "<!DOCTYPE html>\n";
  must(page.startsWith(start), "the first line");
  for (const [, tag, text = ""] of page.slice(start.length).matchAll(/(<[^>]*>)|([^<]+)/g)) {
    if (tag === undefined) {
      if (open.length > 0) read(text);
      else must(text.trim() === "", text);
      continue;
    }
    const [, end, name = "", attributes = "", empty] = TAG.exec(tag) ?? [];
    must(name !== "", tag);
    const found = [...attributes.matchAll(/ ([^=]+)="([^"]*)"/g)];
    must(new Set(found.map(([, key]) => key)).size === found.length, tag);
    for (const [, , value = ""] of found) read(value);
    if (end) must(open.pop() === name, tag);
    else tags.push(name);
    // HTML reads `<p/>` as `<p>`: only what is always empty there, or SVG, may close itself.
    if (empty) must(["meta", "line", "rect", "path"].includes(name), tag);
    else if (!end) open.push(name);
  }
  must(open.length === 0, open.join(" "));
  return { texts, tags };
}

test("the page stands alone: no script, nothing from the network", () => {
  const page = renderReport(SMALL);
  const { tags } = parse(page);
  for (const tag of ["script", "link", "img", "iframe", "object"]) expect(tags).not.toContain(tag);
  expect(page).not.toMatch(/https?:|@import|url\((?!#)/);
  expect(page).toContain("prefers-color-scheme: dark");
});

test("the head says what runs, how fast, and what is real", () => {
  const page = renderReport(SMALL);
  expect(page).toContain("<h1>Live rehearsal: stack dev</h1>");
  expect(page).toContain("<p>Speed: compressed timers ran 20 times as fast, engine: simulated, 50 s long.</p>");
  expect(page).toMatch(/<p class="soft">Real: .* Simulated: .*tokens are made up\.<\/p>/);
  expect(renderReport({ ...SMALL, engine: "vllm", speed: 1 })).toContain(
    "<p>Speed: nothing was compressed, engine: vllm,",
  );
  expect(renderReport(SMALL, "All of it is <real>.")).toContain('<p class="soft">All of it is &lt;real&gt;.</p>');
});

test("the verdict begins with what failed, in words", () => {
  const page = renderReport(SMALL);
  expect(page).toContain('<p class="fails"><b>FAILED: 1 of 3 findings.</b></p>');
  expect(page).toContain(`<h3>wake <small>from 9 s to 50 s</small></h3>
<ul class="findings">
<li class="fails"><b>FAILS</b> <span>1 request failed</span></li>
<li class="holds"><b>holds</b> <span>a node came</span></li>
</ul>`);
  expect(page.indexOf("<h3>wake")).toBeLessThan(page.indexOf("<h3>asleep"));
  const good = { ...SMALL, phases: SMALL.phases.slice(0, 1) };
  expect(renderReport(good)).toContain('<p class="holds"><b>The one finding holds.</b></p>');
  expect(renderReport({ ...good, phases: [...good.phases, ...good.phases] })).toContain("<b>All 2 findings hold.</b>");
});

test("a cold start shows its stages to scale, and what compression left out", () => {
  const page = renderReport(SMALL);
  expect(page).toContain("<b>qwen3-8b</b>, asked at 9 s: 21 s here, 1 min 18 s without compression");
  // 3 of 21 s, hatched; the rest is not.
  expect(page).toContain(
    '<g><title>node: 3 s</title><rect class="stage c0" x="0" y="2" width="141.86" height="22"/><rect fill="url(#hatch)" x="0" y="2" width="141.86" height="22"/><text class="tick" x="1" y="38">node 3 s</text></g>',
  );
  expect(page).toContain(
    '<g><title>engine: 18 s</title><rect class="stage c1" x="142.86" y="2" width="856.14" height="22"/><text class="tick" x="143.86" y="38">engine 18 s</text></g>',
  );
  expect(page).toContain(" node 3 s <small>× 20 = 1 min</small></li>");
  expect(page).toContain(" engine 18 s</li>");
  const uncompressed = renderReport({ ...SMALL, speed: 1 });
  expect(uncompressed).toContain("<b>qwen3-8b</b>, asked at 9 s: 21 s</figcaption>");
  expect(uncompressed).not.toContain('fill="url(#hatch)"');
  const unseen = { ...SMALL, coldStarts: [{ model: "qwen3-8b", at: 9, stages: [] }] };
  expect(renderReport(unseen)).toContain("<b>qwen3-8b</b>, asked at 9 s: none of its stages was seen</figcaption>");
});

test("the plots share one axis and say what the run cost", () => {
  const page = renderReport(SMALL);
  expect(page).toContain("US dollars an hour: $0.02 in this run; the same hours always on: $0.025<tspan");
  expect(page).toContain(">qwen3-8b: requests<tspan");
  expect(page).toContain(">qwen3-8b: replicas<tspan");
  expect(page).toContain(">g6e.xlarge, ready</tspan>");
  // x: 58 at 0 s, 986 at 50 s; held is 0, 4 from 10 s, 0 from 30 s.
  expect(page).toMatch(/<path class="line c1" d="M58 (\d+)H243\.6V(\d+)H614\.8V\1H986V\1"\/>/);
  expect(page).toContain("<p>Without a request or a replica all the time: idle.</p>");
  expect(page).toMatch(
    /<rect class="band1" x="225\.04" y="\d+" width="760\.96" height="\d+"><title>wake<\/title><\/rect>/,
  );
});

test("events are numbered by time, in the plot as in the table", () => {
  const page = renderReport(SMALL);
  expect(page).toContain(
    '<td class="number">1</td><td class="number">10 s</td><td class="text">gpu-1</td><td class="text">launched</td>',
  );
  expect(page).toContain(
    '<td class="number">2</td><td class="number">30 s</td><td class="text">qwen3-8b</td><td class="text">Ready</td>',
  );
  expect(page).toMatch(
    /<text class="tick" x="240\.6" y="\d+">1<\/text>\n<text class="tick" x="611\.8" y="\d+">2<\/text>/,
  );
});

test("outcomes stand by phase and model", () => {
  const cells = ["wake", "qwen3-8b", "3", "2", "200 × 2, 503 × 1", '<b class="fails">2 of 3</b>', "31.4", "40.0", "6"];
  const row = /<tr><td class="text">wake<\/td>.*<\/tr>/.exec(renderReport(SMALL))?.[0] ?? "";
  expect([...row.matchAll(/<td class="\w+">(.*?)<\/td>/g)].map(([, cell]) => cell)).toEqual(cells);
});

test("memory stands against its limit, marked by word where it is close", () => {
  const page = renderReport(SMALL);
  const row = (...cells: string[]) =>
    `<tr><td class="text">${cells[0]}</td>${cells
      .slice(1)
      .map((cell) => `<td class="number">${cell}</td>`)
      .join("")}</tr>`;
  expect(page).toContain(row("router", "64 MiB", "512 MiB", "13 %"));
  expect(page).toContain(row("karpenter", "950 MiB", "1 GiB", '<b class="fails">close: 93 %</b>'));
  expect(page).toContain(row("prometheus", "300 MiB", "none", ""));
});

test("says what differs from what ships, and why", () => {
  expect(renderReport(SMALL)).toContain(
    '<tr><td class="text">idle time</td><td class="text">10 min</td><td class="text">30 s</td><td class="text">a run must see it</td></tr>',
  );
});

test("an empty run is told in sentences", () => {
  const page = renderReport(EMPTY);
  for (const sentence of [
    "engine: simulated, nothing recorded.",
    "Nothing was checked in this run.",
    "No model started cold in this run.",
    "No sample was taken, so there is nothing to draw.",
    "Nothing happened that was worth a mark.",
    "No request was sent in this run.",
    "Memory was not measured in this run.",
    "Nothing differs from what ships.",
  ])
    expect(page).toContain(sentence);
  expect(parse(page).tags).not.toContain("table");
});

test("a long run stays small", () => {
  const samples = Array.from({ length: 20_000 }, (_, at) => ({
    at,
    models: { m: model(at % 17, at % 5, 1, at % 2) },
    nodes: [],
    usdPerHour: at % 3,
  }));
  const page = renderReport({ ...EMPTY, samples });
  for (const [, path = ""] of page.matchAll(/ d="([^"]*)"/g))
    expect(path.match(/[MH]/g)?.length).toBeLessThanOrEqual(601);
  expect(page.length).toBeLessThan(100_000);
});

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom("<", ">", "&", '"', "'", "/", "]", "-", "!", "a", "\0", "\u{1b}", "\u{d800}", "\u{ffff}"),
    maxLength: 12,
  }),
  fc.constantFrom(
    "</td>",
    "<script>alert(1)</script>",
    '" onload="x',
    "&lt;",
    "]]>",
    "-->",
    "__proto__",
    "constructor",
  ),
);
const number = fc.oneof(
  fc.nat(1000),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ min: 0, max: 100, noNaN: true }),
);
const few = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { maxLength: 6 });
const record: fc.Arbitrary<LiveRecord> = fc.record({
  stack: text,
  speed: number,
  engine: fc.constantFrom("simulated", "vllm"),
  samples: few(
    fc.record({
      at: number,
      models: fc.dictionary(text, fc.record({ held: number, running: number, wanted: number, ready: number }), {
        maxKeys: 3,
      }),
      nodes: few(
        fc.record({ name: text, instanceType: text, gpu: fc.option(text, { nil: undefined }), ready: fc.boolean() }),
      ),
      usdPerHour: number,
    }),
  ),
  events: few(fc.record({ at: number, subject: text, text })),
  coldStarts: few(
    fc.record({
      model: text,
      at: number,
      stages: few(fc.record({ name: text, seconds: number, compressed: fc.boolean() })),
    }),
  ),
  outcomes: few(
    fc.record({
      at: number,
      model: text,
      phase: text,
      stream: fc.boolean(),
      status: fc.integer({ min: 0, max: 599 }),
      complete: fc.boolean(),
      seconds: number,
      pings: fc.nat(99),
    }),
  ),
  phases: few(
    fc.record({ name: text, from: number, to: number, findings: few(fc.record({ holds: fc.boolean(), text })) }),
  ),
  memory: few(fc.record({ program: text, peakBytes: number, limitBytes: fc.option(number, { nil: undefined }) })),
  figures: few(fc.record({ way: text, clients: number, p50Ms: number, p99Ms: number, requestsPerSecond: number })),
  differences: few(fc.record({ what: text, ships: text, here: text, why: text })),
});

test("any record renders well-formed, and without a number that is none", () => {
  fc.assert(
    fc.property(record, (record) => {
      const page = renderReport(record);
      parse(page);
      expect(page).not.toMatch(/NaN|undefined|Infinity|\[object/);
    }),
    { numRuns: 150 },
  );
});

test("any text arrives as it is, and never as markup", () => {
  const allowed = (text: string) => text.replace(/(?![\t\n])\p{Cc}|\p{Cs}|\p{Noncharacter_Code_Point}/gu, "\u{FFFD}");
  fc.assert(
    fc.property(text, (text) => {
      const page = `<!DOCTYPE html>\n${html`<p title="${text}">(${text})</p>`.text}`;
      expect(parse(page)).toEqual({ texts: [allowed(text), `(${allowed(text)})`], tags: ["p"] });
      expect(escapeText(text)).not.toMatch(/[<>"']/);
    }),
  );
  fc.assert(
    fc.property(text, (text) => {
      const finding = { holds: false, text };
      const { texts } = parse(
        renderReport({ ...EMPTY, stack: text, phases: [{ name: "p", from: 0, to: 1, findings: [finding] }] }),
      );
      expect(texts).toContain(`Live rehearsal: stack ${allowed(text)}`);
      if (text !== "") expect(texts).toContain(allowed(text));
    }),
  );
});

test("a planned stage counts as planned, and what a busy machine added to it once", () => {
  const stages = [
    { name: "asked", seconds: 2, compressed: false },
    { name: "boot", seconds: 5, compressed: true, plannedSeconds: 60 },
  ];
  const page = renderReport({ ...EMPTY, speed: 20, coldStarts: [{ model: "m", at: 0, stages }] });
  expect(page).toContain("7 s here, 1 min 4 s without compression");
  expect(page).toContain("boot 5 s <small>planned 1 min</small>");
});
