import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { resource, startAdapter } from '../support/adapter-process.ts';
import type { KubeObject } from '../support/admin.ts';
import { testNamespace } from '../support/cluster.ts';
import { customResource } from '../support/custom-resource.ts';
import { eventually } from '../support/eventually.ts';
import { allow, allowEverywhere } from '../support/service-account.ts';
import { assertAllTold, configMaps, stage } from '../support/stage.ts';
import { toldBy } from '../support/told.ts';
import { createWriter, type State, type Writer } from '../support/writer.ts';

test('an object that comes to match a selector is added, and one that no longer does is deleted', async (t) => {
  const { cluster, namespace, kubeconfig, sink } = await stage(t, 'labels');
  const resources = [resource('', 'v1', 'configmaps', 'tier in (front,back),!hidden')];
  const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, source: { namespaces: [namespace], resources } });
  await adapter.ready();
  const path = configMaps(namespace);
  const label = (labels: Record<string, string | null>): Promise<unknown> =>
    cluster.admin.patch(`${path}/it`, { metadata: { labels } });
  await cluster.admin.create(path, { metadata: { name: 'it', labels: { tier: 'store' } } });
  await label({ tier: 'front' });
  await label({ tier: 'back' });
  await label({ hidden: 'yes' });
  await label({ tier: 'front' });
  await label({ hidden: null });
  await cluster.admin.delete(`${path}/it`);
  const wanted = ['add', 'update', 'delete', 'add', 'delete'];
  await eventually('the last event', () => sink.accepted().length >= wanted.length);
  assert.deepEqual(
    toldBy(sink.accepted()).map(({ type }) => type),
    wanted,
  );
  assert.equal(new Set(toldBy(sink.accepted()).map(({ identity }) => identity)).size, wanted.length);
});

test('with an owner only what a controller of that kind controls is told', async (t) => {
  const { cluster, namespace, kubeconfig, sink } = await stage(t, 'owner');
  const { admin } = cluster;
  const replicaSet = await admin.create(`/apis/apps/v1/namespaces/${namespace}/replicasets`, {
    metadata: { name: 'web' },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web' }] } },
    },
  });
  const other = await admin.create(configMaps(namespace), { metadata: { name: 'other-owner' } });
  const by = (apiVersion: string, kind: string, { metadata: { name, uid } }: KubeObject, controller: boolean) => {
    return { apiVersion, kind, name, uid, controller };
  };
  const byReplicaSet = (controller: boolean): object => by('apps/v1', 'ReplicaSet', replicaSet, controller);
  const byConfigMap = (controller: boolean): object => by('v1', 'ConfigMap', other, controller);
  const adapter = await startAdapter(t, {
    kubeconfig,
    sink: sink.url,
    source: {
      namespaces: [namespace],
      resources: [resource('', 'v1', 'configmaps')],
      owner: { apiVersion: 'apps/v1', kind: 'ReplicaSet' },
    },
  });
  await adapter.ready();
  const owned = (...ownerReferences: object[]): Writer =>
    createWriter(admin, configMaps(namespace), (revision) => ({
      metadata: { ownerReferences },
      data: { revision: String(revision) },
    }));
  await owned().create('alone');
  await owned(byConfigMap(true)).create('of-another-kind');
  await owned(byReplicaSet(false)).create('not-controlled');
  const controlled = owned(byConfigMap(false), byReplicaSet(true));
  await controlled.create('controlled');
  await controlled.update('controlled');
  await controlled.delete('controlled');
  await assertAllTold(t, controlled.truth, sink);
});

for (const [scope, told] of [
  ['one namespace', ['first']],
  ['many namespaces', ['first', 'second']],
  ['all namespaces', ['first', 'second', 'third']],
] as const) {
  test(`a source of ${scope} is told of those and of no other`, async (t) => {
    const { cluster, namespace: first, kubeconfig, sink } = await stage(t, 'scope');
    const [second, third] = [await testNamespace(t, 'scope'), await testNamespace(t, 'scope')];
    const things = customResource(t, cluster.admin);
    await things.install();
    const rule = { apiGroups: [things.group], resources: ['things'] };
    const named = { first, second, third };
    const namespaces = told.map((name) => named[name]);
    const allNamespaces = scope === 'all namespaces';
    if (allNamespaces) await allowEverywhere(t, cluster, first, rule);
    else for (const namespace of namespaces) await allow(cluster, first, rule, namespace);
    const resources = [resource(things.group, 'v1', 'things')];
    // With allNamespaces the names are only those that a controller knew when it wrote them.
    const source = { namespaces: allNamespaces ? [first] : namespaces, allNamespaces, resources };
    const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, source });
    await adapter.ready();

    const truth = new Map<string, readonly State[]>();
    for (const namespace of [third, second, first]) {
      const writer = createWriter(cluster.admin, things.collection(namespace), things.content);
      await writer.create('a');
      await writer.delete('a');
      if (namespaces.includes(namespace)) for (const [object, states] of writer.truth) truth.set(object, states);
    }
    await assertAllTold(t, truth, sink);
  });
}

test('objects of a cluster-scoped kind are told, whatever namespaces the source names', async (t) => {
  const { cluster, namespace, kubeconfig, sink } = await stage(t, 'cluster-scoped');
  await allowEverywhere(t, cluster, namespace, { apiGroups: ['node.k8s.io'], resources: ['runtimeclasses'] });
  const resources = [resource('node.k8s.io', 'v1', 'runtimeclasses')];
  const source = { namespaces: [namespace, 'default'], resources };
  const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, source });
  await adapter.ready();
  assert.equal((await adapter.readiness()).text, 'runtimeclasses.v1.node.k8s.io: established\n', 'one watch is enough');
  const writer = createWriter(cluster.admin, '/apis/node.k8s.io/v1/runtimeclasses', (revision) => ({
    metadata: { labels: { revision: String(revision) } },
    handler: 'none',
  }));
  const name = `none-${randomBytes(4).toString('hex')}`;
  await writer.create(name);
  await writer.update(name);
  await writer.delete(name);
  await assertAllTold(t, writer.truth, sink);
  const { headers } = sink.accepted()[0] ?? {};
  assert.equal(headers?.['ce-namespace'], '');
  assert.equal(headers?.['ce-subject'], `/apis/node.k8s.io/v1/namespaces//runtimeclasses/${name}`);
});

test('what exists at the start is told as adds when it is asked for', async (t) => {
  const { namespace, kubeconfig, sink, writer } = await stage(t, 'initial-events');
  for (const name of ['a', 'b', 'c']) await writer.create(name);
  const resources = [resource('', 'v1', 'configmaps')];
  const source = { namespaces: [namespace], resources, initialEvents: 'All' };
  const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, source });
  await adapter.ready();
  await writer.delete('b');
  await writer.create('d');
  await eventually('the root certificate and five events', () => sink.accepted().length >= 6);
  const told = toldBy(sink.accepted()).filter(({ object }) => !object.endsWith('/kube-root-ca.crt'));
  assert.deepEqual(told.map(({ type, object }) => `${type} ${object.slice(object.indexOf('/') + 1)}`).toSorted(), [
    'add a',
    'add b',
    'add c',
    'add d',
    'delete b',
  ]);
});
