import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Condition } from '../../src/reconcile/conditions.ts';
import { patienceMs } from '../../src/reconcile/patience.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');

function since(ms: number): readonly Condition[] {
  return [{ type: 'Ready', status: 'False', lastTransitionTime: new Date(NOW - ms).toISOString() }];
}

test('a source that fails is tried again after as long as it has failed, from one second to thirty', () => {
  const waits: readonly (readonly [number, number])[] = [
    [-60_000, 1_000],
    [0, 1_000],
    [1_000, 1_000],
    [2_000, 2_000],
    [16_000, 16_000],
    [30_000, 30_000],
    [3_600_000, 30_000],
  ];
  for (const [ms, wait] of waits) assert.equal(patienceMs({ conditions: since(ms) }, NOW), wait);
});

test('a source that nothing is known of is tried again after a second', () => {
  assert.equal(patienceMs({}, NOW), 1_000);
  assert.equal(patienceMs({ conditions: [{ type: 'Ready', status: 'False' }] }, NOW), 1_000);
});
