import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import type { Outgoing } from '../../src/delivery/lanes.ts';
import { createEventClient } from '../../src/sdk/client.ts';
import { fakeClock } from '../support/fake-clock.ts';

test('whoever sends more than there is room for waits, and events come into the queue in order', async () => {
  const queued: Outgoing[] = [];
  let full: PromiseWithResolvers<void> | undefined = Promise.withResolvers();
  const client = createEventClient({
    lanes: { send: (event) => void queued.push(event), room: () => full?.promise },
    overrides: {},
    clock: fakeClock(),
    settled: () => undefined,
  });
  const results = [0, 1, 2].map((n) => client.send({ id: `${n}`, source: '/s', type: 't', subject: 'x' }));
  await turn();
  assert.equal(queued.length, 0);
  const before = full;
  full = undefined;
  before.resolve();
  await turn();
  assert.deepEqual(
    queued.map(({ event, lane }) => [event.id, lane]),
    ['0', '1', '2'].map((id) => [id, '/s\nx']),
  );
  queued[1]?.settled('delivered');
  assert.deepEqual(await results[1], { is: 'delivered' });
  client.end();
  assert.deepEqual(await Promise.all([results[0], results[2]]), [{ is: 'stopped' }, { is: 'stopped' }]);
  assert.deepEqual(await client.send({ source: '/s', type: 't' }), { is: 'stopped' });
});
