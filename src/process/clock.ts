import { setTimeout as delay } from 'node:timers/promises';

/** Time and chance, as arguments: whoever needs them takes a Clock, and tests advance one by hand. */
export interface Clock {
  /** Wall-clock time in milliseconds since the epoch; for stamping events, never for measuring waits. */
  now(): number;
  /** Monotonic milliseconds; for measuring how long something took. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds, or at once when `signal` is aborted (it never rejects). */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** A number in [0, 1), for jitter. */
  random(): number;
}

/** 24.8 days: what a timer of Node.js is set to beyond that, it fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: () => Math.random(),
  sleep: async (ms, signal) => {
    try {
      let left = ms;
      for (; left > LONGEST_TIMER_MS; left -= LONGEST_TIMER_MS) await delay(LONGEST_TIMER_MS, undefined, { signal });
      await delay(left, undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  },
};
