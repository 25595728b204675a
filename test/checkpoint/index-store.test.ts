import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createIndexStore, type IndexStore } from '../../src/checkpoint/index-store.ts';
import { packShard } from '../../src/checkpoint/packing.ts';
import { allShards, cut } from '../../src/checkpoint/sharding.ts';
import { createLedger } from '../../src/checkpoint/ledger.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { createKnownObjects } from '../../src/watch/known-objects.ts';
import { type ObjectServer, objectServer } from '../kube/object-server.ts';
import { never } from '../kube/scripted-server.ts';
import { headOf, snapshotOf } from './lives.ts';
import { fakeClock } from '../support/fake-clock.ts';

const COLLECTION = '/api/v1/namespaces/shop/configmaps';
const OWNER = { apiVersion: 'sources.knative.dev/v1', kind: 'ApiServerSource', name: 'web', uid: 'uid-of-web' };

function storeOf(kube: KubeClient): IndexStore {
  return createIndexStore(kube, { namespace: 'shop', name: 'web', owner: OWNER });
}

/** The packed shards of an index of these names, all at one version. */
function shards(names: readonly string[], of: number, version: number): Map<number, Buffer> {
  const known = createKnownObjects();
  for (const name of names) known.remember(headOf(name, `u-${name}`, version));
  const cuts = cut(
    new Map([['s', createLedger({ known, start: undefined, clock: fakeClock() })]]),
    { of, number: 1 },
    allShards(of),
  );
  return new Map(Array.from(cuts, ([number, shard]) => [number, packShard(shard)]));
}

async function save(store: IndexStore, packed: ReadonlyMap<number, Buffer>): Promise<void> {
  for (const [number, bytes] of packed) await store.save(number, bytes, never());
}

function dataOf(server: ObjectServer, shard: number): Record<string, string> {
  return server.objects.get(`${COLLECTION}/web-index-${shard}`)?.['binaryData'] as Record<string, string>;
}

function damage(server: ObjectServer, shard: number, index: string): void {
  server.touch(`${COLLECTION}/web-index-${shard}`, { binaryData: { index } });
}

const NAMES = Array.from({ length: 20 }, (_, i) => `o${i}`);

test('an index that is saved is loaded by the next one, from ConfigMaps that belong to the source', async (t) => {
  const server = await objectServer(t);
  await save(storeOf(server.client), shards(NAMES, 4, 5));
  const loaded = await storeOf(server.client).load(undefined, never());
  assert.deepEqual([loaded.of, loaded.problems], [4, []]);
  assert.deepEqual(
    snapshotOf(loaded.objects.get('s') ?? []),
    Object.fromEntries(NAMES.map((name) => [name, `u-${name}@5`])),
  );
  assert.equal(server.objects.size, 4);
  const stored = server.objects.get(`${COLLECTION}/web-index-3`);
  assert.equal(stored?.['kind'], 'ConfigMap');
  assert.deepEqual(stored.metadata['ownerReferences'], [OWNER]);
  assert.deepEqual(stored.metadata['labels'], { 'app.kubernetes.io/managed-by': 'watchbridge' });
});

test('a source whose uid is not told has ConfigMaps without an owner', async (t) => {
  const server = await objectServer(t);
  const store = createIndexStore(server.client, { namespace: 'shop', name: 'web', owner: undefined });
  await save(store, shards(NAMES, 1, 5));
  assert.equal(server.objects.get(`${COLLECTION}/web-index-0`)?.metadata['ownerReferences'], undefined);
});

test('a shard that was read or written is replaced without being read again', async (t) => {
  const server = await objectServer(t);
  const store = storeOf(server.client);
  await save(store, shards(NAMES, 1, 5));
  await save(store, shards(NAMES, 1, 6));
  const next = storeOf(server.client);
  await next.load(undefined, never());
  await save(next, shards(NAMES, 1, 7));
  assert.deepEqual(server.requests, [
    'GET web-index-0',
    'PATCH web-index-0',
    'PUT web-index-0',
    'GET web-index-0',
    'PUT web-index-0',
  ]);
});

test('what is missing or damaged is told, and the rest is used', async (t) => {
  const whole = shards(NAMES, 4, 5);
  const rows: [what: string, harm: (server: ObjectServer) => void, problem: RegExp][] = [
    ['gone', (it) => it.objects.delete(`${COLLECTION}/web-index-2`), /shop\/web-index-2: It is not there/],
    ['empty', (it) => damage(it, 2, ''), /shop\/web-index-2: .*does not begin as one/],
    ['base64 junk', (it) => damage(it, 2, '!§$%'), /shop\/web-index-2: .*does not begin as one/],
    ['cut', (it) => damage(it, 2, dataOf(it, 2)['index']?.slice(0, -8) ?? ''), /shop\/web-index-2: .*checksum/],
    [
      'one of three',
      (it) => damage(it, 2, packShard({ of: 3, cut: 1, objects: new Map() }).toString('base64')),
      /shop\/web-index-2: It is one of 3 parts/,
    ],
    [
      'one of 128',
      (it) => damage(it, 2, packShard({ of: 128, cut: 1, objects: new Map() }).toString('base64')),
      /shop\/web-index-2: It is one of 128 parts/,
    ],
    ['without data', (it) => it.touch(`${COLLECTION}/web-index-2`, { binaryData: undefined }), /web-index-2: /],
  ];
  for (const [what, harm, problem] of rows) {
    const server = await objectServer(t);
    await save(storeOf(server.client), whole);
    harm(server);
    const { objects, of, problems } = await storeOf(server.client).load(undefined, never());
    assert.equal(of, 4, what);
    assert.equal(problems.length, 1, what);
    assert.match(problems[0] ?? '', problem, what);
    const left = objects.get('s')?.length ?? 0;
    assert.ok(left > 10 && left < 20, `${what}: ${left} objects`);
  }
});

test('where there is no index, that is told', async (t) => {
  const server = await objectServer(t);
  const { objects, of, problems } = await storeOf(server.client).load(undefined, never());
  assert.deepEqual([objects.size, of, problems.length], [0, 1, 1]);
});

test('another writer of a shard is noticed, and replaced by the write after that', async (t) => {
  const server = await objectServer(t);
  const store = storeOf(server.client);
  await save(store, shards(NAMES, 1, 5));
  damage(server, 0, 'somebody else');
  await assert.rejects(save(store, shards(NAMES, 1, 6)), { code: 'conflict' });
  assert.deepEqual(dataOf(server, 0), { index: 'somebody else' });
  await save(store, shards(NAMES, 1, 7));
  assert.equal((await storeOf(server.client).load(undefined, never())).objects.get('s')?.[0]?.resourceVersion, '7');
});

test('another writer who creates a shard first is noticed', async (t) => {
  const server = await objectServer(t);
  const [ours, theirs] = [storeOf(server.client), storeOf(server.client)];
  await ours.load(undefined, never());
  server.rule((request) => {
    if (request !== 'PATCH web-index-0') return undefined;
    server.rule(() => undefined);
    return 409;
  });
  await assert.rejects(save(ours, shards(NAMES, 1, 5)), { code: 'conflict' });
  await save(theirs, shards(NAMES, 1, 6));
  await save(ours, shards(NAMES, 1, 7));
  assert.equal((await storeOf(server.client).load(undefined, never())).objects.get('s')?.[0]?.resourceVersion, '7');
});

test('a write whose answer is lost is followed by one that succeeds, whether it was done or not', async (t) => {
  for (const first of ['PATCH', 'PUT']) {
    for (const mishap of ['unanswered', 500] as const) {
      const server = await objectServer(t);
      const store = storeOf(server.client);
      if (first === 'PUT') await save(store, shards(NAMES, 1, 4));
      server.rule((request) => (request.startsWith('GET') ? undefined : mishap));
      await assert.rejects(save(store, shards(NAMES, 1, 5)), { advice: 'retry' });
      server.rule(() => undefined);
      await save(store, shards(NAMES, 1, 6));
      const { objects } = await storeOf(server.client).load(undefined, never());
      assert.equal(objects.get('s')?.[0]?.resourceVersion, '6', `${first}, ${mishap}`);
    }
  }
});

test('a shard that somebody deletes is made anew', async (t) => {
  const server = await objectServer(t);
  const store = storeOf(server.client);
  await save(store, shards(NAMES, 1, 5));
  server.objects.clear();
  await assert.rejects(save(store, shards(NAMES, 1, 6)), { code: 'notFound' });
  await save(store, shards(NAMES, 1, 7));
  assert.deepEqual((await storeOf(server.client).load(undefined, never())).problems, []);
});

test('an index that may not be read is an error, not an empty index', async (t) => {
  for (const [status, code] of [
    [403, 'forbidden'],
    [503, 'serverError'],
  ] as const) {
    const server = await objectServer(t);
    await save(storeOf(server.client), shards(NAMES, 2, 5));
    server.rule((request) => (request === 'GET web-index-1' ? status : undefined));
    await assert.rejects(storeOf(server.client).load(undefined, never()), { code });
  }
});
