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
}

export const NO_MEMORY = { position: undefined, objects: [] } as const;

export function createStreamMemory(stored: {
  readonly position: Position | undefined;
  readonly objects: readonly ObjectHead[];
}): StreamMemory {
  const { position, objects } = stored;
  const known = createKnownObjects();
  for (const object of objects) known.remember(object);
  return { known, ledger: createLedger(known, position), position };
}
