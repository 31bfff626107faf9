import type { LiveRecord } from "../record";
import { coldStartBars } from "./bars";
import { html, Markup } from "./html";
import { overTime } from "./over-time";
import { endOf } from "./series";
import { SHEET } from "./sheet";
import { differenceTable, eventTable, memoryTable, outcomeTable } from "./tables";
import { verdict } from "./verdict";
import { duration, plain } from "./words";

const REAL =
  "Real: the program on the Pulumi engine, helm, the Kubernetes API with its controllers and scheduler, and what runs in the pods of the gateway, the router, KEDA, Karpenter and Prometheus.";

/** What stands behind the numbers, by engine. */
export const REAL_AND_SIMULATED: Readonly<Record<LiveRecord["engine"], string>> = {
  simulated: `${REAL} Simulated: AWS, GPUs and their nodes, image pulls, and the inference engine, whose tokens are made up.`,
  vllm: `${REAL} So is the inference engine, vLLM. Simulated: AWS, nodes and image pulls.`,
};

/** One HTML page that needs nothing else: no network and no script. */
export function renderReport(record: LiveRecord, realAndSimulated = REAL_AND_SIMULATED[record.engine]): string {
  const { stack, speed, coldStarts } = record;
  // The table's numbers are those of the marks in the plots.
  const events = [...record.events].sort((a, b) => a.at - b.at);
  const page = html`<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>Live rehearsal: stack ${stack}</title>
<style>${Markup.of([SHEET], [])}</style>
</head>
<body>
<h1>Live rehearsal: stack ${stack}</h1>
<p>${speedText(speed)}, engine: ${record.engine}, ${endOf(record) > 0 ? `${duration(endOf(record))} long` : "nothing recorded"}.</p>
<p class="soft">${realAndSimulated}</p>
<h2>Verdict</h2>
${verdict(record.phases)}
<h2>Cold starts</h2>
${coldStartBars(coldStarts, speed)}
<h2>Over time</h2>
${overTime({ ...record, events })}
<h2>Events</h2>
${eventTable(events)}
<h2>What clients got</h2>
${outcomeTable(record)}
<h2>Memory</h2>
${memoryTable(record.memory)}
<h2>Different from what ships</h2>
${differenceTable(record.differences)}
</body>
</html>
`;
  return `<!DOCTYPE html>\n${page.text}`;
}

const speedText = (speed: number) =>
  speed === 1 ? "Speed: nothing was compressed" : `Speed: compressed timers ran ${plain(speed)} times as fast`;
