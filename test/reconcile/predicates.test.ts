import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ObjectMeta } from '../../src/kube/object.ts';
import {
  and,
  annotationsChanged,
  generationChanged,
  labelsChanged,
  labelsMatch,
  not,
  or,
  type Predicate,
  resourceVersionChanged,
} from '../../src/reconcile/predicates.ts';
import { added, deleted, updated } from './events.ts';

type Meta = Partial<ObjectMeta>;

test('an update passes where what the predicate looks at differs', () => {
  const table: readonly (readonly [name: string, Predicate, old: Meta, now: Meta, passes: boolean])[] = [
    ['generation', generationChanged, { generation: 1 }, { generation: 2 }, true],
    ['generation', generationChanged, { generation: 2 }, { generation: 2, labels: { a: '1' } }, false],
    ['generation', generationChanged, { resourceVersion: '5' }, { resourceVersion: '6' }, false],
    ['version', resourceVersionChanged, { resourceVersion: '5' }, { resourceVersion: '6' }, true],
    ['version', resourceVersionChanged, { resourceVersion: '5' }, { resourceVersion: '5' }, false],
    ['labels', labelsChanged, { labels: { a: '1' } }, { labels: { a: '2' } }, true],
    ['labels', labelsChanged, { labels: { a: '1' } }, { labels: { a: '1', b: '1' } }, true],
    ['labels', labelsChanged, { labels: { a: '1' } }, { labels: { b: '1' } }, true],
    ['labels', labelsChanged, { labels: { a: '1' } }, {}, true],
    ['labels', labelsChanged, { labels: { a: '1', b: '2' } }, { labels: { b: '2', a: '1' } }, false],
    ['labels', labelsChanged, {}, { labels: {}, annotations: { a: '1' } }, false],
    ['labels', labelsChanged, { labels: { constructor: 'a' } }, { labels: { a: 'a' } }, true],
    ['annotations', annotationsChanged, { annotations: { a: '1' } }, { annotations: { a: '2' } }, true],
    ['annotations', annotationsChanged, { labels: { a: '1' } }, { labels: { a: '2' } }, false],
    ['selector', labelsMatch('app=web'), {}, { labels: { app: 'web' } }, true],
    ['selector', labelsMatch('app=web'), { labels: { app: 'web' } }, {}, false],
    ['selector', labelsMatch('!app'), {}, {}, true],
    ['no selector', labelsMatch('a=(b'), {}, {}, false],
  ];
  for (const [name, passes, old, now, expected] of table) {
    assert.equal(passes(updated(old, now)), expected, `${name}: ${JSON.stringify([old, now])}`);
  }
});

test('what came or went passes whatever is looked for in updates', () => {
  for (const passes of [generationChanged, resourceVersionChanged, labelsChanged, annotationsChanged]) {
    assert.deepEqual([passes(added()), passes(deleted())], [true, true]);
  }
});

test('a label selector judges also what came or went', () => {
  const passes = labelsMatch('app=web');
  assert.deepEqual(
    [passes(added({ labels: { app: 'web' } })), passes(added()), passes(deleted({ labels: { app: 'web' } }))],
    [true, false, true],
  );
});

test('and, or and not are what logic has them be, for every kind of event', () => {
  const relabelled = updated({ generation: 1 }, { generation: 1, labels: { a: '1' } });
  const specified = updated({ generation: 1 }, { generation: 2 });
  const both = and(generationChanged, labelsChanged);
  const either = or(generationChanged, labelsChanged);
  const neither = not(either);
  const events = [relabelled, specified, updated({}, {}), added()];
  assert.deepEqual(
    [both, either, neither].map((passes) => events.map((event) => passes(event))),
    [
      [false, false, false, true],
      [true, true, false, true],
      [false, false, true, false],
    ],
  );
  assert.deepEqual([and()(added()), or()(added())], [true, false]);
});
