import type { Counts, SinkOptions } from './messages.ts';

/** Counts events by their sequence number: a bit for each, so that a loss cannot hide behind a duplicate. */
export interface Tally {
  /** An event came, `bodyBytes` long; false when it came before or is not one of this run. */
  add(sequence: number, bodyBytes: number): boolean;
  /** True when all events with sequence numbers below `upTo` came. */
  complete(upTo: number): boolean;
  counts(): Counts;
}

export function createTally(options: Pick<SinkOptions, 'events' | 'bodyBytes'>): Tally {
  const bits = new Uint8Array(Math.ceil(options.events / 8));
  const count = { seen: 0, repeated: 0, unknown: 0, altered: 0 };
  /** Every sequence number below this one was seen. */
  let unbroken = 0;

  const has = (sequence: number) => ((bits[sequence >> 3] ?? 0) & (1 << (sequence & 7))) !== 0;

  return {
    add(sequence, bodyBytes) {
      if (!Number.isInteger(sequence) || sequence < 0 || sequence >= options.events) {
        count.unknown += 1;
        return false;
      }
      if (bodyBytes !== options.bodyBytes) count.altered += 1;
      if (has(sequence)) {
        count.repeated += 1;
        return false;
      }
      bits[sequence >> 3] = (bits[sequence >> 3] ?? 0) | (1 << (sequence & 7));
      count.seen += 1;
      return true;
    },
    complete(upTo) {
      while (unbroken < upTo && has(unbroken)) unbroken += 1;
      return unbroken >= upTo;
    },
    counts: () => ({ ...count }),
  };
}
