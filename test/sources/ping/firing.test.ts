import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firingOf, pingEvent, pingId, readPingId, specProblems } from '../../../src/sources/ping/firing.ts';
import { firing, pingSource } from './firings.ts';

test('the event of a time is the same whenever it is made', () => {
  const it = firing('uid-1', {
    data: 'hello',
    contentType: 'text/plain',
    ceOverrides: { extensions: { Team: 'blue' } },
  });
  assert.deepEqual(pingEvent(it, Date.UTC(2026, 0, 1, 12, 1)), {
    type: 'dev.knative.sources.ping',
    source: '/apis/v1/namespaces/shop/pingsources/ping-uid-1',
    id: 'uid-1.1767268860',
    time: '2026-01-01T12:01:00Z',
    datacontenttype: 'text/plain',
    extensions: { team: 'blue' },
    data: Buffer.from('hello'),
  });
});

test('data without a content type has none, and no data is none', () => {
  assert.equal(pingEvent(firing('a', { data: 'x' }), 0).datacontenttype, undefined);
  assert.equal(pingEvent(firing('a'), 0).data, undefined);
});

test('an id names the source and the time', () => {
  assert.deepEqual(readPingId(pingId('b1.2', 1_767_268_860_000)), { uid: 'b1.2', at: 1_767_268_860_000 });
  assert.equal(readPingId('nothing'), undefined);
});

test('a source fires only when its sink is known and its spec is right', () => {
  const source = pingSource('a');
  const { status = {} } = source;
  assert.ok(firingOf(source) !== undefined);
  const without = { ...status, conditions: [{ type: 'SinkProvided', status: 'False' as const }] };
  assert.equal(firingOf({ ...source, status: without }), undefined);
  assert.equal(firingOf({ ...source, status: {} }), undefined);
  assert.equal(firingOf(pingSource('a', { schedule: 'x' })), undefined);
  const gone = { ...source.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
  assert.equal(firingOf({ ...source, metadata: gone }), undefined);
});

test('all problems of a spec are told at once', () => {
  const problems = specProblems({
    schedule: '@every 1m',
    data: 'x',
    contentType: 'application/json',
    ceOverrides: { extensions: { id: '1' } },
  });
  assert.equal(problems.length, 3);
});

test('a time that never comes is told', () => {
  assert.match(specProblems({ schedule: '0 0 30 2 *' })[0] ?? '', /^spec\.schedule names a time that never comes/);
  assert.deepEqual(specProblems({ schedule: '0 0 29 2 *' }), []);
  for (const schedule of [', * * * *', '* , * * *', '* * , * *', '* * * , *', '* * * * ,', '* * , * ,']) {
    assert.match(specProblems({ schedule })[0] ?? '', /never comes/, schedule);
  }
  for (const schedule of ['0 0 , * 1', '0 0 1 * ,']) assert.deepEqual(specProblems({ schedule }), [], schedule);
});
