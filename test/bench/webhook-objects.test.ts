import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bindableOf, caseOf } from '../../bench/webhook-objects.ts';

const ROUND = Array.from({ length: 20 }, (_, number) => caseOf(number, 3));
const toBind = ROUND.filter(({ object, wanted }) => JSON.stringify(object) !== JSON.stringify(wanted));

test('of ten objects six are to be bound, and of those that the webhook is not asked about none', () => {
  assert.equal(toBind.length, 12);
  assert.equal(ROUND.filter(({ isAsked }) => !isAsked).length, 2);
  assert.ok(toBind.every(({ isAsked }) => isAsked));
});

test('what a binding changes is seen, and nothing else is', () => {
  for (const { object, wanted } of toBind) assert.notDeepEqual(bindableOf(object), bindableOf(wanted));
  const [{ object } = caseOf(0, 3)] = ROUND;
  const labels = { ...object.metadata, labels: { other: 'x' } };
  assert.deepEqual(bindableOf({ ...object, metadata: labels }), bindableOf(object));
});
