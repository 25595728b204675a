import type { ObjectHead } from '../watch/change.ts';
import type { Dirty, Ledger } from './ledger.ts';
import { packShard, type ReadShard, type Shard, unpackShard } from './packing.ts';
import { cutOf } from './sharding.ts';

/**
 * What the stored index does not say: the objects that changed since it was written, as they are settled. It is small
 * enough to be stored with the positions in one write. Of the index it is a shard like others, in which objects
 * without a uid are those that exist no longer, and whose `cut` is the last one that it is newer than.
 */
export type Delta = Shard;

/** Of the Lease's annotations, which garbage collection and quota keep in memory. About 400 objects. */
const MOST_CHARACTERS = 16 * 1_024;
/** More cannot have room: a uid alone takes 22 characters. */
const MOST_OBJECTS = MOST_CHARACTERS / 22;

export interface EncodedDelta {
  /** Undefined: nothing changed, or there is no room. */
  readonly text: string | undefined;
  /**
   * `little`: the index should be written, before there is none. Then it can lack objects of which the version alone
   * changed, which costs repeats under another id. `none`: not even for those that came or went.
   */
  readonly room: 'enough' | 'little' | 'none';
}

const NO_ROOM: EncodedDelta = { text: undefined, room: 'none' };

/**
 * The delta of these ledgers.
 * @param cut the last one that was begun
 */
export function encodeDelta(ledgers: ReadonlyMap<string, Ledger>, cut: number): EncodedDelta {
  const all = new Map<string, Dirty>();
  for (const [stream, ledger] of ledgers) {
    const dirty = ledger.dirty();
    if (dirty === 'everything') return NO_ROOM;
    if (dirty.size > 0) all.set(stream, dirty);
  }
  if (all.size === 0) return { text: undefined, room: 'enough' };
  const whole = encode(ledgers, all, cut, () => true);
  if (whole !== undefined) return { text: whole, room: whole.length <= MOST_CHARACTERS / 2 ? 'enough' : 'little' };
  const turnover = encode(ledgers, all, cut, (isTurnover) => isTurnover);
  return turnover === undefined ? NO_ROOM : { text: turnover, room: 'little' };
}

/** Undefined: there is no room for the names that are wanted. */
function encode(
  ledgers: ReadonlyMap<string, Ledger>,
  all: ReadonlyMap<string, Dirty>,
  cut: number,
  wanted: (isTurnover: boolean) => boolean,
): string | undefined {
  const objects = new Map<string, ObjectHead[]>();
  let room = MOST_OBJECTS;
  for (const [stream, dirty] of all) {
    const heads: ObjectHead[] = [];
    for (const [key, isTurnover] of dirty) {
      if (!wanted(isTurnover)) continue;
      if (room-- <= 0) return undefined;
      heads.push(headOf(key, ledgers.get(stream)));
    }
    if (heads.length > 0) objects.set(stream, heads);
  }
  const text = packShard({ of: 1, cut, objects }).toString('base64');
  return text.length <= MOST_CHARACTERS ? text : undefined;
}

function headOf(key: string, ledger: Ledger | undefined): ObjectHead {
  const slash = key.indexOf('/');
  const state = ledger?.settledAt(key) ?? GONE;
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1), ...state };
}

const GONE = { uid: '', resourceVersion: '' };

export function decodeDelta(text: string): ReadShard {
  return unpackShard(Buffer.from(text, 'base64'));
}

/** The stored objects as the delta says that they are, unless their shard was written after it. */
export function amended(
  objects: ReadonlyMap<string, readonly ObjectHead[]>,
  shards: ReadonlyMap<number, Shard>,
  delta: Delta,
): Map<string, readonly ObjectHead[]> {
  const result = new Map(objects);
  for (const [stream, heads] of delta.objects) {
    const newer = heads.filter((head) => (cutOf(stream, keyOf(head), shards) ?? 0) <= delta.cut);
    const names = new Set(newer.map(keyOf));
    const others = (objects.get(stream) ?? []).filter((head) => !names.has(keyOf(head)));
    result.set(stream, [...others, ...newer.filter(({ uid }) => uid !== GONE.uid)]);
  }
  return result;
}

function keyOf({ namespace, name }: ObjectHead): string {
  return `${namespace}/${name}`;
}
