import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;
/** Longer than anything takes on a busy machine: the garbage collector alone looks for new kinds every 30 s. */
const LIMIT_MS = 120_000;

/**
 * Waits until `check` gives something else than undefined or false, and resolves to that.
 * Throws after `limitMs` milliseconds with `what` was waited for; where it is a function, it is asked then.
 */
export async function eventually<T>(
  what: string | (() => string),
  check: () => T | Promise<T>,
  limitMs: number = LIMIT_MS,
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const result = await check();
    if (result !== undefined && result !== false) return result as Exclude<T, undefined | false>;
    if (performance.now() > deadline) {
      throw new Error(`Waited ${limitMs / 1_000} s in vain: ${typeof what === 'string' ? what : what()}`);
    }
    await delay(POLL_MS);
  }
}
