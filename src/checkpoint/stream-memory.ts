import type { Clock } from '../process/clock.ts';
import type { ObjectHead } from '../watch/change.ts';
import { createKnownObjects, type KnownObjects } from '../watch/known-objects.ts';
import { createLedger, type Ledger } from './ledger.ts';
import type { Position } from './watermark.ts';

/** What a stream remembers: the objects that it knows, what of them is settled, and where it begins. */
export interface StreamMemory {
  readonly known: KnownObjects;
  readonly ledger: Ledger;
  /** Undefined: the stream has never run. */
  readonly position: Position | undefined;
  /** The last process did not end in order, so what it told after its last checkpoint is not known. */
  readonly uncertain: boolean;
}

export interface MemoryOptions {
  /** See LedgerOptions. */
  readonly dirty?: Iterable<string>;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** See LedgerOptions. */
  readonly ignores?: ((object: ObjectHead) => boolean) | undefined;
}

/** What is stored of a stream that has never run. */
export const NO_MEMORY = { position: undefined, objects: [], uncertain: false } as const;

export function createStreamMemory(
  stored: {
    readonly position: Position | undefined;
    readonly objects: readonly ObjectHead[];
    readonly uncertain: boolean;
  },
  options: MemoryOptions,
): StreamMemory {
  const { position, objects, uncertain } = stored;
  const known = createKnownObjects();
  for (const object of objects) known.remember(object);
  return { known, ledger: createLedger({ ...options, known, start: position }), position, uncertain };
}

/** When, on the monotonic clock, the oldest change of these streams was read that is not settled; undefined: all are. */
export function oldestHeld(memories: Iterable<StreamMemory>): number | undefined {
  let oldest: number | undefined;
  for (const { ledger } of memories) {
    const since = ledger.heldSince();
    if (since !== undefined && (oldest === undefined || since < oldest)) oldest = since;
  }
  return oldest;
}
