import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTimetable } from '../../../src/sources/ping/adapter/timetable.ts';

const KEY = fc.integer({ min: 0, max: 60 }).map(String);
const STEP = fc.oneof(
  fc.record({ is: fc.constant('put' as const), key: KEY, at: fc.integer({ min: 0, max: 100 }) }),
  fc.record({ is: fc.constant('remove' as const), key: KEY }),
  fc.record({ is: fc.constant('take' as const), now: fc.integer({ min: 0, max: 30 }) }),
);

test('whatever is put and removed, what comes out is the first of what is due', () => {
  fc.assert(
    fc.property(fc.array(STEP, { minLength: 50, maxLength: 300, size: 'max' }), (steps) => {
      const timetable = createTimetable();
      const model = new Map<string, number>();
      for (const step of steps) {
        if (step.is === 'put') {
          timetable.put(step.key, step.at);
          model.set(step.key, step.at);
        } else if (step.is === 'remove') {
          timetable.remove(step.key);
          model.delete(step.key);
        } else {
          const first = Math.min(...model.values());
          const key = timetable.take(step.now);
          assert.equal(key === undefined, !(first <= step.now));
          if (key !== undefined) assert.equal(model.get(key), first);
          if (key !== undefined) model.delete(key);
        }
        assert.equal(timetable.size, model.size);
        assert.equal(timetable.next() ?? Infinity, Math.min(Infinity, ...model.values()));
      }
      const left = Array.from(model, () => model.get(timetable.take(100) ?? ''));
      assert.deepEqual(
        left,
        [...model.values()].toSorted((a, b) => a - b),
      );
    }),
  );
});
