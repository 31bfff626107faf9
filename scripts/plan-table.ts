import { PRICE_DATE, PRICE_REGION } from "../planner/instances";
import { parameters } from "../planner/parameters";
import type { Plan, PlanOption, PlanRequest, UnfitOption } from "../planner/plan";
import type { ApiPlan } from "../planner/plan-api";

/*
 * A plan as text for people.
 */

/** Rows with columns of the same width: text to the left, numbers to the right. The first row is the header. */
export function columns(rows: readonly (readonly string[])[], left: number): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => (row[at] ?? "").length)));
  return rows.map((row) =>
    widths
      .map((width, at) => (at < left ? (row[at] ?? "").padEnd(width) : (row[at] ?? "").padStart(width)))
      .join("  ")
      .trimEnd(),
  );
}

/** Two digits below ten, none above a hundred. */
export function short(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** `32k` for 32768. */
export const tokens = (count: number): string => (count % 1024 === 0 ? `${count / 1024}k` : `${count}`);

export const replica = ({ gpu, gpusPerReplica }: { gpu: string; gpusPerReplica: number }): string =>
  `${gpusPerReplica} × ${gpu}`;

const machines = ({ nodes, instanceType, spot }: PlanOption) =>
  `${nodes === 1 ? "" : `${nodes} × `}${instanceType}${spot ? " (spot)" : ""}`;

function optionRows(plan: Plan, contextTokens: number): string[] {
  const header = [
    ...["#", "replica", "nodes", "replicas", "USD/h", "first s", "next ms", "tokens/s"],
    ...["USD/M", "USD/M full", "KV tokens", `at ${tokens(contextTokens)}`, "wake s"],
  ];
  const rows = plan.options.map((option, index) => [
    `${index + 1}`,
    replica(option),
    machines(option),
    `${option.replicas}`,
    option.usdPerHour.toFixed(2),
    option.firstTokenSeconds.toFixed(2),
    (option.tokenSeconds * 1000).toFixed(1),
    option.tokensPerSecond.toFixed(0),
    short(option.usdPerMillionTokens),
    short(option.fullUsdPerMillionTokens),
    `${option.budget.kvTokens}`,
    `${option.budget.concurrency}`,
    option.coldStart.totalSeconds.toFixed(0),
  ]);
  return columns([header, ...rows], 3);
}

const LEGEND = [
  "first s, next ms: from a request to its first token, and for each token after it. tokens/s: output of all replicas.",
  "USD/M: a million output tokens with the wanted requests around the clock; full: with every GPU of the nodes saturated.",
  "KV tokens: room for keys and values of one replica, and how many requests of full length that is at a time.",
  "wake s: from the first request while everything sleeps to a ready engine.",
];

/** The options that cannot be, with the numbers. */
function unfitRows(unfit: readonly UnfitOption[]): string[] {
  if (unfit.length === 0) return [];
  const rows = unfit.map((option) => {
    const instead = option.onSameGpus.length > 0 ? `; would fit: ${option.onSameGpus.join(", or ")}` : "";
    return [`  ${replica(option)}:`, `${option.why}${instead}`];
  });
  return ["", "Do not fit:", ...columns(rows, 2)];
}

/** Up to three changes that would fit, where nothing does. */
function wayOut({ options, unfit }: Plan): string[] {
  if (options.length > 0) return [];
  const changes = [...new Set(unfit.flatMap(({ alternatives }) => alternatives))].slice(0, 3);
  return ["", changes.length > 0 ? `What would fit: ${changes.join("; ")}` : "Nothing that the kit has would fit."];
}

function notes(plan: Plan): string[] {
  const unpacked = [...new Set(plan.options.filter(({ native }) => !native).map(({ gpu }) => gpu))];
  const format = plan.options[0]?.format;
  return unpacked.length === 0
    ? []
    : [
        "",
        `${unpacked.join(", ")} cannot multiply ${format}: weights are unpacked first, which saves memory, not time.`,
      ];
}

function apiLines(api: ApiPlan | undefined): string[] {
  if (api === undefined) return [];
  const { breakEven, blendedUsdPerMillion: blended } = api;
  const price = `an API at ${short(blended)} USD for a million tokens of this mix`;
  return [
    "",
    breakEven === undefined
      ? `Against ${price}: never cheaper; these nodes cost ${short(api.ownUsdPerMillion)} at the wanted requests around the clock.`
      : `Against ${price}: cheaper from ${(breakEven.tokensPerDay / 1e6).toFixed(0)} million tokens a day on ` +
        `(${breakEven.usdPerDay.toFixed(0)} USD a day, ${breakEven.replicas} × the first option, control plane included).`,
  ];
}

/** Stages of the first option's cold start, on one line. */
function wakeLines([first]: Plan["options"]): string[] {
  if (first === undefined) return [];
  const stages = first.coldStart.stages.map(({ name, seconds }) => `${name} ${seconds.toFixed(0)}`);
  return ["", `The first wakes in ${first.coldStart.totalSeconds.toFixed(0)} s: ${stages.join(" + ")}`];
}

/** The whole answer. */
export function planText(request: PlanRequest, plan: Plan, api?: ApiPlan): string {
  const { shape, format = shape.nativeFormat, concurrency, inputTokens, outputTokens, contextTokens } = request;
  const [, ...later] = plan.options;
  return [
    `${shape.name}: ${(parameters(shape).total / 1e9).toFixed(1)} B weights in ${format}; ${concurrency} requests at a time of ` +
      `${inputTokens} tokens in and ${outputTokens} out, context of ${tokens(contextTokens)}`,
    `Prices: US dollars, on demand in ${PRICE_REGION}, ${PRICE_DATE}, and your own.`,
    ...(plan.options.length > 0 ? ["", ...optionRows(plan, contextTokens), "", ...LEGEND] : []),
    ...(later.length > 0 ? ["", "Why not the first:"] : []),
    ...columns(
      later.map((option, index) => [`  ${index + 2}`, `${replica(option)}:`, option.why ?? ""]),
      3,
    ),
    ...unfitRows(plan.unfit),
    ...wayOut(plan),
    ...notes(plan),
    ...wakeLines(plan.options),
    ...apiLines(api),
  ].join("\n");
}
