import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRecentIds } from '../../src/events/recent-ids.ts';

test('an id repeats from its second time on', () => {
  const recent = createRecentIds(10);
  const met = ['a', 'b', 'a', 'c', 'b', 'a'].map((id) => recent.repeats(id));
  assert.deepEqual(met, [false, false, true, false, true, true]);
});

test('no more ids are remembered than asked for, and the newest are', () => {
  const recent = createRecentIds(3);
  for (const id of ['a', 'b', 'c', 'd']) assert.equal(recent.repeats(id), false);
  assert.deepEqual(
    ['d', 'c', 'b'].map((id) => recent.repeats(id)),
    [true, true, true],
  );
  assert.equal(recent.repeats('a'), false);
});

test('an id called like a member of Object is an id like any other', () => {
  const recent = createRecentIds(3);
  assert.deepEqual(
    ['__proto__', 'constructor', '__proto__'].map((id) => recent.repeats(id)),
    [false, false, true],
  );
});
