import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { RECORD_ANNOTATION } from '../../src/checkpoint/record.ts';
import { shardOf } from '../../src/checkpoint/sharding.ts';
import { LeadershipLost } from '../../src/kube/leadership.ts';
import { type ObjectServer, objectServer } from '../kube/object-server.ts';
import { never } from '../kube/scripted-server.ts';
import { headOf, snapshotOf } from './lives.ts';
import { add, begin, list, type Life, settle, store } from './source-state.ts';

const LEASE = '/apis/coordination.k8s.io/v1/namespaces/shop/leases/web';
const INDEX = '/api/v1/namespaces/shop/configmaps/web-index-';
const [A, B, C, D] = [headOf('a', 'u1', 5), headOf('b', 'u2', 6), headOf('c', 'u3', 12), headOf('d', 'u4', 14)];

/** A life whose streams `s` and `t` have listed two objects and none. */
async function begun(server: ObjectServer): Promise<Life> {
  const life = await begin(server.client);
  list(life.checkpoint.memoryOf('s'), [A, B], 10);
  list(life.checkpoint.memoryOf('t'), [], 11);
  return life;
}

/** What a life begins with in a stream. */
function beginning({ checkpoint }: Life, stream = 's'): { position: object | undefined; objects: object } {
  const { position, known } = checkpoint.memoryOf(stream);
  return { position, objects: snapshotOf(known.all()) };
}

function positionAt(resourceVersion: string, complete = true): object {
  return { resourceVersion, epoch: 0, complete };
}

const FIRST = { position: undefined, objects: {} };
const STORED = { position: positionAt('10'), objects: { a: 'u1@5', b: 'u2@6' } };

function recordIn(server: ObjectServer): { lease?: string; delta?: string; positions: Record<string, unknown> } {
  const annotations = server.objects.get(LEASE)?.metadata['annotations'] as Record<string, string>;
  return JSON.parse(annotations[RECORD_ANNOTATION] ?? '{}') as ReturnType<typeof recordIn>;
}

test('a source that never ran begins with nothing, and nothing is wrong with that', async (t) => {
  const server = await objectServer(t);
  const life = await begin(server.client);
  assert.deepEqual(life.checkpoint.problems, []);
  assert.deepEqual(beginning(life), FIRST);
});

test('what was stored is what the next life begins with', async (t) => {
  const server = await objectServer(t);
  await store(await begun(server));
  const next = await begin(server.client);
  assert.deepEqual(next.checkpoint.problems, []);
  assert.deepEqual(beginning(next), STORED);
  assert.deepEqual(beginning(next, 't'), { position: positionAt('11'), objects: {} });
});

test('a position is stored only after the index that belongs to it, or with what the index lacks', async (t) => {
  const server = await objectServer(t);
  const life = await begun(server);
  await life.checkpoint.renew({}, never());
  assert.deepEqual(recordIn(server).positions, {});
  await life.checkpoint.saveIndex('now', never());
  assert.deepEqual(recordIn(server).positions, {});
  const memory = life.checkpoint.memoryOf('s');
  settle(memory.ledger, [add(memory, C)], 12);
  const writes = server.requests.length;
  await life.checkpoint.renew({}, never());
  assert.deepEqual(server.requests.slice(writes), ['PUT web']);
  assert.deepEqual(recordIn(server).positions, { s: ['12', 0, true], t: ['11', 0, true] });
  assert.deepEqual(beginning(await begin(server.client)).objects, { ...STORED.objects, c: 'u3@12' });
});

test('who crashes and crashes again before it wrote an index has lost nothing of the delta', async (t) => {
  const server = await objectServer(t);
  const first = await begun(server);
  await store(first);
  const memory = first.checkpoint.memoryOf('s');
  const [gone] = [A].map(
    (object) => ({ type: 'delete', object, body: undefined, before: object, foundBy: 'watch' }) as const,
  );
  assert.ok(gone !== undefined);
  memory.known.forget('n', 'a');
  settle(memory.ledger, [add(memory, C), gone], 13);
  await first.checkpoint.renew({}, never());
  const expected = { position: positionAt('13'), objects: { b: 'u2@6', c: 'u3@12' } };
  for (let life = 0; life < 3; life++) {
    const next = await begin(server.client);
    assert.deepEqual([next.checkpoint.problems, beginning(next)], [[], expected], `life ${life}`);
    await next.checkpoint.renew({}, never());
  }
  const last = await begin(server.client);
  await store(last);
  assert.equal(recordIn(server).delta, undefined);
  assert.deepEqual(beginning(await begin(server.client)), expected);
});

test('a delta that is older than the index takes nothing of it back', async (t) => {
  const server = await objectServer(t);
  const life = await begun(server);
  await store(life);
  const memory = life.checkpoint.memoryOf('s');
  settle(memory.ledger, [add(memory, C)], 12);
  await life.checkpoint.renew({}, never());
  memory.known.forget('n', 'c');
  settle(memory.ledger, [{ type: 'delete', object: C, body: undefined, before: C, foundBy: 'watch' }], 13);
  await life.checkpoint.saveIndex('now', never());
  // The crash comes before the next renewal.
  assert.deepEqual(beginning(await begin(server.client)), { ...STORED, position: positionAt('12') });
});

for (const end of ['crash', 'orderly end']) {
  test(`a write of the last holder that comes late takes back nothing of the next one, after whose ${end}`, async (t) => {
    const server = await objectServer(t);
    const old = await begun(server);
    await store(old);
    const memory = old.checkpoint.memoryOf('s');
    settle(memory.ledger, [add(memory, C)], 12);
    const before = server.objects.get(`${INDEX}0`);
    await old.checkpoint.saveIndex('now', never());
    const late = server.objects.get(`${INDEX}0`);
    assert.ok(before !== undefined && late !== undefined);
    server.objects.set(`${INDEX}0`, before);
    // The old one crashes or freezes here, and its write is on its way.
    const next = await begin(server.client);
    const other = next.checkpoint.memoryOf('s');
    settle(other.ledger, [add(other, C), add(other, D)], 14);
    await next.checkpoint.renew({}, never());
    // Its condition holds, as the next holder has not written this part.
    server.objects.set(`${INDEX}0`, late);
    if (end !== 'crash') {
      await assert.rejects(next.checkpoint.saveIndex('now', never()), { code: 'conflict' });
      await next.checkpoint.release({}, never());
    }
    const expected = { position: positionAt('14'), objects: { ...STORED.objects, c: 'u3@12', d: 'u4@14' } };
    assert.deepEqual(beginning(await begin(server.client)), expected);
  });
}

test('an index that grows is written as a whole, whatever changed of it', async (t) => {
  const server = await objectServer(t);
  const life = await begin(server.client);
  const memory = life.checkpoint.memoryOf('s');
  const many = Array.from({ length: 2_000 }, (_, i) => headOf(`o${i}`, randomUUID(), 5));
  list(memory, many, 10);
  await store(life);
  const name = ['x', 'y', 'z', 'p', 'q', 'r'].find((it) => shardOf('s', `n/${it}`, 2) === 0) ?? '';
  settle(memory.ledger, [add(memory, headOf(name, 'u', 11))], 11);
  const writes = server.requests.length;
  await store(life);
  assert.deepEqual(
    server.requests.slice(writes).filter((it) => it.startsWith('P')),
    ['PATCH web-index-1', 'PUT web-index-0', 'PUT web'],
  );
  const next = await begin(server.client);
  assert.deepEqual([next.checkpoint.problems, next.checkpoint.memoryOf('s').known.size], [[], 2_001]);
});

test('a delta that is damaged is told, and then it is not known what existed', async (t) => {
  const server = await objectServer(t);
  const life = await begun(server);
  await store(life);
  const memory = life.checkpoint.memoryOf('s');
  settle(memory.ledger, [add(memory, C)], 12);
  await life.checkpoint.renew({}, never());
  const lease = server.objects.get(LEASE);
  const record = JSON.stringify({ ...recordIn(server), delta: 'AAAA' });
  server.touch(LEASE, { metadata: { ...lease?.metadata, annotations: { [RECORD_ANNOTATION]: record } } });
  const next = await begin(server.client);
  assert.match(next.checkpoint.problems[0] ?? '', /part of the stored index cannot be used/);
  assert.deepEqual(beginning(next).position, positionAt('12', false));
});

test('an index is written where a delta has little room left, and else once a minute', async (t) => {
  const server = await objectServer(t);
  const life = await begun(server);
  await store(life);
  const { checkpoint, clock } = life;
  const memory = checkpoint.memoryOf('s');
  let version = 20;
  const come = (count: number): void => {
    const changes = Array.from({ length: count }, () => add(memory, headOf(`o${++version}`, randomUUID(), version)));
    settle(memory.ledger, changes, version);
  };
  const asked = async (ms: number): Promise<readonly string[]> => {
    await clock.advance(ms);
    await checkpoint.renew({}, never());
    const before = server.requests.length;
    await checkpoint.saveIndex('whenDue', never());
    return server.requests.slice(before);
  };
  come(1);
  assert.deepEqual(await asked(1_000), []);
  come(100);
  assert.deepEqual(await asked(5_000), []);
  come(300);
  assert.deepEqual(await asked(5_000), ['PUT web-index-0']);
  come(1);
  for (let second = 0; second < 55; second += 5) assert.deepEqual(await asked(5_000), [], `after ${second} s`);
  assert.deepEqual(await asked(5_000), ['PUT web-index-0']);
  assert.deepEqual(await asked(60_000), []);
});

test('objects that came or went are news until they are stored; versions are none', async (t) => {
  const server = await objectServer(t);
  const life = await begun(server);
  const { checkpoint } = life;
  await store(life);
  assert.equal(checkpoint.isNews(), false);
  const memory = checkpoint.memoryOf('s');
  const later = headOf('a', 'u1', 12);
  memory.known.remember(later);
  settle(memory.ledger, [{ type: 'update', object: later, body: undefined, before: A, foundBy: 'watch' }], 12);
  assert.equal(checkpoint.isNews(), false);
  settle(memory.ledger, [add(memory, C)], 13);
  assert.equal(checkpoint.isNews(), true);
  await checkpoint.renew({}, never());
  assert.equal(checkpoint.isNews(), false);
});

test('where there is no room for the versions, those who came or went are stored, and where there is none for them, nothing is', async (t) => {
  const server = await objectServer(t);
  const life = await begin(server.client);
  const many = Array.from({ length: 1_900 }, (_, i) => headOf(`o${i}`, randomUUID(), 5));
  const { checkpoint } = life;
  const memory = checkpoint.memoryOf('s');
  list(memory, many, 10);
  await store(life);
  const touched = many.slice(0, 1_000).map((before, i) => {
    const object = { ...before, resourceVersion: String(20 + i) };
    memory.known.remember(object);
    return { type: 'update', object, body: undefined, before, foundBy: 'watch' } as const;
  });
  settle(memory.ledger, [...touched, add(memory, C)], 1_100);
  await checkpoint.renew({}, never());
  const { position, objects } = beginning(await begin(server.client));
  assert.deepEqual(position, positionAt('1100'));
  assert.deepEqual([Object.keys(objects).length, (objects as Record<string, string>)['c']], [1_901, 'u3@12']);
  const born = Array.from({ length: 1_000 }, (_, i) => add(memory, headOf(`p${i}`, randomUUID(), 1_200 + i)));
  settle(memory.ledger, born, 2_300);
  await checkpoint.renew({}, never());
  assert.equal(checkpoint.isNews(), false);
  assert.deepEqual(beginning(await begin(server.client)).position, positionAt('1100'));
});

test('what is on its way is not stored', async (t) => {
  const server = await objectServer(t);
  const life = await begun(server);
  const memory = life.checkpoint.memoryOf('s');
  memory.ledger.open({ changes: [add(memory, C)], epoch: 0, resumeAt: '12' });
  await store(life);
  assert.deepEqual(beginning(await begin(server.client)), STORED);
});

test('an index that did not change is not written again', async (t) => {
  const server = await objectServer(t);
  const life = await begun(server);
  await store(life);
  const writes = server.requests.length;
  life.checkpoint.memoryOf('s').ledger.open({ changes: [], epoch: 0, resumeAt: '20' });
  await store(life);
  assert.deepEqual(server.requests.slice(writes), ['PUT web']);
  assert.equal(life.written.length, 1);
  assert.deepEqual(recordIn(server).positions['s'], ['20', 0, true]);
});

test('a stream that is not configured any more is forgotten, and one that has not run is kept', async (t) => {
  const server = await objectServer(t);
  await store(await begun(server));
  // `s` is of a resource that is absent for now: nobody asks for its memory.
  const second = await begin(server.client, { streams: ['s', 'new'] });
  list(second.checkpoint.memoryOf('new'), [C], 15);
  await store(second);
  const third = await begin(server.client, { streams: ['s', 't', 'new'] });
  assert.deepEqual(beginning(third), STORED);
  assert.deepEqual(beginning(third, 't'), FIRST);
  assert.deepEqual(beginning(third, 'new'), { position: positionAt('15'), objects: { c: 'u3@12' } });
});

test('a checkpoint that was copied from another cluster is not used, and told', async (t) => {
  const server = await objectServer(t);
  await store(await begun(server));
  const copy = server.objects.get(LEASE);
  assert.ok(copy !== undefined);
  server.objects.set(LEASE, { ...copy, metadata: { ...copy.metadata, uid: 'of-another-cluster' } });
  const next = await begin(server.client);
  assert.match(next.checkpoint.problems[0] ?? '', /was written in another cluster, or its Lease was made anew/);
  assert.deepEqual(beginning(next), FIRST);
});

test('a record that cannot be read is told, and nothing of it is used', async (t) => {
  const server = await objectServer(t);
  await store(await begun(server));
  const lease = server.objects.get(LEASE);
  const annotations = { [RECORD_ANNOTATION]: '{"version":7}' };
  server.touch(LEASE, { metadata: { ...lease?.metadata, annotations } });
  const next = await begin(server.client);
  assert.match(next.checkpoint.problems[0] ?? '', /version 7, and this program understands up to 2/);
  assert.deepEqual(beginning(next), FIRST);
});

test('an index that lost objects says so until the objects are listed again', async (t) => {
  for (const [what, harm] of [
    ['missing', (server: ObjectServer) => server.objects.delete(`${INDEX}0`)],
    ['damaged', (server: ObjectServer) => server.touch(`${INDEX}0`, { binaryData: { index: 'AAAA' } })],
  ] as const) {
    const server = await objectServer(t);
    await store(await begun(server));
    harm(server);
    const second = await begin(server.client);
    assert.equal(second.checkpoint.problems.length, 1, what);
    const memory = second.checkpoint.memoryOf('s');
    assert.deepEqual(memory.position, positionAt('10', false), what);
    // Before anything is written over what is damaged.
    assert.deepEqual(recordIn(server).positions['s'], ['10', 0, false], what);
    settle(memory.ledger, [add(memory, C)], 12);
    await store(second);

    const third = await begin(server.client);
    assert.deepEqual(third.checkpoint.problems, [], what);
    assert.deepEqual(beginning(third), { position: positionAt('12', false), objects: { c: 'u3@12' } }, what);
    list(third.checkpoint.memoryOf('s'), [A, B, C], 13);
    await store(third);
    const fourth = beginning(await begin(server.client));
    assert.deepEqual(fourth, { position: positionAt('13'), objects: { ...STORED.objects, c: 'u3@12' } }, what);
  }
});

test('positions that were stored without an index do not vouch for an older one', async (t) => {
  const server = await objectServer(t);
  await store(await begun(server));
  const second = await begin(server.client, { tier: 'Position' });
  assert.deepEqual(beginning(second), { position: positionAt('10', false), objects: {} });
  list(second.checkpoint.memoryOf('s'), [A, B, C], 20);
  await store(second);
  const third = await begin(server.client);
  assert.deepEqual(beginning(third).position, positionAt('20', false));
});

test('another writer of the index is an error once, and then everything is written anew', async (t) => {
  const server = await objectServer(t);
  const life = await begun(server);
  await store(life);
  server.touch(`${INDEX}0`, { binaryData: { index: 'AAAA' } });
  const memory = life.checkpoint.memoryOf('s');
  settle(memory.ledger, [add(memory, C)], 12);
  await assert.rejects(life.checkpoint.saveIndex('now', never()), { code: 'conflict' });
  await life.checkpoint.renew({}, never());
  assert.deepEqual(recordIn(server).positions['s'], ['10', 0, true]);
  await store(life);
  const expected = { position: positionAt('12'), objects: { ...STORED.objects, c: 'u3@12' } };
  assert.deepEqual(beginning(await begin(server.client)), expected);
});

test('who was frozen for longer than others wait writes no index, and nothing at all once somebody else wrote the Lease', async (t) => {
  const server = await objectServer(t);
  const life = await begun(server);
  await life.clock.advance(10_000);
  const before = server.requests.length;
  await assert.rejects(life.checkpoint.saveIndex('now', never()), LeadershipLost);
  assert.equal(server.requests.length, before);
  server.touch(LEASE, { spec: { holderIdentity: 'two' } });
  const theirs = server.objects.get(LEASE);
  await assert.rejects(life.checkpoint.renew({}, never()), LeadershipLost);
  await assert.rejects(life.checkpoint.release({}, never()), LeadershipLost);
  assert.equal(server.objects.get(LEASE), theirs);
});

test('who could not renew in time stores where it is as soon as it can, if nobody else wrote the Lease meanwhile', async (t) => {
  const server = await objectServer(t);
  const life = await begun(server);
  await store(life);
  await life.clock.advance(60_000);
  const memory = life.checkpoint.memoryOf('s');
  settle(memory.ledger, [add(memory, C)], 12);
  assert.equal(await life.checkpoint.renew({}, never()), 'renewed');
  await store(life);
  const expected = { position: positionAt('12'), objects: { ...STORED.objects, c: 'u3@12' } };
  assert.deepEqual(beginning(await begin(server.client)), expected);
});

test('what else the Lease is to tell is written with the positions', async (t) => {
  const server = await objectServer(t);
  const life = await begun(server);
  await life.checkpoint.saveIndex('now', never());
  await life.checkpoint.renew({ 'watchbridge.dev/report': '{}' }, never());
  const annotations = (): unknown => server.objects.get(LEASE)?.metadata['annotations'];
  assert.deepEqual(Object.keys(annotations() as object).toSorted(), [RECORD_ANNOTATION, 'watchbridge.dev/report']);
  await life.checkpoint.release({ 'watchbridge.dev/report': '{"a":1}' }, never());
  assert.equal((annotations() as Record<string, string>)['watchbridge.dev/report'], '{"a":1}');
});

test('the stored positions are as old as what they were taken from, and no younger before they are written', async (t) => {
  const server = await objectServer(t);
  const { checkpoint, clock } = await begun(server);
  await clock.advance(2_000);
  await checkpoint.saveIndex('now', never());
  assert.equal(checkpoint.storedAt(), 0);
  await clock.advance(1_000);
  await checkpoint.renew({}, never());
  assert.equal(checkpoint.storedAt(), 3_000);
  const memory = checkpoint.memoryOf('s');
  assert.equal(checkpoint.heldSince(), undefined);
  memory.ledger.open({ changes: [add(memory, C)], epoch: 0, resumeAt: '12' });
  assert.equal(checkpoint.heldSince(), 3_000);
});

test('objects that storing the index changes do not make it be stored for ever', async (t) => {
  const server = await objectServer(t);
  const ignoredIn = (stream: string) => (stream === 's' ? ({ name }: { name: string }) => name === 'c' : undefined);
  const life = await begin(server.client, { ignoredIn });
  list(life.checkpoint.memoryOf('s'), [A, B], 10);
  list(life.checkpoint.memoryOf('t'), [], 11);
  await store(life);
  for (const [stream, writes] of [
    ['s', 0],
    ['t', 1],
  ] as const) {
    const before = server.requests.length;
    const memory = life.checkpoint.memoryOf(stream);
    settle(memory.ledger, [add(memory, C)], 12);
    await store(life);
    const written = server.requests.slice(before).filter((it) => it.includes('index'));
    assert.equal(written.length, writes, stream);
    assert.deepEqual(recordIn(server).positions[stream], ['12', 0, true], 'the position goes on');
  }
});

test('positions that the Lease has no room for are left out and told, once', async (t) => {
  const server = await objectServer(t);
  const streams = Array.from({ length: 6_000 }, (_, i) => i.toString(16).padStart(12, '0'));
  const life = await begin(server.client, { streams, tier: 'Position' });
  for (const stream of streams) list(life.checkpoint.memoryOf(stream), [], 10 ** 9);
  await store(life);
  await store(life);
  assert.equal(life.left.length, 1);
  assert.equal(Object.keys(recordIn(server).positions).length, 6_000 - (life.left[0] ?? 0));
});

test('who is frozen between two writes writes no second one', async (t) => {
  const server = await objectServer(t);
  const life = await begin(server.client);
  const many = Array.from({ length: 2_001 }, (_, i) => headOf(`o${i}`, `u${i}`, 5));
  list(life.checkpoint.memoryOf('s'), many, 10);
  server.rule((request) => {
    if (request === 'PATCH web-index-1') void life.clock.advance(10_000);
    return undefined;
  });
  await assert.rejects(life.checkpoint.saveIndex('now', never()), LeadershipLost);
  assert.deepEqual(
    [...server.objects.keys()].filter((path) => path.startsWith(INDEX)),
    [`${INDEX}1`],
  );
});

test('a Lease that somebody deletes is made anew, and its record names the new one at once', async (t) => {
  const server = await objectServer(t);
  const life = await begun(server);
  await store(life);
  server.objects.delete(LEASE);
  await life.checkpoint.renew({}, never());
  assert.equal(recordIn(server).lease, server.objects.get(LEASE)?.metadata.uid);
  assert.deepEqual(beginning(await begin(server.client)), STORED);
});

test('an API server that went back gets all of the index again', async (t) => {
  const server = await objectServer(t);
  const life = await begun(server);
  await store(life);
  const backup = new Map(server.objects);
  const memory = life.checkpoint.memoryOf('s');
  settle(memory.ledger, [add(memory, C)], 12);
  await life.clock.advance(1_000);
  await store(life);
  for (const [path, object] of backup) server.objects.set(path, object);
  await life.clock.advance(1_000);
  assert.equal(await life.checkpoint.renew({}, never()), 'rewound');
  // What was restored has another version than the one that was written last.
  await assert.rejects(life.checkpoint.saveIndex('now', never()), { code: 'conflict' });
  await store(life);
  const expected = { position: positionAt('12'), objects: { ...STORED.objects, c: 'u3@12' } };
  assert.deepEqual(beginning(await begin(server.client)), expected);
});

test('what a process told last is uncertain, unless it gave the Lease back', async (t) => {
  const server = await objectServer(t);
  await store(await begun(server));
  const second = await begin(server.client);
  assert.equal(second.checkpoint.memoryOf('s').uncertain, true);
  await second.checkpoint.release({}, never());
  const third = await begin(server.client);
  assert.equal(third.checkpoint.memoryOf('s').uncertain, false);
  assert.equal(third.checkpoint.memoryOf('never ran').uncertain, false);
});

test('a Lease that is given back is free, with the last position in it', async (t) => {
  const server = await objectServer(t);
  const life = await begun(server);
  await life.checkpoint.saveIndex('now', never());
  await life.checkpoint.release({}, never());
  const spec = server.objects.get(LEASE)?.['spec'] as { holderIdentity: string };
  assert.equal(spec.holderIdentity, '');
  assert.equal(life.leadership.holds(), false);
  assert.deepEqual(beginning(await begin(server.client)), STORED);
});

test('a large index is written no faster than 32 KiB a second, failed writes among it, and at once in the end', async (t) => {
  const server = await objectServer(t);
  const life = await begin(server.client);
  const { checkpoint, clock, written } = life;
  const many = Array.from({ length: 5_000 }, (_, i) => headOf(`o${i}`, `u${i}`, i));
  list(checkpoint.memoryOf('s'), many, 10);
  const writesAfter = async (ms: number): Promise<number> => {
    await clock.advance(ms);
    await checkpoint.renew({}, never());
    const before = written.length;
    await checkpoint.saveIndex('whenDue', never()).catch(() => undefined);
    return written.length - before;
  };
  assert.equal(await writesAfter(0), 1);
  const rest = ((written[0] ?? 0) / (32 * 1_024)) * 1_000;
  assert.ok(rest > 100 && rest < 10_000, `${rest} ms`);
  checkpoint.memoryOf('s').ledger.soil();
  assert.equal(await writesAfter(rest - 1), 0);
  // The last of four shards fails: three were written.
  server.rule((request) => (request === 'PUT web-index-0' ? 500 : undefined));
  assert.equal(await writesAfter(1), 1);
  server.rule(() => undefined);
  const shorter = ((written[1] ?? 0) / (32 * 1_024)) * 1_000;
  assert.ok(shorter > rest / 2 && shorter < rest);
  assert.equal(await writesAfter(shorter - 1), 0);
  assert.equal(await writesAfter(1), 1);
  checkpoint.memoryOf('s').ledger.soil();
  await checkpoint.saveIndex('now', never());
  assert.equal(written.length, 4);
});
