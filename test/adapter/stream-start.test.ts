import assert from 'node:assert/strict';
import { test } from 'node:test';
import { begin, beginAgain } from '../../src/adapter/stream-start.ts';
import { createStreamMemory, NO_MEMORY } from '../../src/checkpoint/stream-memory.ts';
import { FIRST, relearned, resumed } from '../../src/watch/watch-state.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { headOf } from '../watch/objects.ts';

const PLACE = { resourceVersion: '10', epoch: 2 };

function memory({ complete = true, objects = ['a u1@5'], uncertain = false, ran = true }) {
  const position = ran ? { ...PLACE, complete } : undefined;
  return createStreamMemory({ position, objects: objects.map(headOf), uncertain }, { clock: fakeClock() });
}

test('a stream goes on at its position, and looks at what existed there where it has to', () => {
  const none = { sees: false, indexed: false };
  const retrace = { told: '12', most: 128 };
  const crashed = memory({ objects: ['a u1@12'], uncertain: true });
  assert.deepEqual(begin(memory({ ran: false }), none), FIRST);
  assert.deepEqual(begin(memory({}), { sees: false, indexed: true }), resumed(PLACE, true));
  assert.deepEqual(begin(memory({}), { sees: true, indexed: true }), relearned(PLACE, true));
  // Where no index is stored it cannot be damaged, and to list at each start would cost more than it is worth.
  assert.deepEqual(begin(memory({ complete: false }), none), resumed(PLACE, false));
  assert.deepEqual(begin(memory({ complete: false }), { sees: false, indexed: true }), relearned(PLACE, false));

  assert.deepEqual(begin(crashed, { sees: false, indexed: true }), resumed(PLACE, true, retrace));
});

test('a resource that is back is compared with what was known, and what is not known is not taken for all', () => {
  const listing = { ...FIRST, why: 'expired', since: '10', epoch: 2 } as const;
  assert.deepEqual(beginAgain(createStreamMemory(NO_MEMORY, { clock: fakeClock() })), FIRST);
  assert.deepEqual(beginAgain(memory({ objects: [] })), { ...FIRST, epoch: 2 });
  assert.deepEqual(beginAgain(memory({})), listing);
  assert.deepEqual(beginAgain(memory({ complete: false })), { ...listing, knowsAll: false });
  assert.deepEqual(beginAgain(memory({ complete: false, objects: [] })), { ...listing, knowsAll: false });
});
