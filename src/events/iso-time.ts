let lastMs = Number.NaN;
let lastText = '';

/**
 * A time in milliseconds since the epoch as RFC 3339 text in UTC, with three digits of fraction. The last text is kept:
 * at full speed some twenty events share a millisecond, and to write one costs as much as to find an object's name.
 */
export function isoTime(ms: number): string {
  if (ms !== lastMs) {
    lastText = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastText;
}
