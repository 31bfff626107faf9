/** The middle value; the mean of the middle two for an even number; undefined for none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2;
}

/** 12.5 for a prediction 12.5 % above or below what was measured. */
export const absPctError = ({ predicted, measured }: { predicted: number; measured: number }): number =>
  100 * Math.abs(predicted / measured - 1);

/** Two digits after the point; null, which JSON has and undefined it has not, for nothing to report. */
export const rounded = (value: number | undefined): number | null =>
  value === undefined ? null : Math.round(value * 100) / 100;

/** Items by a key, in the order the keys are met. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
