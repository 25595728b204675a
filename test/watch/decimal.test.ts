import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { decimal } from '../../src/watch/decimal.ts';

test('every safe integer from 0 on has the digits that JavaScript gives it', () => {
  for (const value of [0, 9, 10, 99, 1e15, 2 ** 53 - 1]) assert.equal(decimal(value), String(value));
  fc.assert(fc.property(fc.maxSafeNat(), (value) => decimal(value) === String(value)));
});
