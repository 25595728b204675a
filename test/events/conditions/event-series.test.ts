import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { countOf, isTold, seriesOf } from '../../../src/events/conditions/event-series.ts';
import type { Change } from '../../../src/watch/change.ts';
import { changeOf } from '../changes.ts';

const change = (type: Change['type'], body: object | undefined, uid = 'u'): Change =>
  changeOf({
    type,
    object: { namespace: 'shop', name: 'a', uid, resourceVersion: '1' },
    body: body && Buffer.from(JSON.stringify(body)),
  });

test('the count is that of either API, or of the series, whichever is higher', () => {
  for (const [body, count] of [
    ['{"count":3}', 3],
    ['{"deprecatedCount":4,"series":null}', 4],
    ['{"series":{"count":5,"lastObservedTime":"2026-01-01T00:00:00.000000Z"},"deprecatedCount":2}', 5],
    ['{"series":{"lastObservedTime":"x"},"count":2}', 2],
    ['{"metadata":{"count":9},"involvedObject":{"count":8}}', 1],
    ['{"count":0}', 1],
    ['{"count":-4}', 1],
    ['{"count":"7"}', 1],
    ['{"count":1.5}', 1],
    ['{"count":99999999999999}', 2_147_483_647],
    ['{"count":', 1],
    ['[]', 1],
    ['', 1],
  ] as const) {
    assert.equal(countOf(Buffer.from(body)), count, body);
  }
});

test('which counts are told', () => {
  for (const [series, last, told] of [
    ['First', undefined, [1]],
    ['First', 1, []],
    ['Doubling', undefined, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    ['Doubling', 1, [2, 3, 4, 5, 6, 7, 8, 9, 10]],
    ['Doubling', 2, [4, 5, 6, 7, 8, 9, 10]],
    ['Doubling', 5, [8, 9, 10]],
    ['Doubling', 8, []],
  ] as const) {
    const counts = Array.from({ length: 10 }, (_, i) => i + 1);
    assert.deepEqual(
      counts.filter((count) => isTold(series, count, last)),
      told,
      `${series} after ${last}`,
    );
  }
});

test('a series that is seen one by one is told at the powers of two, and one that leaps once for all that it leaps over', () => {
  const { holds } = seriesOf('Doubling');
  const told = Array.from({ length: 70 }, (_, i) => i + 1).filter((count) =>
    holds(change(count === 1 ? 'add' : 'update', { count })),
  );
  assert.deepEqual(told, [1, 2, 4, 8, 16, 32, 64]);
  assert.ok(holds(change('update', { count: 1_000 })));
  assert.ok(!holds(change('update', { count: 1_023 })));
  assert.ok(!holds(change('update', { count: 1_023 })), 'something else changed');
  assert.ok(holds(change('update', { count: 1_024 })));
});

test('whatever counts come in whatever steps, Doubling tells no more than the highest has doublings', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { maxLength: 50 }), (counts) => {
      const rising = counts.toSorted((a, b) => a - b);
      const { holds } = seriesOf('Doubling');
      const told = rising.filter((count, i) => holds(change(i === 0 ? 'add' : 'update', { count })));
      assert.ok(told.length <= Math.log2(Math.max(1, rising.at(-1) ?? 1)) + 1);
    }),
  );
});

test('First tells what happened once, and the end of every Event', () => {
  const { holds } = seriesOf('First');
  assert.ok(holds(change('add', { count: 1 })));
  assert.ok(holds(change('add', { series: null }, 'v')));
  for (const count of [1, 2, 3, 100]) assert.ok(!holds(change('update', { count })));
  assert.ok(!holds(change('add', { count: 5 }, 'w')), 'it exists when the stream begins');
  assert.ok(holds(change('delete', { count: 100 })));
  assert.ok(holds(change('delete', undefined, 'w')));
});

test('what a list shows has been told before', () => {
  const condition = seriesOf('Doubling');
  const { object, body } = change('add', { count: 5 });
  condition.sees?.(object, body ?? Buffer.from(''));
  assert.deepEqual(
    [6, 7, 8].map((count) => condition.holds(change('update', { count }))),
    [false, false, true],
  );
});
