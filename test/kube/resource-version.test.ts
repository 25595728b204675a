import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { compareVersions } from '../../src/kube/resource-version.ts';

test('decimal versions are ordered by their value, however long; others can only be equal', () => {
  const long = '9'.repeat(40);
  const rows: [a: string, b: string, order: 'older' | 'same' | 'newer' | 'unknown'][] = [
    ['1', '2', 'older'],
    ['2', '1', 'newer'],
    ['9', '10', 'older'],
    ['100', '99', 'newer'],
    ['7', '7', 'same'],
    ['9007199254740992', '9007199254740993', 'older'],
    ['18446744073709551615', '18446744073709551616', 'older'],
    [long, `1${'0'.repeat(40)}`, 'older'],
    [long, long, 'same'],
    ['0', '1', 'unknown'],
    ['0', '0', 'same'],
    ['007', '8', 'unknown'],
    ['007', '7', 'unknown'],
    ['007', '007', 'same'],
    ['', '1', 'unknown'],
    ['', '', 'same'],
    ['abc', 'abd', 'unknown'],
    ['abc', 'abc', 'same'],
    ['1', '1a', 'unknown'],
    ['-1', '1', 'unknown'],
    ['+2', '1', 'unknown'],
    ['1.5', '1', 'unknown'],
    ['1e3', '1', 'unknown'],
    [' 2', '1', 'unknown'],
    ['2 ', '1', 'unknown'],
    ['0x2', '1', 'unknown'],
    ['１', '2', 'unknown'],
    ['٢', '1', 'unknown'],
    ['2:1', '1', 'unknown'],
    ['/2', '1', 'unknown'],
  ];
  for (const [a, b, order] of rows) {
    assert.equal(orderOf(a, b), order, `${a} and ${b}`);
    const turned = { older: 'newer', newer: 'older', same: 'same', unknown: 'unknown' }[order];
    assert.equal(orderOf(b, a), turned, `${b} and ${a}`);
  }
});

test('the order of two versions is that of their numbers', () => {
  const version = fc.bigInt({ min: 1n, max: 2n ** 80n });
  fc.assert(
    fc.property(version, version, (a, b) => {
      assert.equal(orderOf(String(a), String(b)), a < b ? 'older' : a > b ? 'newer' : 'same');
    }),
  );
});

function orderOf(a: string, b: string): string {
  const order = compareVersions(a, b);
  if (order === undefined) return 'unknown';
  return order < 0 ? 'older' : order > 0 ? 'newer' : 'same';
}
