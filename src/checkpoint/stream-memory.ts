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

export const NO_MEMORY = { position: undefined, objects: [], uncertain: false } as const;

export function createStreamMemory(stored: {
  readonly position: Position | undefined;
  readonly objects: readonly ObjectHead[];
  readonly uncertain: boolean;
}): StreamMemory {
  const { position, objects, uncertain } = stored;
  const known = createKnownObjects();
  for (const object of objects) known.remember(object);
  return { known, ledger: createLedger(known, position), position, uncertain };
}
