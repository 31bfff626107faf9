import type { LiveRecord, ModelSample, Sample } from "../record";

/** A value that holds from `at` until the next point. */
export interface Point {
  readonly at: number;
  readonly value: number;
}

const isFinitePoint = ({ at, value }: Point) => Number.isFinite(at) && Number.isFinite(value);

/**
 * Points that draw the same steps: first those that change nothing go, which loses nothing; if more than `most` are left,
 * each stretch keeps its first, least, greatest and last.
 */
export function decimate(points: readonly Point[], most = 600): Point[] {
  const finite = points.filter(isFinitePoint);
  const changes = finite.filter(({ value }, i) => i === 0 || i === finite.length - 1 || value !== finite[i - 1]?.value);
  if (changes.length <= most) return changes;
  const into = (stretches: number) => {
    const start = (stretch: number) => Math.floor((stretch * changes.length) / stretches);
    return Array.from({ length: stretches }, (_, i) => corners(changes.slice(start(i), start(i + 1)))).flat();
  };
  // Where values rise or fall steadily a stretch has two corners, so there is room for more stretches.
  const finer = [2, 3].map((each) => into(Math.floor(most / each))).find((kept) => kept.length <= most);
  return finer ?? into(Math.max(1, Math.floor(most / 4)));
}

function corners(points: readonly Point[]): Point[] {
  const by = (better: (a: number, b: number) => boolean) =>
    points.reduce((best, { value }, i) => (better(value, points[best]?.value ?? value) ? i : best), 0);
  const kept = new Set([0, by((a, b) => a < b), by((a, b) => a > b), points.length - 1]);
  return points.filter((_, i) => kept.has(i));
}

const ABSENT: ModelSample = { held: 0, running: 0, wanted: 0, ready: 0 };

/** Every model of the run, by name. */
export const modelsOf = (samples: readonly Sample[]): string[] =>
  [...new Set(samples.flatMap(({ models }) => Object.keys(models)))].sort();

export function modelSeries(
  samples: readonly Sample[],
  model: string,
  of: Exclude<keyof ModelSample, "unread">,
): Point[] {
  // A model may be called like a method of every object.
  const sampled = (models: Sample["models"]) => (Object.hasOwn(models, model) ? models[model] : undefined) ?? ABSENT;
  return samples.map(({ at, models }) => ({ at, value: sampled(models)[of] }));
}

/** Every instance type that a GPU node of the run had. */
export const gpuTypesOf = (samples: readonly Sample[]): string[] =>
  [
    ...new Set(
      samples.flatMap(({ nodes }) => nodes.flatMap((node) => (node.gpu === undefined ? [] : node.instanceType))),
    ),
  ].sort();

export const nodeSeries = (samples: readonly Sample[], type: string, readyOnly: boolean): Point[] =>
  samples.map(({ at, nodes }) => ({
    at,
    value: nodes.filter(
      ({ gpu, instanceType, ready }) => gpu !== undefined && instanceType === type && (ready || !readyOnly),
    ).length,
  }));

export const costSeries = (samples: readonly Sample[]): Point[] =>
  samples.map(({ at, usdPerHour }) => ({ at, value: usdPerHour }));

export const greatest = (values: readonly number[]): number =>
  values.filter(Number.isFinite).reduce((most, value) => Math.max(most, value), 0);

/** US dollars of the run, and of the same hours at the most that it ever cost an hour. */
export function costOf(samples: readonly Sample[]): { readonly usd: number; readonly alwaysOnUsd: number } {
  const points = costSeries(samples).filter(isFinitePoint);
  const hours = (from?: Point, to?: Point) => Math.max(0, (to?.at ?? 0) - (from?.at ?? 0)) / 3600;
  const usd = points.slice(1).reduce((sum, point, i) => sum + (points[i]?.value ?? 0) * hours(points[i], point), 0);
  return { usd, alwaysOnUsd: greatest(points.map(({ value }) => value)) * hours(points[0], points.at(-1)) };
}

/** The last second that anything in the record is about. */
export const endOf = ({ samples, events, phases }: LiveRecord): number =>
  greatest([...samples.map(({ at }) => at), ...events.map(({ at }) => at), ...phases.map(({ to }) => to)]);
