import type { Clock } from '../process/clock.ts';
import type { Change, ObjectHead, ObjectVersion } from '../watch/change.ts';
import type { KnownObjects } from '../watch/known-objects.ts';
import type { Step } from '../watch/watch-stream.ts';
import { createSweptMap } from '../process/swept-map.ts';
import { createWatermark, type Position } from './watermark.ts';

/**
 * What of a stream is settled: its position, and each object in the last state that is settled. What is known runs
 * ahead of that by the changes that are still on their way; the ledger keeps the difference.
 */
export interface Ledger {
  /** Takes note of a step before its changes are sent. The answer is to be called as each change is settled. */
  open(step: Step): (change: Change) => void;
  position(): Position | undefined;
  /** When, on the monotonic clock, the oldest change was read that is not settled; undefined: all are. */
  heldSince(): number | undefined;
  /** About how many objects are settled. */
  size(): number;
  /** Every object in its settled state. */
  settled(): Generator<ObjectHead>;
  /** What has changed since {@link clean}: names of objects (`namespace/name`), or everything. */
  dirty(): ReadonlySet<string> | 'everything';
  clean(): void;
  /** Everything is dirty. */
  soil(): void;
  /** A list is complete, so that all objects are known from the next step on, also those that no change tells. */
  listed(): void;
}

interface Underway {
  /** The object's last state with nothing unsettled before it; undefined: it does not exist. */
  settled: ObjectVersion | undefined;
  /** The first of its states, in the order in which they were read, that is not settled; undefined: all are. */
  first: ObjectHead | undefined;
  /** Those after it. Most objects have none, and an array for each would live as long as the entry. */
  rest: ObjectHead[] | undefined;
  /** Those that are settled before an older one, as those are that a condition stops, and what they come to. */
  early: Map<ObjectHead, ObjectVersion | undefined> | undefined;
}

/** More names than this are not worth telling apart. */
const MOST_DIRTY = 10_000;

export interface LedgerOptions {
  readonly known: KnownObjects;
  readonly start: Position | undefined;
  readonly clock: Pick<Clock, 'monotonic'>;
  /**
   * Objects whose changes are no reason to store the index: those that storing it changes. Undefined: there are none.
   */
  readonly ignores?: ((object: ObjectHead) => boolean) | undefined;
}

export function createLedger({ known, start, clock, ignores }: LedgerOptions): Ledger {
  const watermark = createWatermark(start);
  const underway = createSweptMap<Underway>(({ first }) => first === undefined);
  let dirty: Set<string> | 'everything' = new Set();
  let complete = start?.complete ?? false;

  const settle = (change: Change): void => {
    const key = keyOf(change.object);
    const entry = underway.get(key);
    if (entry?.first === undefined) return;
    const { uid, resourceVersion } = change.object;
    advance(entry, change.object, change.type === 'delete' ? undefined : { uid, resourceVersion });
    if (dirty === 'everything' || ignores?.(change.object) === true) return;
    dirty.add(key);
    if (dirty.size > MOST_DIRTY) dirty = 'everything';
  };

  const isUnderway = (key: string): boolean => underway.get(key)?.first !== undefined;

  return {
    open: (step) => {
      for (const change of step.changes) {
        const key = keyOf(change.object);
        const entry = underway.get(key);
        if (entry === undefined) {
          underway.set(key, { settled: change.before, first: change.object, rest: undefined, early: undefined });
        } else if (entry.first === undefined) {
          entry.first = change.object;
          entry.settled = change.before;
        } else {
          entry.rest ??= [];
          entry.rest.push(change.object);
        }
      }
      const { resumeAt, epoch } = step;
      const position = resumeAt === undefined ? undefined : { resourceVersion: resumeAt, epoch, complete };
      const opened = watermark.open(step.changes.length, position, clock.monotonic());
      return (change) => {
        settle(change);
        opened.settle();
      };
    },
    position: watermark.position,
    heldSince: watermark.heldSince,
    size: () => known.size,
    settled: function* () {
      for (const object of known.all()) if (!isUnderway(keyOf(object))) yield object;
      for (const [key, { settled, first }] of underway.entries()) {
        if (first !== undefined && settled !== undefined) yield { ...named(key), ...settled };
      }
    },
    dirty: () => dirty,
    clean: () => {
      dirty = new Set();
    },
    soil: () => {
      dirty = 'everything';
    },
    listed: () => {
      dirty = 'everything';
      complete = true;
    },
  };
}

/**
 * A state counts as settled only when all before it are: an index that held it would make a new process take those for
 * old news.
 */
function advance(entry: Underway, state: ObjectHead, becomes: ObjectVersion | undefined): void {
  if (entry.first !== state) {
    entry.early ??= new Map();
    entry.early.set(state, becomes);
    return;
  }
  entry.first = entry.rest?.shift();
  entry.settled = becomes;
  while (entry.first !== undefined && entry.early?.has(entry.first) === true) {
    entry.settled = entry.early.get(entry.first);
    entry.early.delete(entry.first);
    entry.first = entry.rest?.shift();
  }
  if (entry.first !== undefined) return;
  // Nobody asks for any of it once all is settled, and an entry lives on until it is swept.
  entry.settled = undefined;
  entry.rest = undefined;
  entry.early = undefined;
}

function keyOf(object: ObjectHead): string {
  return `${object.namespace}/${object.name}`;
}

function named(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
