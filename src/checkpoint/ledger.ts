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
  /** Takes note of a step before its changes are sent. The answer is to be called as each change is settled, by its index. */
  open(step: Step): (index: number) => void;
  position(): Position | undefined;
  /** When, on the monotonic clock, the oldest change was read that is not settled; undefined: all are. */
  heldSince(): number | undefined;
  /** About how many objects are settled. */
  size(): number;
  /** Every object in its settled state. */
  settled(): Generator<ObjectHead>;
  /** The settled state of the object of this name (`namespace/name`); undefined: it does not exist. */
  settledAt(key: string): ObjectVersion | undefined;
  /** What the stored index does not say, as it is not {@link written}. */
  dirty(): Dirty | 'everything';
  /** What is dirty is being written. What is settled from now on is dirty also after that. */
  writing(): void;
  /** Everything that was being written is. */
  written(): void;
  /** Everything is dirty. */
  soil(): void;
  /** How many objects came or went, ever. */
  turnover(): number;
  /** A list is complete, so that all objects are known from the next step on, also those that no change tells. */
  listed(): void;
}

/** Names of objects, and whether they came or went; else only their version changed. */
export type Dirty = ReadonlyMap<string, boolean>;

interface Underway {
  /** `namespace/name`. */
  readonly key: string;
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
  /** Names of objects of which the stored index does not say what is known. Default: none. */
  readonly dirty?: Iterable<string>;
  readonly clock: Pick<Clock, 'monotonic'>;
  /**
   * Objects whose changes are no reason to store the index: those that storing it changes. Undefined: there are none.
   */
  readonly ignores?: ((object: ObjectHead) => boolean) | undefined;
}

export function createLedger({ known, start, clock, ignores, dirty: lacking = [] }: LedgerOptions): Ledger {
  const watermark = createWatermark(start);
  const underway = createSweptMap<Underway>(({ first }) => first === undefined);
  let dirty: Map<string, boolean> | 'everything' = new Map(Array.from(lacking, (key) => [key, true]));
  /** What was dirty when the write began that is under way, or that failed last. */
  let underPen: Dirty | 'everything' = new Map();
  let turnover = 0;
  let complete = start?.complete ?? false;

  const soilOne = (key: string, { type, before }: Change): void => {
    const isTurnover = type !== 'update' || before === undefined;
    if (isTurnover) turnover++;
    if (dirty === 'everything') return;
    if (isTurnover) dirty.set(key, true);
    else if (!dirty.has(key)) dirty.set(key, false);
    if (dirty.size > MOST_DIRTY) dirty = 'everything';
  };

  /** The entry of a change that is not settled yet is not swept, so it is the one that the change went into. */
  const settle = (entry: Underway, change: Change): void => {
    if (entry.first === undefined) return;
    const { uid, resourceVersion } = change.object;
    advance(entry, change.object, change.type === 'delete' ? undefined : { uid, resourceVersion });
    if (ignores?.(change.object) !== true) soilOne(entry.key, change);
  };

  const enter = ({ object, before }: Change): Underway => {
    const key = keyOf(object);
    let entry = underway.get(key);
    if (entry === undefined) {
      entry = { key, settled: before, first: object, rest: undefined, early: undefined };
      underway.set(key, entry);
    } else if (entry.first === undefined) {
      entry.first = object;
      entry.settled = before;
    } else {
      entry.rest ??= [];
      entry.rest.push(object);
    }
    return entry;
  };

  const isUnderway = (key: string): boolean => underway.get(key)?.first !== undefined;

  return {
    open: (step) => {
      const { changes, resumeAt, epoch } = step;
      const entries = changes.map(enter);
      const position = resumeAt === undefined ? undefined : { resourceVersion: resumeAt, epoch, complete };
      const opened = watermark.open(changes.length, position, clock.monotonic());
      return (index) => {
        const [entry, change] = [entries[index], changes[index]];
        if (entry !== undefined && change !== undefined) settle(entry, change);
        opened.settle();
      };
    },
    position: watermark.position,
    heldSince: watermark.heldSince,
    size: () => known.size,
    settled: function* () {
      const held = Array.from(underway.entries()).filter(([, { first }]) => first !== undefined);
      // A name is there, a key would have to be made for each of all the objects.
      const names = new Set(held.map(([key]) => named(key).name));
      for (const object of known.all()) if (!names.has(object.name) || !isUnderway(keyOf(object))) yield object;
      for (const [key, { settled }] of held) if (settled !== undefined) yield { ...named(key), ...settled };
    },
    settledAt: (key) => {
      const entry = underway.get(key);
      if (entry?.first !== undefined) return entry.settled;
      const { namespace, name } = named(key);
      return known.find(namespace, name);
    },
    dirty: () => merged(underPen, dirty),
    writing: () => {
      underPen = merged(underPen, dirty);
      dirty = new Map();
    },
    written: () => {
      underPen = new Map();
    },
    turnover: () => turnover,
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

function merged(
  older: Dirty | 'everything',
  newer: Map<string, boolean> | 'everything',
): Map<string, boolean> | 'everything' {
  if (older === 'everything' || newer === 'everything') return 'everything';
  if (older.size === 0) return newer;
  const both = new Map(older);
  for (const [key, isTurnover] of newer) both.set(key, isTurnover || both.get(key) === true);
  return both;
}

function keyOf(object: ObjectHead): string {
  return `${object.namespace}/${object.name}`;
}

function named(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
