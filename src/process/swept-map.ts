/**
 * A Map for entries that are of use for milliseconds only. They are not deleted one by one but left until many of them
 * are done, and then the others move to a new Map. A Map that many entries pass through makes itself a new table every
 * now and then, and the old one keeps a pointer to it (V8's OrderedHashTable); once one of them has grown old, the
 * garbage collector takes all that follow, with whatever they hold, for alive until its next full collection.
 */
export interface SweptMap<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  /** Also those that are done and not yet swept. */
  entries(): IterableIterator<[string, V]>;
}

/** Below this it is not worth the sweeping: some 100 KB. */
const FEW = 1_024;

/** @param isDone of a value: nobody needs it any more. One that is needed again may be used again. */
export function createSweptMap<V>(isDone: (value: V) => boolean): SweptMap<V> {
  let map = new Map<string, V>();
  let sweepAt = FEW;

  const sweep = (): void => {
    const kept = new Map<string, V>();
    for (const [key, value] of map) if (!isDone(value)) kept.set(key, value);
    map = kept;
    sweepAt = Math.max(FEW, kept.size * 2);
  };

  return {
    get: (key) => map.get(key),
    set: (key, value) => {
      if (map.size >= sweepAt) sweep();
      map.set(key, value);
    },
    entries: () => map.entries(),
  };
}
