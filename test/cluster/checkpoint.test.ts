import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { RECORD_ANNOTATION } from '../../src/checkpoint/record.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { loadClusterAccess } from '../../src/kube/config.ts';
import { headOf, snapshotOf } from '../checkpoint/lives.ts';
import { add, begin, list, settle, store } from '../checkpoint/source-state.ts';
import { clientFor, never } from '../kube/scripted-server.ts';
import { type KubeObject } from '../support/admin.ts';
import { sharedCluster, testNamespace } from '../support/cluster.ts';

const { admin, adminKubeconfig } = sharedCluster();

async function clientOf(t: TestContext): Promise<KubeClient> {
  return clientFor(t, await loadClusterAccess({ kubeconfig: adminKubeconfig, env: {} }));
}

function heads(count: number): ReturnType<typeof headOf>[] {
  return Array.from({ length: count }, (_, i) => headOf(`object-${i}`, `uid-${i}`, 100 + i));
}

test('a real API server keeps an index that grows from one ConfigMap to four, and what is in it', async (t) => {
  const kube = await clientOf(t);
  const namespace = await testNamespace(t, 'checkpoint');
  const first = await begin(kube, { namespace });
  list(first.checkpoint.memoryOf('s'), heads(1_500), 10);
  await store(first);
  const second = await begin(kube, { namespace });
  const memory = second.checkpoint.memoryOf('s');
  assert.deepEqual([memory.known.size, memory.position?.resourceVersion], [1_500, '10']);
  const young = heads(5_000).slice(1_500);
  settle(
    memory.ledger,
    young.map((object) => add(memory, object)),
    20,
  );
  await second.checkpoint.saveIndex('now', never());
  await second.checkpoint.release({}, never());

  const { items } = await admin.list(`/api/v1/namespaces/${namespace}/configmaps`);
  const names = items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith('web-'));
  assert.deepEqual(names, ['web-index-0', 'web-index-1', 'web-index-2', 'web-index-3']);
  const third = await begin(kube, { namespace });
  assert.deepEqual(third.checkpoint.problems, []);
  const { known, position } = third.checkpoint.memoryOf('s');
  assert.deepEqual(position, { resourceVersion: '20', epoch: 0, complete: true });
  assert.deepEqual(snapshotOf(known.all()), snapshotOf(heads(5_000)));
});

test('at a real API server, a ConfigMap that somebody edits or deletes is written anew', async (t) => {
  const kube = await clientOf(t);
  const namespace = await testNamespace(t, 'edited');
  const path = `/api/v1/namespaces/${namespace}/configmaps/web-index-0`;
  const life = await begin(kube, { namespace });
  const memory = life.checkpoint.memoryOf('s');
  list(memory, heads(1), 10);
  await store(life);
  for (const [harm, code] of [
    [() => admin.patch(path, { binaryData: { index: 'AAAA' } }), 'conflict'],
    [() => admin.delete(path), 'notFound'],
  ] as const) {
    await harm();
    memory.ledger.soil();
    await assert.rejects(life.checkpoint.saveIndex('now', never()), (error: { code?: string }) => {
      assert.ok(error.code === code || error.code === 'conflict', error.code);
      return true;
    });
    await store(life);
    const next = await begin(kube, { namespace });
    assert.deepEqual(next.checkpoint.problems, []);
    assert.equal(next.checkpoint.memoryOf('s').known.size, 1);
  }
});

test('at a real API server, a Lease that is restored without its uid is one of another cluster', async (t) => {
  const kube = await clientOf(t);
  const namespace = await testNamespace(t, 'copied');
  const life = await begin(kube, { namespace });
  list(life.checkpoint.memoryOf('s'), heads(3), 10);
  await store(life);
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const { metadata, ...rest }: KubeObject = await admin.get(`${leases}/web`);
  await admin.delete(`${leases}/web`);
  await admin.create(leases, { ...rest, metadata: { name: 'web', annotations: metadata.annotations } });
  assert.ok(metadata.annotations?.[RECORD_ANNOTATION] !== undefined);
  const next = await begin(kube, { namespace });
  assert.match(next.checkpoint.problems[0] ?? '', /another cluster/);
  assert.equal(next.checkpoint.memoryOf('s').position, undefined);
});
