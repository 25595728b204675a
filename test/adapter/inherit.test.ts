import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inherit, joined, legacyOf } from '../../src/adapter/inherit.ts';
import { createStreamMemory, NO_MEMORY, type StreamMemory } from '../../src/checkpoint/stream-memory.ts';
import type { ObjectHead } from '../../src/watch/change.ts';
import { fakeClock } from '../support/fake-clock.ts';

function object(namespace: string, name: string): ObjectHead {
  return { namespace, name, uid: `u-${name}`, resourceVersion: '5' };
}

function memory(objects: readonly ObjectHead[] = [], position = at('10')): StreamMemory {
  return createStreamMemory({ position, objects, uncertain: false }, { clock: fakeClock() });
}

function fresh(): StreamMemory {
  return createStreamMemory(NO_MEMORY, { clock: fakeClock() });
}

function at(resourceVersion: string, epoch = 0, complete = true) {
  return { resourceVersion, epoch, complete };
}

test('a stream of one namespace takes over its part of what the whole stream has settled', () => {
  const heir = fresh();
  const whole = memory([object('a', 'x'), object('b', 'y')]);
  inherit(heir, legacyOf(whole, 'b') ?? assert.fail());
  assert.deepEqual(Array.from(heir.known.all()), [object('b', 'y')]);
  assert.deepEqual(heir.ledger.position(), at('10'));
  assert.equal(heir.ledger.dirty(), 'everything');
});

test('a change that is not settled is left to be told again', () => {
  const whole = memory();
  const step = { changes: [], epoch: 0, resumeAt: undefined };
  const add = { type: 'add', object: object('a', 'x'), body: undefined, before: undefined, foundBy: 'watch' } as const;
  whole.known.remember(add.object);
  const settle = whole.ledger.open({ ...step, changes: [add], resumeAt: '11' });
  assert.deepEqual(legacyOf(whole), { position: at('10'), objects: [] });
  settle(0);
  assert.deepEqual(legacyOf(whole), { position: at('11'), objects: [add.object] });
});

test('of many streams the oldest position counts, in the newest epoch', () => {
  const rows: [positions: ReturnType<typeof at>[], expected: ReturnType<typeof at>][] = [
    [[at('12'), at('9'), at('100')], at('9')],
    [[at('12', 0, true), at('9', 0, false)], at('9', 0, false)],
    [[at('5', 0), at('12', 1), at('11', 1)], at('11', 1)],
  ];
  for (const [positions, expected] of rows) {
    assert.deepEqual(joined(positions.map((position) => ({ position, objects: [] })))?.position, expected);
  }
  assert.equal(joined([]), undefined);
  const objects = joined([memory([object('a', 'x')]), memory([object('b', 'y')])].flatMap((it) => legacyOf(it) ?? []));
  assert.deepEqual(
    objects?.objects.map(({ name }) => name),
    ['x', 'y'],
  );
});

test('what has never run leaves nothing', () => {
  assert.equal(legacyOf(fresh()), undefined);
});
