/** How large many things were, in little memory. */
export interface SizeHistogram {
  add(bytes: number): void;
  readonly count: number;
  readonly total: number;
  readonly largest: number;
  /** The size that this share of them, from 0 to 1, does not exceed; at most 2 % too large, and 0 where there are none. */
  quantile(share: number): number;
}

/** Between two powers of two; each holds sizes that differ by less than 2 %. */
const STEPS = 64;

export function createSizeHistogram(): SizeHistogram {
  const counts = new Map<number, number>();
  let count = 0;
  let total = 0;
  let largest = 0;
  return {
    add: (bytes) => {
      const at = bucketOf(bytes);
      counts.set(at, (counts.get(at) ?? 0) + 1);
      count++;
      total += bytes;
      largest = Math.max(largest, bytes);
    },
    get count() {
      return count;
    },
    get total() {
      return total;
    },
    get largest() {
      return largest;
    },
    quantile: (share) => {
      const wanted = Math.max(1, Math.ceil(share * count));
      let passed = 0;
      for (const at of [...counts.keys()].toSorted((a, b) => a - b)) {
        passed += counts.get(at) ?? 0;
        if (passed >= wanted) return Math.min(largestIn(at), largest);
      }
      return 0;
    },
  };
}

/** Sizes below {@link STEPS} have a bucket each. */
function bucketOf(bytes: number): number {
  if (bytes < STEPS) return bytes;
  const power = Math.floor(Math.log2(bytes));
  const step = Math.floor((bytes / 2 ** power - 1) * STEPS);
  return (power - Math.log2(STEPS) + 1) * STEPS + step;
}

function largestIn(bucket: number): number {
  if (bucket < STEPS) return bucket;
  const power = Math.floor(bucket / STEPS) - 1 + Math.log2(STEPS);
  const size = 2 ** power * (1 + ((bucket % STEPS) + 1) / STEPS);
  return Math.ceil(size) - 1;
}
