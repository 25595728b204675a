import { addAbortListener } from 'node:events';
import type { Clock } from '../process/clock.ts';
import { createRestingKeys } from './resting-keys.ts';
import { createRetryPace } from './retry-pace.ts';

/** `change`: something happened. `resync`: to look again; such keys are taken while no changed one waits. */
export type QueueLane = 'change' | 'resync';

/**
 * Keys of objects that are to be reconciled, with the rules of client-go's util/workqueue: a key waits once however
 * often it is added, is never taken twice at once, and one that is added while it is taken waits again after `done`.
 * Nothing runs in the background: keys that rest come up when somebody takes.
 */
export interface WorkQueue {
  /** Keys that wait to be taken; not those that are taken, or rest. */
  readonly size: number;
  /** A key in both lanes is in that of the changes. Default: `change`. */
  add(key: string, lane?: QueueLane): void;
  /** Adds `key` when `ms` have passed. Of several such calls the earliest time counts. */
  addAfter(key: string, ms: number): void;
  /**
   * Adds `key` after a wait that grows with each call, see RetryPace.
   * @param atLeastMs where somebody asked for a longer one
   * @returns the wait in ms
   */
  retry(key: string, atLeastMs?: number): number;
  /** The key succeeded: the next `retry` of it counts as the first. */
  forget(key: string): void;
  /** The next key, to be given back with `done`; undefined once `signal` is aborted. */
  take(signal: AbortSignal): Promise<string | undefined>;
  done(key: string): void;
}

/** A longer timer of Node.js ends at once (2^31 ms); waking up for nothing costs nothing. */
const LONGEST_SLEEP_MS = 3_600_000;

export function createWorkQueue(clock: Clock): WorkQueue {
  const lanes = { change: createLane(), resync: createLane() };
  const taken = new Set<string>();
  /** Added while they were taken. */
  const again = new Map<string, QueueLane>();
  const resting = createRestingKeys();
  const pace = createRetryPace();
  const idle = new Set<AbortController>();

  /** All of them, because one that is about to leave would wake up in vain. */
  const wakeAll = (): void => {
    for (const one of idle) one.abort();
  };

  const add = (key: string, lane: QueueLane = 'change'): void => {
    if (taken.has(key)) {
      if (again.get(key) !== 'change') again.set(key, lane);
      return;
    }
    if (lanes.change.has(key)) return;
    if (lane === 'change') lanes.resync.remove(key);
    lanes[lane].add(key);
    wakeAll();
  };

  const addAfter = (key: string, ms: number): void => {
    if (!(ms > 0)) {
      add(key);
      return;
    }
    resting.add(key, clock.monotonic() + ms);
    wakeAll();
  };

  const next = (): string | undefined => {
    for (const key of resting.takeDue(clock.monotonic())) add(key);
    const key = lanes.change.shift() ?? lanes.resync.shift();
    if (key !== undefined) taken.add(key);
    return key;
  };

  const waitForNews = async (signal: AbortSignal): Promise<void> => {
    const waiter = new AbortController();
    using _ends = addAbortListener(signal, () => waiter.abort());
    idle.add(waiter);
    const due = resting.nextDue();
    if (due === undefined) await aborted(waiter.signal);
    else await clock.sleep(Math.min(Math.max(0, due - clock.monotonic()), LONGEST_SLEEP_MS), waiter.signal);
    idle.delete(waiter);
  };

  return {
    get size() {
      return lanes.change.size + lanes.resync.size;
    },
    add,
    addAfter,
    retry: (key, atLeastMs = 0) => {
      const ms = Math.max(pace.delay(key, clock.monotonic()), atLeastMs);
      addAfter(key, ms);
      return ms;
    },
    forget: (key) => pace.forget(key),
    take: async (signal) => {
      while (!signal.aborted) {
        const key = next();
        if (key !== undefined) return key;
        await waitForNews(signal);
      }
      return undefined;
    },
    done: (key) => {
      taken.delete(key);
      const lane = again.get(key);
      if (lane === undefined) return;
      again.delete(key);
      add(key, lane);
    },
  };
}

interface Lane {
  readonly size: number;
  has(key: string): boolean;
  add(key: string): void;
  remove(key: string): void;
  shift(): string | undefined;
}

/**
 * A set in the order in which keys came. One iterator goes through all of its life, since a new one would first pass
 * over what was removed before. It is never at its end: it moves only while a key is ahead of it.
 */
function createLane(): Lane {
  const keys = new Set<string>();
  const front = keys.values();
  return {
    get size() {
      return keys.size;
    },
    has: (key) => keys.has(key),
    add: (key) => void keys.add(key),
    remove: (key) => void keys.delete(key),
    shift: () => {
      const key = keys.size === 0 ? undefined : front.next().value;
      if (key !== undefined) keys.delete(key);
      return key;
    },
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  using _listener = addAbortListener(signal, () => resolve());
  await promise;
}
