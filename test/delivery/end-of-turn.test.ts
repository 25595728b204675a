import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { atEndOfTurn } from '../../src/delivery/http/end-of-turn.ts';

test('eight writes do not wait', async () => {
  let done = 0;
  for (let number = 1; number <= 17; number++) {
    atEndOfTurn(() => done++);
    assert.equal(done, number - (number % 8));
  }
  await turn();
  assert.equal(done, 17);
});

test('writes wait for the end of the turn and keep their order, and those made meanwhile wait for the next', async () => {
  const done: string[] = [];
  atEndOfTurn(() => {
    done.push('first');
    atEndOfTurn(() => done.push('third'));
  });
  atEndOfTurn(() => done.push('second'));
  await Promise.resolve();
  assert.deepEqual(done, []);
  await turn();
  assert.deepEqual(done, ['first', 'second']);
  await turn();
  assert.deepEqual(done, ['first', 'second', 'third']);
});
