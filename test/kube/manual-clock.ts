import type { Clock } from '../../src/process/clock.ts';

/** A clock that stands still until it is advanced. */
export function manualClock(): Pick<Clock, 'monotonic'> & { advance(ms: number): void } {
  let ms = 0;
  return {
    monotonic: () => ms,
    advance(by) {
      ms += by;
    },
  };
}
