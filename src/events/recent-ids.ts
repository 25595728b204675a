import { LRUCache } from 'lru-cache';

/** The ids of the newest events, so that a change that two overlapping streams see is told once. */
export interface RecentIds {
  /** Whether `id` was met before; from now on it was. */
  repeats(id: string): boolean;
}

/** An id names an object and its resourceVersion, so this is deduplication by resourceVersion. */
export function createRecentIds(most: number): RecentIds {
  const ids = new LRUCache<string, true>({ max: most });
  return {
    repeats: (id) => {
      if (ids.has(id)) return true;
      ids.set(id, true);
      return false;
    },
  };
}
