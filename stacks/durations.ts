const UNITS = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
] as const;

/** Whole seconds as a stack file has them: `2h28m` for 8880. What this writes `parseDuration` reads. */
export function showDuration(seconds: number): string {
  const parts = UNITS.map(([unit, size], at) => {
    const above = UNITS[at - 1]?.[1] ?? Number.POSITIVE_INFINITY;
    return [Math.floor((seconds % above) / size), unit] as const;
  });
  return parts.flatMap(([count, unit]) => (count > 0 ? `${count}${unit}` : [])).join("") || "0s";
}
