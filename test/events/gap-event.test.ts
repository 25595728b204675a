import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Origin } from '../../src/events/from-change.ts';
import { gapEvent } from '../../src/events/gap-event.ts';
import type { StreamNews } from '../../src/watch/stream-news.ts';

type Gap = Extract<StreamNews, { is: 'listed' }>;

const ORIGIN: Origin = {
  server: 'https://10.0.0.1:443',
  resource: { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', namespaced: true, verbs: [] },
  mode: 'Resource',
  scope: '0badcafe',
  overrides: { cluster: 'blue' },
};
const GAP: Gap = {
  is: 'listed',
  why: 'expired',
  since: '41',
  resourceVersion: '97',
  lost: 'states',
  found: { objects: 7, added: 1, updated: 2, deleted: 3 },
};

function eventOf(gap: Partial<Gap> = {}, stream = 'deployments.v1.apps in shop'): ReturnType<typeof gapEvent> {
  return gapEvent({ ...GAP, ...gap }, ORIGIN, stream, Date.UTC(2026, 0, 2));
}

test('a gap is told as an event of its own type, with what is known of it', () => {
  const { id, data, ...attributes } = eventOf();
  assert.match(id, /^0badcafe\.gap\.[0-9a-f]{8}\.41-97$/);
  assert.deepEqual(attributes, {
    source: 'https://10.0.0.1:443',
    type: 'dev.watchbridge.apiserver.gap',
    subject: '/apis/apps/v1/deployments',
    time: '2026-01-02T00:00:00.000Z',
    datacontenttype: 'application/json',
    extensions: { cluster: 'blue' },
  });
  assert.deepEqual(JSON.parse(Buffer.from(data ?? []).toString()), {
    stream: 'deployments.v1.apps in shop',
    why: 'expired',
    since: '41',
    until: '97',
    lost: 'states',
    objects: 7,
    added: 1,
    updated: 2,
    deleted: 3,
  });
});

test('a gap without a beginning has none in its data, and 0 in its id', () => {
  const { id, data } = eventOf({ why: 'rewound', since: undefined });
  assert.match(id, /\.0-97$/);
  assert.equal('since' in (JSON.parse(Buffer.from(data ?? []).toString()) as object), false);
});

test('the same gap has the same id, and another one has another', () => {
  assert.equal(eventOf().id, eventOf({ found: { objects: 0, added: 0, updated: 0, deleted: 0 } }).id);
  const ids = [
    eventOf(),
    eventOf({ since: '42' }),
    eventOf({ resourceVersion: '98' }),
    // Two namespaces of one source can lose their history together.
    eventOf({}, 'deployments.v1.apps in garden'),
  ].map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
});
