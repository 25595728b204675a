/**
 * How long a key rests before it is tried again: the longer of its own wait, which doubles with every failure in a
 * row, and that of a bucket that all keys share. The numbers are client-go's (util/workqueue,
 * DefaultControllerRateLimiter): 5 ms doubling to 1,000 s; 10 a second, in bursts of 100.
 */
export interface RetryPace {
  /** Counts a failure of `key`. @param now monotonic ms. @returns ms to wait */
  delay(key: string, now: number): number;
  /** The next failure of `key` counts as its first. */
  forget(key: string): void;
}

const FIRST_DELAY_MS = 5;
/** What no wait of a key is longer than, but for that of the bucket. */
export const LONGEST_DELAY_MS = 1_000_000;
const MS_PER_TOKEN = 100;
const BURST = 100;

export function createRetryPace(): RetryPace {
  const failures = new Map<string, number>();
  /** When the bucket is full again, in monotonic ms. */
  let fullAt = Number.NEGATIVE_INFINITY;
  return {
    delay: (key, now) => {
      const before = failures.get(key) ?? 0;
      failures.set(key, before + 1);
      fullAt = Math.max(fullAt, now) + MS_PER_TOKEN;
      return Math.max(ownDelay(before), fullAt - now - BURST * MS_PER_TOKEN);
    },
    forget: (key) => {
      failures.delete(key);
    },
  };
}

function ownDelay(failures: number): number {
  return Math.min(FIRST_DELAY_MS * 2 ** failures, LONGEST_DELAY_MS);
}
