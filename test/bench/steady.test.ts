import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dueAfter } from '../../bench/steady.ts';

const SPEED = { rate: 500, seconds: 3 };

test('changes are due at the speed that was asked for, and never more than there are', () => {
  const table: readonly (readonly [seconds: number, due: number])[] = [
    [-1, 0],
    [0, 0],
    [0.0019, 0],
    [0.002, 1],
    [1, 500],
    [2.9999, 1499],
    [3, 1500],
    [Infinity, 1500],
  ];
  for (const [seconds, due] of table) assert.equal(dueAfter(seconds, SPEED), due, `${seconds} s`);
});
