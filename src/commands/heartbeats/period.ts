import { goDurationMs } from '../../process/go-duration.ts';

const DEFAULT_MS = 5_000;

/**
 * The time between two heartbeats in milliseconds: a Go duration such as `1m30s`, or whole seconds; 5 s for the empty
 * text. Undefined where it is neither, or not more than nothing.
 */
export function readPeriod(text: string): number | undefined {
  if (text === '') return DEFAULT_MS;
  const ms = /^\+?\d+$/.test(text) ? Number(text) * 1_000 : goDurationMs(text.replace(/^\+/, ''));
  return ms !== undefined && ms > 0 ? ms : undefined;
}
