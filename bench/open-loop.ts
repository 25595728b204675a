import { setTimeout as delay } from 'node:timers/promises';
import { monotonicMicroseconds } from './measure.ts';
import { dueAfter, type Speed } from './steady.ts';

/** What became of one request; times in microseconds. */
export interface Asked<T> {
  readonly answer: T;
  /** From when it was due until its answer: what waited because others took long has waited, too. */
  readonly took: number;
  /** How much later than it was due it was asked, which is the doing of this process. */
  readonly late: number;
}

/**
 * Asks at a constant speed, each time when it is due and however many are not answered yet, so that slow answers do not
 * keep questions from being asked. Resolves when all are answered.
 */
export async function openLoop<T>(speed: Speed, ask: (number: number) => Promise<T>): Promise<readonly Asked<T>[]> {
  const total = dueAfter(Infinity, speed);
  const started = monotonicMicroseconds();
  const asked: Promise<Asked<T>>[] = [];
  for (let number = 0; number < total; number++) {
    const due = started + (number * 1e6) / speed.rate;
    for (let wait = due - monotonicMicroseconds(); wait > 0; wait = due - monotonicMicroseconds())
      await delay(wait / 1_000);
    const late = monotonicMicroseconds() - due;
    asked.push(ask(number).then((answer) => ({ answer, late, took: monotonicMicroseconds() - due })));
  }
  return await Promise.all(asked);
}
