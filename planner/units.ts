const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
const BYTES = { Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 } as const;

/** Seconds in a duration as people write it (`90s`, `10m`, `1h30m`, `2d`), or undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d{1,6}[smhd])+$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)([smhd])/g))
    seconds += Number(amount) * SECONDS[unit as keyof typeof SECONDS];
  return seconds;
}

/** Whole GiB in a size as Kubernetes writes it (`200Gi`, `1Ti`), or undefined when it is none. */
export function parseGib(text: string): number | undefined {
  const match = /^(\d{1,6})(Mi|Gi|Ti)$/.exec(text);
  if (!match) return undefined;
  return Math.ceil((Number(match[1]) * BYTES[match[2] as keyof typeof BYTES]) / BYTES.Gi);
}

/** Tokens in a context length as people write it (`32768`, `32k` = 32 × 1024), or undefined when it is none. */
export function parseTokens(text: string | number): number | undefined {
  const match = /^(\d{1,8})(k|K)?$/.exec(String(text));
  if (!match) return undefined;
  return Number(match[1]) * (match[2] ? 1024 : 1);
}
