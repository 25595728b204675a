import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createWorkQueue, type QueueLane } from '../../src/reconcile/queue.ts';
import { fakeClock } from '../support/fake-clock.ts';

const KEYS = ['a', 'b', 'c', 'd', 'e'];

/** What happens to a queue, at a moment in which nobody does anything else. */
type Act =
  | { readonly is: 'add'; readonly key: string; readonly lane: QueueLane }
  | { readonly is: 'addAfter'; readonly key: string; readonly ms: number }
  | { readonly is: 'pass'; readonly ms: number };

const key = fc.constantFrom(...KEYS);
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ is: fc.constant('add'), key, lane: fc.constantFrom('change', 'resync') }),
  fc.record({ is: fc.constant('addAfter'), key, ms: fc.integer({ min: 0, max: 50 }) }),
  fc.record({ is: fc.constant('pass'), ms: fc.integer({ min: 0, max: 30 }) }),
);
/** What a worker does with each key: how long it takes, and whether it wants it once more. */
const work = fc.record({ ms: fc.integer({ min: 0, max: 20 }), end: fc.constantFrom('done', 'retry') });

test('whatever happens, every key that is added is taken at or after that, and none is taken twice at once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(act, { maxLength: 60 }),
      fc.array(work, { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 4 }),
      async (acts, works, workers) => {
        const clock = fakeClock();
        const queue = createWorkQueue(clock);
        const stop = new AbortController();
        /** When each key was last asked for, and when it was last taken, as numbers of steps. */
        const asked = new Map<string, number>();
        const taken = new Map<string, number>();
        const inHand = new Set<string>();
        let steps = 0;
        let turns = 0;

        const worker = async (): Promise<void> => {
          for (let got = await queue.take(stop.signal); got !== undefined; got = await queue.take(stop.signal)) {
            assert.ok(!inHand.has(got), `${got} is taken twice at once`);
            assert.ok(asked.has(got), `${got} was never added`);
            inHand.add(got);
            taken.set(got, ++steps);
            const { ms, end } = works[turns++ % works.length] ?? { ms: 0, end: 'done' };
            if (ms > 0) await clock.sleep(ms, stop.signal);
            // Not for ever, or the run would have no end.
            if (end === 'retry' && turns < 200) {
              asked.set(got, ++steps);
              queue.retry(got);
            } else queue.forget(got);
            inHand.delete(got);
            queue.done(got);
          }
        };
        const running = Promise.all(Array.from({ length: workers }, worker));

        for (const it of acts) {
          if (it.is === 'pass') await clock.advance(it.ms);
          else {
            asked.set(it.key, ++steps);
            if (it.is === 'add') queue.add(it.key, it.lane);
            else queue.addAfter(it.key, it.ms);
          }
        }
        do await clock.advance(1_000_000);
        while (clock.sleeping > 0);
        stop.abort();
        await running;

        for (const [each, at] of asked) assert.ok((taken.get(each) ?? -1) > at, `${each} was lost`);
        assert.deepEqual([queue.size, inHand.size], [0, 0]);
      },
    ),
    { numRuns: 300 },
  );
});

test('whatever waits, a changed key is taken before every other, and each lane keeps its order', async () => {
  const add = fc.record({ key: fc.constantFrom(...KEYS), lane: fc.constantFrom<QueueLane>('change', 'resync') });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(add, fc.constant('take')), { maxLength: 60 }), async (acts) => {
      const queue = createWorkQueue(fakeClock());
      const model: Record<QueueLane, string[]> = { change: [], resync: [] };
      for (const it of acts) {
        if (typeof it !== 'string') {
          queue.add(it.key, it.lane);
          if (model.change.includes(it.key)) continue;
          if (it.lane === 'change') model.resync = model.resync.filter((other) => other !== it.key);
          if (!model[it.lane].includes(it.key)) model[it.lane].push(it.key);
        } else if (queue.size > 0) {
          const got = await queue.take(new AbortController().signal);
          assert.equal(got, model.change.shift() ?? model.resync.shift());
          queue.done(got ?? '');
        }
        assert.equal(queue.size, model.change.length + model.resync.length);
      }
    }),
  );
});
