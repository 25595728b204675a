import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLoop } from '../../bench/open-loop.ts';

test('slow answers keep no question from being asked, and show in all that wait', async () => {
  const { promise: answered, resolve } = Promise.withResolvers<void>();
  const numbers: number[] = [];
  const asked = await openLoop({ rate: 1_000, seconds: 0.01 }, async (number) => {
    numbers.push(number);
    if (numbers.length === 10) resolve();
    await answered;
    return number;
  });
  assert.deepEqual(numbers, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual(
    asked.map(({ answer }) => answer),
    numbers,
  );
  // The first one waited for the last one, which was due 9 ms later.
  assert.ok((asked[0]?.took ?? 0) >= 8_000, `${asked[0]?.took} us`);
  assert.ok(asked.every(({ late }) => late >= 0));
});
