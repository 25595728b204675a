import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSizeHistogram } from '../../src/preview/size-histogram.ts';

test('a quantile is at most 2 % more than the size it stands for, and never less', () => {
  const sizes = fc.array(fc.oneof(fc.nat(200), fc.nat(20_000), fc.nat(20_000_000)), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(sizes, fc.double({ min: 0, max: 1, noNaN: true }), (list, share) => {
      const histogram = createSizeHistogram();
      for (const size of list) histogram.add(size);
      const sorted = list.toSorted((a, b) => a - b);
      const exact = sorted[Math.max(0, Math.ceil(share * list.length) - 1)] ?? 0;
      const found = histogram.quantile(share);
      assert.ok(found >= exact && found <= Math.ceil(exact * 1.02), `${found} for ${exact}`);
      assert.equal(histogram.quantile(1), sorted.at(-1));
      assert.equal(histogram.largest, sorted.at(-1));
      assert.equal(histogram.count, list.length);
      assert.equal(
        histogram.total,
        list.reduce((a, b) => a + b),
      );
    }),
  );
});

test('of nothing every quantile is 0', () => {
  assert.equal(createSizeHistogram().quantile(0.5), 0);
});
