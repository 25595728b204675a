import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { createFifo } from '../../src/delivery/fifo.ts';

test('whatever is pushed and shifted, a queue answers as an array does', () => {
  // Many of one kind in a row, so that the queue grows, empties, and drops what is spent.
  const run = fc.tuple(fc.constantFrom('push', 'shift'), fc.integer({ min: 1, max: 100 }));
  fc.assert(
    fc.property(fc.array(run), (runs) => {
      const queue = createFifo<number>();
      const model: number[] = [];
      let next = 0;
      for (const [act, times] of runs) {
        for (let i = 0; i < times; i++) {
          if (act === 'push') {
            queue.push(next);
            model.push(next++);
          } else if (act === 'shift') assert.equal(queue.shift(), model.shift());
          assert.equal(queue.length, model.length);
        }
      }
    }),
  );
});

test('what was shifted is not kept alive by the queue', async () => {
  const queue = createFifo<object>();
  const refs = Array.from({ length: 3 }, () => {
    const item = {};
    queue.push(item);
    return new WeakRef(item);
  });
  queue.shift();
  // A WeakRef holds its object until the end of the turn in which it was made.
  await turn();
  collectGarbage();
  assert.deepEqual(
    refs.map((ref) => ref.deref() === undefined),
    [true, false, false],
  );
  assert.equal(queue.length, 2);
});

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc()');
}
