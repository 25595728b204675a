import type { ObjectHead } from '../watch/change.ts';
import type { Ledger } from './ledger.ts';
import type { Shard } from './packing.ts';

/**
 * The index is cut into shards by a hash of the object's name, so that a write touches only what changed. Their number
 * is a power of two that only doubles: each shard then splits in two, and what was written before still says where an
 * object is to be found.
 */
export const MOST_SHARDS = 64;
/** About 60 KiB packed. */
const OBJECTS_A_SHARD = 2_000;

/** Into how many shards an index of `objects` objects is cut, when it was cut into `current` before. */
export function shardsFor(objects: number, current: number): number {
  let shards = current;
  while (shards < MOST_SHARDS && objects > shards * OBJECTS_A_SHARD) shards *= 2;
  return shards;
}

/** The shard of an object, `key` being its `namespace/name`. */
export function shardOf(stream: string, key: string, of: number): number {
  return hashed(hashed(FIRST, stream), key) & (of - 1);
}

/** The shards that have to be written: those of dirty objects, or all of them. */
export function dirtyShards(ledgers: ReadonlyMap<string, Ledger>, of: number): ReadonlySet<number> {
  const shards = new Set<number>();
  for (const [stream, ledger] of ledgers) {
    const dirty = ledger.dirty();
    if (dirty === 'everything') return allShards(of);
    for (const key of dirty.keys()) shards.add(shardOf(stream, key, of));
  }
  return shards;
}

/** Whether an index can be cut into so many shards. */
export function isShardCount(of: number): boolean {
  return of >= 1 && of <= MOST_SHARDS && Number.isInteger(Math.log2(of));
}

export function allShards(of: number): ReadonlySet<number> {
  return new Set(Array.from({ length: of }, (_, i) => i));
}

/** The settled objects of the wanted shards, as they are at this moment. `number`: see `cut` of a shard. */
export function cut(
  ledgers: ReadonlyMap<string, Ledger>,
  { of, number }: { readonly of: number; readonly number: number },
  wanted: ReadonlySet<number>,
): Map<number, Shard> {
  const cuts = new Map(Array.from(wanted, (shard) => [shard, new Map<string, ObjectHead[]>()]));
  for (const [stream, ledger] of ledgers) {
    const begun = hashed(FIRST, stream);
    for (const object of ledger.settled()) {
      // As shardOf, without a text for each of all the objects.
      const hash = hashed(hashed(hashed(begun, object.namespace), '/'), object.name);
      const objects = cuts.get(hash & (of - 1));
      if (objects === undefined) continue;
      const list = objects.get(stream);
      if (list === undefined) objects.set(stream, [object]);
      else list.push(object);
    }
  }
  return new Map(Array.from(cuts, ([shard, objects]) => [shard, { of, cut: number, objects }]));
}

/**
 * The objects in the shards that were found, by stream. While an index is being cut anew, an object can stand in its
 * old shard and in its new one, and after some crashes in older ones still: the finest cut that has its shard counts.
 */
export function join(shards: ReadonlyMap<number, Shard>): Map<string, ObjectHead[]> {
  const joined = new Map<string, ObjectHead[]>();
  for (const [number, shard] of shards) {
    for (const [stream, objects] of shard.objects) {
      const list = joined.get(stream) ?? [];
      joined.set(stream, list);
      for (const object of objects) {
        if (whereabouts(stream, `${object.namespace}/${object.name}`, shards) === number) list.push(object);
      }
    }
  }
  return joined;
}

/** Which cut says what is true of an object; undefined: none, where its shard is missing. */
export function cutOf(stream: string, key: string, shards: ReadonlyMap<number, Shard>): number | undefined {
  const number = whereabouts(stream, key, shards);
  return number === undefined ? undefined : shards.get(number)?.cut;
}

/** The shard that says what is true of an object: of those it can stand in, the one of the finest cut. */
function whereabouts(stream: string, key: string, shards: ReadonlyMap<number, Shard>): number | undefined {
  const bits = hashed(hashed(FIRST, stream), key);
  for (let of = MOST_SHARDS; of >= 1; of /= 2) {
    const number = bits & (of - 1);
    if (shards.get(number)?.of === of) return number;
  }
  return undefined;
}

/** Of FNV-1a. */
const FIRST = 0x811c9dc5;

/** FNV-1a over the UTF-16 code units of texts, one after the other. */
function hashed(before: number, text: string): number {
  let value = before;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
