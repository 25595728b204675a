import { setTimeout as delay } from 'node:timers/promises';
import { monotonicMicroseconds } from './measure.ts';

/** A course of changes of constant speed. */
export interface Speed {
  /** Changes a second. */
  readonly rate: number;
  readonly seconds: number;
}

/** How many changes are due when so many seconds of the course are over: all of them at its end, never more. */
export function dueAfter(elapsedSeconds: number, { rate, seconds }: Speed): number {
  return Math.floor(rate * Math.min(Math.max(0, elapsedSeconds), seconds));
}

/** How often what is due is looked at (ms). */
const STEP = 20;

/** Tells how many changes are due, again and again until all are. */
export async function steadily(speed: Speed, tell: (due: number) => void): Promise<void> {
  const started = monotonicMicroseconds();
  for (;;) {
    const due = dueAfter((monotonicMicroseconds() - started) / 1e6, speed);
    tell(due);
    if (due >= dueAfter(Infinity, speed)) return;
    await delay(STEP);
  }
}
