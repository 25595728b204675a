import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CloudEvent } from '../../src/events/cloud-event.ts';
import { createEventCounter } from '../../src/preview/event-counter.ts';

function event(type: string, bytes: number): CloudEvent {
  return {
    id: '1',
    source: '/s',
    type: `dev.knative.apiserver.resource.${type}`,
    extensions: {},
    data: Buffer.alloc(bytes),
  };
}

test('events are counted by resource and type, and each is settled at once', () => {
  const counter = createEventCounter('binary', 2);
  const settled: string[] = [];
  const send = (lane: string, type: string, bytes: number): void =>
    counter.lanes.send({ lane, event: event(type, bytes), settled: (as) => settled.push(as) });
  send('pods./shop/a', 'add', 10);
  counter.begin();
  send('pods./shop/a', 'update', 20);
  send('pods./shop/a', 'update', 30);
  send('deployments.apps/shop/b', 'add', 40);
  send('pods./shop/b', 'add', 50);
  const numbers = [...counter.rows(), counter.total()].map(({ resource, type, events, eventsAtStart, bytes }) => [
    resource,
    type.split('.').at(-1),
    events,
    eventsAtStart,
    bytes,
  ]);
  assert.deepEqual(numbers, [
    ['deployments.apps', 'add', 1, 0, 40],
    ['pods', 'add', 2, 1, 60],
    ['pods', 'update', 2, 0, 50],
    ['', '', 5, 1, 150],
  ]);
  assert.deepEqual(settled, Array(5).fill('delivered'));
  assert.deepEqual(
    counter.samples().map(({ type, data }) => [type.split('.').at(-1), data?.length]),
    [
      ['add', 10],
      ['update', 20],
    ],
  );
  assert.equal(counter.lanes.room(), undefined);
});

test('bytes are those of the body that a sink would get', () => {
  const counter = createEventCounter('structured', 0);
  counter.lanes.send({ lane: 'pods./a/b', event: event('add', 10), settled: () => undefined });
  assert.ok(counter.total().bytes > 100);
  assert.deepEqual(counter.samples(), []);
});
