import { setTimeout as delay } from 'node:timers/promises';
import type { Writer } from '../support/writer.ts';

/** What is written, for as long as it runs. */
export interface LoadOptions {
  readonly changesPerSecond: number;
  readonly objects: number;
  /** How many of the changes of an existing object end it, from 0 to 1; an ended one is soon created again. */
  readonly deletes: number;
}

export interface Load {
  /** How many objects exist now. */
  readonly existing: number;
  /** Begins no more changes; resolves when those begun are known. Throws what a write threw. */
  stop(): Promise<void>;
}

export const USUAL_LOAD: LoadOptions = { changesPerSecond: 100, objects: 100, deletes: 0.15 };

/** More would only wait in the API server. */
const MOST_AT_ONCE = 32;
const TICK_MS = 5;

/** Changes random objects at a steady pace. What cannot be begun in time, because the server is slow, is left out. */
export function startLoad(writer: Writer, options: LoadOptions, random: () => number, prefix = 'object'): Load {
  const free = Array.from({ length: options.objects }, (_, index) => `${prefix}-${index}`);
  const existing = new Set<string>();
  const underway = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const stopping = new AbortController();

  const change = async (name: string): Promise<void> => {
    if (!existing.has(name)) {
      await writer.create(name);
      existing.add(name);
    } else if (random() < options.deletes) {
      await writer.delete(name);
      existing.delete(name);
    } else {
      await writer.update(name);
    }
  };
  const begin = (): void => {
    const [name] = free.splice(Math.floor(random() * free.length), 1);
    if (name === undefined) return;
    const work = change(name)
      .catch((error: unknown) => failures.push(error))
      .then(() => {
        free.push(name);
        underway.delete(work);
      });
    underway.add(work);
  };
  const run = async (): Promise<void> => {
    let begun = 0;
    const from = performance.now();
    while (!stopping.signal.aborted) {
      const due = Math.floor(((performance.now() - from) / 1_000) * options.changesPerSecond);
      for (; begun < due && underway.size < MOST_AT_ONCE; begun++) begin();
      begun = due;
      await delay(TICK_MS);
    }
    while (underway.size > 0) await Promise.all(underway);
    if (failures.length > 0) throw failures[0];
  };
  const ran = run();
  // Told by stop.
  ran.catch(() => undefined);
  return {
    get existing() {
      return existing.size;
    },
    stop: () => {
      stopping.abort();
      return ran;
    },
  };
}
