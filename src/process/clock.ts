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

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: () => Math.random(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  },
};
