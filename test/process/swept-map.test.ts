import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createSweptMap } from '../../src/process/swept-map.ts';

interface Item {
  value: number;
  done: boolean;
}

test('what is not done is there, whatever came and went meanwhile', () => {
  const step = fc.record({ key: fc.nat({ max: 3_000 }), finish: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1_000, maxLength: 6_000, size: 'max' }), (steps) => {
      const map = createSweptMap<Item>(({ done }) => done);
      const model = new Map<string, Item>();
      steps.forEach(({ key, finish }, value) => {
        const name = `k${key}`;
        const item = { value, done: false };
        map.set(name, item);
        model.set(name, item);
        if (!finish) return;
        item.done = true;
        model.delete(name);
      });
      for (const [key, item] of model) assert.equal(map.get(key), item);
      const kept = Array.from(map.entries()).filter(([, { done }]) => !done);
      assert.deepEqual(new Map(kept), model);
    }),
    { numRuns: 20 },
  );
});

test('what is done does not pile up', () => {
  const map = createSweptMap<Item>(({ done }) => done);
  for (let i = 0; i < 100_000; i++) map.set(`k${i}`, { value: i, done: i % 100 > 0 });
  const size = Array.from(map.entries()).length;
  assert.ok(size >= 1_000 && size <= 3_000, `${size} entries`);
});
