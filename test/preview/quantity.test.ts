import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isQuantity, quantitySize } from '../../src/preview/quantity.ts';

const SIZES: readonly (readonly [text: string, size: number])[] = [
  ['0', 0],
  ['-0', -0],
  ['128Mi', 128 * 1024 * 1024],
  ['1Ki', 1024],
  ['1.5Gi', 1.5 * 1024 ** 3],
  ['100m', 0.1],
  ['2k', 2000],
  ['+3', 3],
  ['.5', 0.5],
  ['5.', 5],
  ['-1Gi', -(1024 ** 3)],
  ['1e3', 1000],
  ['12E', 12e18],
  ['1E3', 1000],
];

for (const [text, size] of SIZES) {
  test(`${text} is a quantity of ${size}`, () => {
    assert.ok(isQuantity(text));
    assert.ok(Math.abs(quantitySize(text) - size) <= Math.abs(size) * 1e-12);
  });
}

for (const text of ['', 'much', '1gi', '1 Gi', 'Mi', '1MiB', '1KI', '--1', '0x10', '1e', '1ee3', '.']) {
  test(`${JSON.stringify(text)} is no quantity`, () => {
    assert.ok(!isQuantity(text));
    assert.ok(Number.isNaN(quantitySize(text)));
  });
}
