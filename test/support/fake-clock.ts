import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../src/process/clock.ts';

/** A clock that stands still until a test moves it. Wall-clock and monotonic time move together. */
export interface FakeClock extends Clock {
  /** Every wait that was ever asked for, in milliseconds and in order. */
  readonly waits: readonly number[];
  /** How many sleepers there are at this moment. */
  readonly sleeping: number;
  /** Moves time forward by `ms`, waking the sleepers on the way in their order. */
  advance(ms: number): Promise<void>;
  /** The outcome of `work`. Whenever somebody sleeps meanwhile, time jumps to the end of the shortest sleep. */
  settle<T>(work: Promise<T>): Promise<T>;
}

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** @param options.random what `random()` answers, in [0, 1); default: 0. @param options.now default: 2026-01-01 */
export function fakeClock(options: { readonly now?: number; readonly random?: () => number } = {}): FakeClock {
  const { now: start = Date.UTC(2026), random = () => 0 } = options;
  const waits: number[] = [];
  let sleepers: Sleeper[] = [];
  let passed = 0;
  let somebodySleeps = Promise.withResolvers<void>();

  const fallAsleep = (ms: number, wake: () => void): Sleeper => {
    const sleeper = { until: passed + ms, wake };
    sleepers = [...sleepers, sleeper].sort((a, b) => a.until - b.until);
    somebodySleeps.resolve();
    return sleeper;
  };

  const leave = (sleeper: Sleeper): void => {
    sleepers = sleepers.filter((it) => it !== sleeper);
    if (sleepers.length === 0) somebodySleeps = Promise.withResolvers();
    sleeper.wake();
  };

  /** Wakes the first sleeper whose sleep ends by `until`, and lets it do what it was waiting for. */
  const wakeNext = async (until: number): Promise<boolean> => {
    const [first] = sleepers;
    if (first === undefined || first.until > until) return false;
    passed = Math.max(passed, first.until);
    leave(first);
    await turn();
    return true;
  };

  return {
    waits,
    get sleeping() {
      return sleepers.length;
    },
    now: () => start + passed,
    monotonic: () => passed,
    random,
    sleep: async (ms, signal) => {
      if (signal.aborted) return;
      waits.push(ms);
      const { promise, resolve } = Promise.withResolvers<void>();
      const sleeper = fallAsleep(ms, resolve);
      const giveUp = () => leave(sleeper);
      signal.addEventListener('abort', giveUp);
      await promise.finally(() => signal.removeEventListener('abort', giveUp));
    },
    advance: async (ms) => {
      const until = passed + ms;
      while (await wakeNext(until));
      passed = until;
      await turn();
    },
    settle: async (work) => {
      let settled = false;
      const end = work.then(
        () => {
          settled = true;
        },
        () => {
          settled = true;
        },
      );
      for (;;) {
        await Promise.race([end, somebodySleeps.promise]);
        if (settled) return work;
        await wakeNext(Infinity);
      }
    },
  };
}
