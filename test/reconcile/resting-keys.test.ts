import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createRestingKeys } from '../../src/reconcile/resting-keys.ts';

test('whatever is asked for, each key comes up once, at the earliest of its times, and in the order of times', () => {
  const act = fc.oneof(
    fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), due: fc.integer({ min: 0, max: 60 }) }),
    fc.record({ now: fc.integer({ min: 0, max: 60 }) }),
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
      const resting = createRestingKeys();
      const model = new Map<string, number>();
      for (const it of acts) {
        if ('key' in it) {
          resting.add(it.key, it.due);
          model.set(it.key, Math.min(it.due, model.get(it.key) ?? Infinity));
        } else {
          const due = [...model].filter(([, time]) => time <= it.now);
          const taken = resting.takeDue(it.now);
          assert.deepEqual(taken.toSorted(), due.map(([key]) => key).toSorted());
          const times = taken.map((key) => model.get(key) ?? NaN);
          assert.deepEqual(
            times,
            times.toSorted((a, b) => a - b),
          );
          for (const key of taken) model.delete(key);
        }
        assert.equal(resting.nextDue(), model.size === 0 ? undefined : Math.min(...model.values()));
      }
    }),
  );
});
