import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { quantile } from '../../bench/quantile.ts';

const TO_100 = Array.from({ length: 100 }, (_, index) => 100 - index);

const TABLE: readonly (readonly [values: readonly number[], q: number, expected: number])[] = [
  [TO_100, 0.5, 50],
  [TO_100, 0.99, 99],
  [TO_100, 1, 100],
  [[7], 0.5, 7],
  [[7], 0.99, 7],
  [[3, 1, 2], 0.5, 2],
  [[-5, -40], 0.5, -40],
  [[], 0.5, Number.NaN],
];

test('a quantile is the smallest value that so many do not exceed', () => {
  for (const [values, q, expected] of TABLE) assert.equal(quantile(values, q), expected, `${q} of ${values.length}`);
});

test('at least the part q of all values is not above its quantile, and less than that is below it', () => {
  const values = fc.array(fc.integer(), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (all, q) => {
      const found = quantile(all, q);
      assert.ok(all.filter((value) => value <= found).length >= q * all.length);
      assert.ok(all.filter((value) => value < found).length < q * all.length);
    }),
  );
});
