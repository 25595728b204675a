import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delaysOf } from '../../bench/delays.ts';

const write = (version: number, before: number, after: number) => ({ version, before, after });

test('an event is timed from before its write and from the answer, which it may precede', () => {
  const { sinceSent, sinceAnswered, writes } = delaysOf([write(1, 1000, 3000)], [[1, 2500]]);
  assert.deepEqual(sinceSent, { p50: 1.5, p99: 1.5, max: 1.5 });
  assert.deepEqual(sinceAnswered, { p50: -0.5, p99: -0.5, max: -0.5 });
  assert.deepEqual(writes, { p50: 2, p99: 2, max: 2 });
});

test('of an event that comes again the first time counts, and the repetition is counted', () => {
  const { sinceSent, repeated, missing } = delaysOf(
    [write(1, 0, 500)],
    [
      [1, 1000],
      [1, 9000],
    ],
  );
  assert.deepEqual({ max: sinceSent.max, repeated, missing }, { max: 1, repeated: 1, missing: 0 });
});

test('a write whose event did not come is missing, and events of other writes are not looked at', () => {
  const { sinceSent, repeated, missing } = delaysOf(
    [write(1, 0, 500), write(2, 0, 500)],
    [
      [1, 1000],
      [7, 5000],
      [7, 6000],
      [Number.NaN, 1],
    ],
  );
  assert.deepEqual({ max: sinceSent.max, repeated, missing }, { max: 1, repeated: 0, missing: 1 });
});

test('half of the delays are not above the median', () => {
  const writes = Array.from({ length: 200 }, (_, index) => write(index, 0, 0));
  const came = writes.map(({ version }) => [version, (version + 1) * 1000] as const);
  assert.deepEqual(delaysOf(writes, came.toReversed()).sinceSent, { p50: 100, p99: 198, max: 200 });
});
