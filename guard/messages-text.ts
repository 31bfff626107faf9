/*
 * Numbers as people read them. Pure.
 */

export const dollars = (usd: number): string => `$${usd.toFixed(2)}`;

const PARTS = [
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
] as const;

/** Seconds as their two largest parts, such as `3 h 20 min`; below a minute `less than 1 min`. */
export function duration(seconds: number): string {
  let left = Math.max(0, Math.floor(seconds));
  const words: string[] = [];
  for (const [unit, size] of PARTS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) words.push(`${count} ${unit}`);
  }
  return words.slice(0, 2).join(" ") || "less than 1 min";
}
