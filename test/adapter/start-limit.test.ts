import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { createStartLimit } from '../../src/adapter/start-limit.ts';

test('no more start at once than are allowed, in their order, and none twice for one end', async () => {
  const limit = createStartLimit(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const never = new AbortController().signal;
  for (let number = 0; number < 5; number++) {
    void limit.begin(never).then((end) => {
      begun.push(number);
      ends.push(end);
    });
  }
  await turn();
  assert.deepEqual(begun, [0, 1]);
  ends[0]?.();
  ends[0]?.();
  await turn();
  assert.deepEqual(begun, [0, 1, 2]);
  ends[1]?.();
  ends[2]?.();
  await turn();
  assert.deepEqual(begun, [0, 1, 2, 3, 4]);
});

test('one that is to stop while it waits gives its turn to the next', async () => {
  const limit = createStartLimit(1);
  const never = new AbortController().signal;
  const stop = new AbortController();
  const first = await limit.begin(never);
  const second = limit.begin(stop.signal);
  let third = false;
  void limit.begin(never).then(() => (third = true));
  stop.abort();
  (await second)();
  first();
  await turn();
  assert.equal(third, true);
});
