import assert from 'node:assert/strict';
import { test } from 'node:test';
import { becomeLeader } from '../../src/kube/become-leader.ts';
import { createIndexStore } from '../../src/checkpoint/index-store.ts';
import { packShard } from '../../src/checkpoint/packing.ts';
import { loadClusterAccess } from '../../src/kube/config.ts';
import { stateRbac } from '../../src/sources/apiserver/state-rbac.ts';
import { withDefaults } from '../../src/sources/apiserver/spec.ts';
import { clientFor, never } from '../kube/scripted-server.ts';
import { sourceWith } from '../sources/apiserver/sources.ts';
import { sharedCluster, testNamespace } from '../support/cluster.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { serviceAccount } from '../support/service-account.ts';

const cluster = sharedCluster();

test('with its Role alone an adapter makes its Lease and its index, and makes them anew when they are deleted', async (t) => {
  const namespace = await testNamespace(t, 'state-rights');
  const kubeconfig = await serviceAccount(cluster, namespace);
  const source = sourceWith({ serviceAccountName: 'watcher' });
  const stored = { ...source, metadata: { ...source.metadata, namespace } };
  for (const { metadata, ...rest } of stateRbac(stored, withDefaults(stored.spec))) {
    const plural = `${rest.kind.toLowerCase()}s`;
    await cluster.admin.create(`/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/${plural}`, {
      ...rest,
      metadata: { name: metadata.name },
    });
  }
  const kube = clientFor(t, await loadClusterAccess({ kubeconfig, env: {} }));
  const address = { namespace, name: 'apiserversource-web' };
  const own = { kube, clock: fakeClock(), address, identity: 'one', owner: undefined };
  const leadership = await becomeLeader(own, (waiting) => assert.fail(JSON.stringify(waiting)), never());
  assert.ok(leadership !== undefined);
  await leadership.renew({ a: '1' }, never());
  const lease = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/apiserversource-web`;
  assert.equal((await cluster.admin.get(lease)).metadata.labels?.['app.kubernetes.io/managed-by'], 'watchbridge');
  await cluster.admin.delete(lease);
  await leadership.renew({}, never());
  assert.deepEqual((await cluster.admin.get(lease)).metadata.annotations, { a: '1' });

  const one = createIndexStore(kube, { ...address, owner: undefined });
  const two = createIndexStore(kube, { ...address, owner: undefined });
  await one.load(undefined, never());
  await two.load(undefined, never());
  const packed = (n: number) => packShard({ of: 1, cut: 1, objects: new Map([[`s${n}`, []]]) });
  await one.save(0, packed(0), never());
  await one.save(0, packed(1), never());
  await one.save(63, packed(1), never());
  await cluster.admin.delete(`/api/v1/namespaces/${namespace}/configmaps/apiserversource-web-index-0`);
  await assert.rejects(one.save(0, packed(2), never()));
  await one.save(0, packed(3), never());
  await two.save(0, packed(4), never());
  await assert.rejects(one.save(0, packed(5), never()), { code: 'conflict' });
});
