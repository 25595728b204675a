import { pingId, readPingId } from '../firing.ts';

/** What outlives an adapter: which times its successor does not have to send. Milliseconds since the epoch. */
export interface Memory {
  /** Times up to this one were sent or are among the `unsettled`. */
  readonly until: number;
  readonly unsettled: readonly Unsettled[];
}

/** A time of a source that was taken and not delivered yet. */
export interface Unsettled {
  readonly uid: string;
  readonly at: number;
}

/** On the Lease that adapters take turns by. */
export const FIRED_ANNOTATION = 'watchbridge.dev/fired';

/** Of some 50 bytes each, where annotations have room for 256 KiB; where there are more, times are repeated. */
const MOST_UNSETTLED = 2_000;

export function packMemory({ until, unsettled }: Memory): string {
  if (unsettled.length <= MOST_UNSETTLED) {
    return JSON.stringify({ until: textOf(until), unsettled: unsettled.map(({ uid, at }) => pingId(uid, at)) });
  }
  const oldest = unsettled.reduce((first, { at }) => Math.min(first, at), until + 1);
  return JSON.stringify({ until: textOf(Math.min(until, oldest - 1_000)), unsettled: [] });
}

/** Undefined: there is none, or it cannot be read. */
export function unpackMemory(text: string | undefined): Memory | undefined {
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { until, unsettled } = value as { readonly until?: unknown; readonly unsettled?: unknown };
  const time = typeof until === 'string' ? Date.parse(until) : Number.NaN;
  if (Number.isNaN(time) || !Array.isArray(unsettled)) return undefined;
  return { until: time, unsettled: unsettled.flatMap((id) => readPingId(String(id)) ?? []) };
}

function textOf(time: number): string {
  return new Date(time).toISOString();
}
