import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import * as fc from 'fast-check';
import { becomeLeader } from '../../src/kube/become-leader.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { loadClusterAccess } from '../../src/kube/config.ts';
import { LeadershipLost } from '../../src/kube/leadership.ts';
import { anyHappening, contend } from '../kube/contenders.ts';
import { clientFor, never } from '../kube/scripted-server.ts';
import { sharedCluster, testNamespace } from '../support/cluster.ts';
import { fakeClock } from '../support/fake-clock.ts';

const { admin, adminKubeconfig } = sharedCluster();

async function clientOf(t: TestContext): Promise<KubeClient> {
  return clientFor(t, await loadClusterAccess({ kubeconfig: adminKubeconfig, env: {} }));
}

function pathOf(namespace: string, name: string): string {
  return `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`;
}

test('at a real API server, two never hold a Lease at once, and one of them always gets it', async (t) => {
  const client = await clientOf(t);
  const namespace = await testNamespace(t, 'contended');
  let runs = 0;
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(anyHappening, { minLength: 30, maxLength: 60 }), async (happenings) => {
      const name = `run-${runs++}`;
      const annotate = async (): Promise<void> => {
        const at = String(performance.now());
        // Refused while there is no Lease yet.
        await admin.request('PATCH', pathOf(namespace, name), { metadata: { annotations: { at } } }, MERGE);
      };
      taken += await contend({ client, address: { namespace, name }, annotate }, happenings);
    }),
    { numRuns: 6 },
  );
  assert.ok(taken > 6, `the Lease was taken only ${taken} times`);
});

const MERGE = { 'content-type': 'application/merge-patch+json' };

test('a real API server keeps all that a Lease carries, and takes one that is given back', async (t) => {
  const kube = await clientOf(t);
  const namespace = await testNamespace(t, 'kept');
  const path = pathOf(namespace, 'web');
  const clock = fakeClock();
  const address = { namespace, name: 'web' };
  const one = await becomeLeader({ kube, clock, address, identity: 'one', owner: undefined }, () => undefined, never());
  assert.ok(one !== undefined);
  await clock.advance(1_500);
  assert.equal(await one.renew({ 'example.com/kept': '{"a":1}' }, never()), 'renewed');
  await admin.patch(path, { metadata: { annotations: { note: 'hello' } } });
  assert.equal(await one.renew({}, never()), 'renewed');
  const { metadata, ...rest } = await admin.get(path);
  assert.deepEqual(metadata.annotations, { 'example.com/kept': '{"a":1}', note: 'hello' });
  assert.deepEqual(rest['spec'], {
    holderIdentity: 'one',
    leaseDurationSeconds: 15,
    acquireTime: '2026-01-01T00:00:00.000000Z',
    renewTime: '2026-01-01T00:00:01.500000Z',
    leaseTransitions: 0,
  });

  await one.release({}, never());
  const two = await becomeLeader({ kube, clock, address, identity: 'two', owner: undefined }, () => undefined, never());
  assert.deepEqual(two?.taken.spec?.leaseTransitions, 1);
  await admin.patch(path, { spec: { holderIdentity: 'thief' } });
  await assert.rejects(two.renew({}, never()), LeadershipLost);
});

test('at a real API server, a deleted Lease is made anew by its holder, with another uid', async (t) => {
  const kube = await clientOf(t);
  const namespace = await testNamespace(t, 'deleted');
  const address = { namespace, name: 'web' };
  const leadership = await becomeLeader(
    { kube, clock: fakeClock(), address, identity: 'one', owner: undefined },
    () => undefined,
    never(),
  );
  assert.ok(leadership !== undefined);
  await leadership.renew({ a: '1' }, never());
  const uid = leadership.uid();
  await admin.delete(pathOf(namespace, 'web'));
  assert.equal(await leadership.renew({}, never()), 'renewed');
  assert.notEqual(leadership.uid(), uid);
  const { metadata } = await admin.get(pathOf(namespace, 'web'));
  assert.deepEqual([metadata.uid, metadata.annotations], [leadership.uid(), { a: '1' }]);
});
