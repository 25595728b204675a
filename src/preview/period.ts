const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };
const SHORTEST_MS = 1_000;
const LONGEST_MS = 24 * 3_600_000;

/** `90s`, `1.5m` or `1h30m` in milliseconds; undefined for any other text, and for less than a second or more than a day. */
export function parsePeriod(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?[smh])+$/.test(text)) return undefined;
  const parts = text.matchAll(/([\d.]+)([smh])/g);
  const ms = Array.from(parts, ([, count, unit = '']) => Number(count) * (UNITS[unit] ?? NaN)).reduce((a, b) => a + b);
  return ms >= SHORTEST_MS && ms <= LONGEST_MS ? ms : undefined;
}
