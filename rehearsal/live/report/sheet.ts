/** Inline style of the report. Nothing in it may need escaping: it stands in the page as it is. */
export const SHEET = `
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1c2126; --soft: #59636e; --line: #d5dade; --band: #f1f4f6;
  --band1: #e6ebef; --good: #1a7f37; --bad: #c2261c; --mark: #8a95a0;
  --c0: #2f6fbf; --c1: #d9822b; --c2: #2a9d78; --c3: #b5558f; --c4: #64a9d8; --c5: #c0452f; --c6: #8463b8; --c7: #8a8f45; }
@media screen and (prefers-color-scheme: dark) { :root { --paper: #14181c; --ink: #e3e7ea; --soft: #9aa5af; --line: #333b43;
  --band: #1b2127; --band1: #242b32; --good: #58c46f; --bad: #ff7b6e; --mark: #75808a;
  --c0: #6ba6ec; --c1: #f0a050; --c2: #4fc49d; --c3: #dc86b9; --c4: #8fcaf0; --c5: #ee7f69; --c6: #b093e0; --c7: #bcc26a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px 20px 60px; max-width: 1080px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; }
h1 { font-size: 26px; margin: 0 0 4px; line-height: 1.25; }
h2 { font-size: 19px; margin: 40px 0 8px; padding-top: 10px; border-top: 1px solid var(--line); }
h3 { font-size: 15px; margin: 16px 0 4px; }
h1, h2, h3, p, li, td, figcaption { overflow-wrap: anywhere; }
small, .soft { color: var(--soft); font-weight: normal; font-size: 13px; }
p { margin: 6px 0; max-width: 85ch; }
.fails, .fails b { color: var(--bad); }
li.fails span { color: var(--ink); }
.holds b { color: var(--good); }
.findings { list-style: none; margin: 0; padding: 0; }
.findings li { display: flex; gap: 10px; padding: 2px 0; }
.findings b { flex: 0 0 52px; }
.wide { overflow-x: auto; margin: 8px 0; }
table { border-collapse: collapse; font-size: 14px; min-width: min(100%, 560px); }
th, td { text-align: left; vertical-align: top; padding: 4px 20px 4px 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); white-space: nowrap; }
td.text { min-width: 7ch; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
figure { margin: 16px 0; }
figcaption { margin-bottom: 4px; }
.keys { list-style: none; margin: 2px 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: 2px 18px; font-size: 13px; }
svg { display: block; width: 100%; height: auto; font-size: 12px; }
svg.unseen { position: absolute; width: 0; height: 0; }
svg.chip { display: inline-block; width: 13px; height: 13px; vertical-align: -1px; }
svg text { fill: var(--ink); font-variant-numeric: tabular-nums; }
svg .tick, svg .phase { fill: var(--soft); }
svg .end { text-anchor: end; }
svg .middle { text-anchor: middle; }
svg .title { font-size: 13px; font-weight: 600; }
svg .name { font-weight: normal; }
.band0 { fill: var(--band); }
.band1 { fill: var(--band1); }
.grid { stroke: var(--line); stroke-width: 1; }
.axis { stroke: var(--soft); stroke-width: 1; }
.mark { stroke: var(--mark); stroke-width: 1; stroke-dasharray: 1 3; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.dash { stroke-dasharray: 5 3; }
.area { stroke: none; fill-opacity: 0.3; }
.hatch { stroke: var(--paper); stroke-width: 4; stroke-opacity: 0.75; }
${[0, 1, 2, 3, 4, 5, 6, 7]
  .map((i) => `.line.c${i} { stroke: var(--c${i}); } .area.c${i}, .stage.c${i}, svg .key.c${i} { fill: var(--c${i}); }`)
  .join("\n")}
@media print { body { max-width: none; padding: 0; font-size: 11pt; } h2, h3 { break-after: avoid; }
  figure, tr, li, svg, .phase { break-inside: avoid; } thead { display: table-header-group; }
  svg, b { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`;
