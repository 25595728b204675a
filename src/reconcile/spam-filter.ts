import { LRUCache } from 'lru-cache';

/** As client-go's EventSourceObjectSpamFilter (tools/record/events_cache.go): 25 at once, then one in five minutes. */
const BURST = 25;
const REFILL_MS = 300_000;
/** As client-go's; an object that is forgotten has its burst again. */
const MOST_OBJECTS = 4096;

/** A token bucket for each object. */
export interface SpamFilter {
  /** Whether one more may be told about an object, which it then counts as. @param at monotonic milliseconds */
  admits(object: string, at: number): boolean;
}

export function createSpamFilter(): SpamFilter {
  const buckets = new LRUCache<string, { readonly tokens: number; readonly at: number }>({
    maxSize: MOST_OBJECTS,
    sizeCalculation: () => 1,
  });
  return {
    admits(object, at) {
      const bucket = buckets.get(object) ?? { tokens: BURST, at };
      const tokens = Math.min(BURST, bucket.tokens + (at - bucket.at) / REFILL_MS);
      const admitted = tokens >= 1;
      buckets.set(object, { tokens: admitted ? tokens - 1 : tokens, at });
      return admitted;
    },
  };
}
