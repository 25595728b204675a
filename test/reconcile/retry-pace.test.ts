import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRetryPace } from '../../src/reconcile/retry-pace.ts';

test('the wait of a key doubles from 5 ms with each failure in a row, and is never longer than 1,000 s', () => {
  const pace = createRetryPace();
  const waits = Array.from({ length: 2_000 }, (_, i) => pace.delay('a', i * 10_000_000));
  assert.deepEqual(
    waits.slice(0, 19),
    [
      5, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 5_120, 10_240, 20_480, 40_960, 81_920, 163_840, 327_680, 655_360,
      1_000_000,
    ],
  );
  assert.ok(waits.slice(18).every((ms) => ms === 1_000_000));
});

test('a key that is forgotten begins at 5 ms again, and the others go on', () => {
  const pace = createRetryPace();
  for (const key of ['a', 'a', 'a', 'b', 'b']) pace.delay(key, 0);
  pace.forget('a');
  assert.deepEqual([pace.delay('a', 0), pace.delay('b', 0)], [5, 20]);
});

test('100 keys may fail at once; from then on one is let through every 100 ms', () => {
  const pace = createRetryPace();
  const waits = Array.from({ length: 1_100 }, (_, i) => pace.delay(`key-${i}`, 0));
  assert.deepEqual(waits.slice(98, 104), [5, 5, 100, 200, 300, 400]);
  assert.equal(waits[1_099], 100_000);
});

test('the bucket fills while nothing fails, up to 100', () => {
  const pace = createRetryPace();
  const failures = (count: number, now: number): number[] =>
    Array.from({ length: count }, (_, i) => pace.delay(`${now}-${i}`, now));
  failures(100, 0);
  assert.deepEqual(failures(12, 1_000).slice(9), [5, 100, 200], 'ten more after a second');
  assert.deepEqual(failures(101, 3_600_000).slice(98), [5, 5, 100], 'no more than 100 after an hour');
});
