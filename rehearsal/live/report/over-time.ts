import type { LiveRecord, Sample } from "../record";
import { html, type Markup } from "./html";
import { type Panel, timePlot } from "./plot";
import { costOf, costSeries, endOf, gpuTypesOf, modelSeries, modelsOf, nodeSeries } from "./series";
import { dollars, shortened } from "./words";

/** Everything that the samples hold, above one axis. */
export function overTime(record: LiveRecord): Markup {
  const { samples, phases } = record;
  if (samples.length === 0) return html`<p>No sample was taken, so there is nothing to draw.</p>`;
  const models = modelsOf(samples);
  const idle = models.filter((model) => isIdle(samples, model));
  const awake = models.filter((model) => !idle.includes(model));
  const panels = [...awake.flatMap((model) => modelPanels(samples, model)), nodePanel(samples), costPanel(samples)];
  return html`${timePlot({ panels, phases, events: record.events, end: endOf(record) })}
${idle.length === 0 ? undefined : html`<p>Without a request or a replica all the time: ${idle.join(", ")}.</p>`}`;
}

const isIdle = (samples: readonly Sample[], model: string) =>
  (["held", "running", "wanted", "ready"] as const).every((of) =>
    modelSeries(samples, model, of).every(({ value }) => value === 0),
  );

function modelPanels(samples: readonly Sample[], model: string): Panel[] {
  const of = (key: "held" | "running" | "wanted" | "ready") => modelSeries(samples, model, key);
  return [
    {
      title: `${shortened(model, 56)}: requests`,
      whole: true,
      height: 84,
      series: [
        { name: "held", points: of("held"), colour: 1 },
        { name: "running", points: of("running"), colour: 0, dash: true },
      ],
    },
    {
      title: `${shortened(model, 56)}: replicas`,
      whole: true,
      height: 46,
      series: [
        { name: "ready", points: of("ready"), colour: 2, area: true },
        { name: "wanted", points: of("wanted"), colour: 6 },
      ],
    },
  ];
}

/** Each instance type has a colour: the line counts the nodes that are there, the area those that are ready. */
function nodePanel(samples: readonly Sample[]): Panel {
  const types = gpuTypesOf(samples);
  const series = types.flatMap((type, i) => [
    { name: `${type}, ready`, points: nodeSeries(samples, type, true), colour: i + 3, area: true },
    { name: type, points: nodeSeries(samples, type, false), colour: i + 3, dash: i % 2 === 1 },
  ]);
  return { title: types.length === 0 ? "GPU nodes: none in this run" : "GPU nodes", whole: true, height: 66, series };
}

function costPanel(samples: readonly Sample[]): Panel {
  const { usd, alwaysOnUsd } = costOf(samples);
  return {
    title: `US dollars an hour: ${dollars(usd)} in this run; the same hours always on: ${dollars(alwaysOnUsd)}`,
    whole: false,
    height: 66,
    format: dollars,
    series: [{ name: "GPU nodes", points: costSeries(samples), colour: 7 }],
  };
}
