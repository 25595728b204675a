import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { loadClusterAccess } from '../../src/kube/config.ts';
import { createDiscovery } from '../../src/kube/discovery.ts';
import type { KubeObject } from '../../src/kube/object.ts';
import { systemClock } from '../../src/process/clock.ts';
import type { Destination } from '../../src/reconcile/destination.ts';
import { startInformer } from '../../src/reconcile/informer.ts';
import { createControllerMetrics } from '../../src/reconcile/metrics.ts';
import { type ResolvedSink, resolveSink } from '../../src/reconcile/resolve-sink.ts';
import { addressPart } from '../../src/reconcile/sink-address.ts';
import { createTracker } from '../../src/reconcile/tracker.ts';
import { recordedLog } from '../adapter/recorded-log.ts';
import { clientFor, never } from '../kube/scripted-server.ts';
import { sharedCluster, testNamespace } from '../support/cluster.ts';
import { conditionedResource } from '../support/conditioned-resource.ts';
import { customResource } from '../support/custom-resource.ts';
import { eventually } from '../support/eventually.ts';
import { allowEverywhere, serviceAccount } from '../support/service-account.ts';

const { admin, adminKubeconfig } = sharedCluster();
const SERVICE = { apiVersion: 'v1', kind: 'Service', name: 'sink' };

async function stage(t: TestContext, prefix: string, account?: (namespace: string) => Promise<string>) {
  const namespace = await testNamespace(t, prefix);
  const kubeconfig = await (account?.(namespace) ?? adminKubeconfig);
  // Before the client's own: a watch does not survive its client.
  const stop = new AbortController();
  t.after(() => stop.abort());
  const kube = clientFor(t, await loadClusterAccess({ kubeconfig, env: {} }));
  const io = { kube, clock: systemClock, log: recordedLog().log, metrics: createControllerMetrics() };
  let wakes = 0;
  const tracker = createTracker<KubeObject>({
    start: (resource, signal) =>
      startInformer({ resource, carries: 'objects', keep: addressPart }, io, AbortSignal.any([signal, stop.signal])),
    enqueue: () => {
      wakes += 1;
    },
  });
  const by = { key: `${namespace}/source`, role: 'sink' };
  const owner = { by, namespace, clusterDomain: 'cluster.local' };
  const discovery = createDiscovery(kube);
  const resolve = (destination: Destination) => resolveSink({ kube, discovery, tracker }, destination, owner, never());
  /** Resolves again whenever the tracker says so, and only then, until `code` comes out. */
  const resolvesTo = async (destination: Destination, code: string): Promise<ResolvedSink> => {
    let seen = wakes;
    return await eventually(`${code} after a wake`, async () => {
      if (wakes === seen) return undefined;
      seen = wakes;
      const resolved = await resolve(destination);
      return codeOf(resolved) === code ? resolved : undefined;
    });
  };
  return { namespace, resolve, resolvesTo };
}

function codeOf(resolved: ResolvedSink): string {
  return resolved.is === 'resolved' ? resolved.sink.uri : resolved.code;
}

test('a sink that comes after its source, changes and goes wakes the source each time', async (t) => {
  const { namespace, resolve, resolvesTo } = await stage(t, 'sink-later');
  const ref = { ref: SERVICE };
  assert.equal(codeOf(await resolve(ref)), 'objectNotFound');
  const services = `/api/v1/namespaces/${namespace}/services`;
  const [good] = await Promise.all([
    resolvesTo(ref, `http://sink.${namespace}.svc.cluster.local`),
    admin.create(services, { metadata: { name: 'sink' }, spec: { ports: [{ port: 80 }] } }),
  ]);
  assert.equal(good.is, 'resolved');
  const [portless] = await Promise.all([
    resolvesTo(ref, 'serviceWithoutPort'),
    admin.patch(`${services}/sink`, { spec: { ports: [{ port: 8080 }] } }),
  ]);
  assert.match(portless.is === 'unresolved' ? portless.sentence : '', /has no TCP port 80, .*; it has 8080\./);
  await Promise.all([resolvesTo(ref, 'objectNotFound'), admin.delete(`${services}/sink`)]);
});

test('an address that comes later, of a kind whose plural nobody can guess, wakes the source', async (t) => {
  const { resource, collection } = await conditionedResource(t, admin);
  const { namespace, resolve, resolvesTo } = await stage(t, 'sink-address');
  const ref = { apiVersion: `${resource.group}/v1`, kind: 'Gateway', name: 'in' };
  await admin.create(collection(namespace), { apiVersion: ref.apiVersion, kind: ref.kind, metadata: { name: 'in' } });
  assert.equal(codeOf(await resolve({ ref })), 'addressMissing');
  const status = { addresses: [{ name: 'plain', url: 'http://in.example/a/b', audience: 'in' }] };
  const [resolved] = await Promise.all([
    resolvesTo({ ref, uri: '../c' }, 'http://in.example/c'),
    admin.request(
      'PATCH',
      `${collection(namespace)}/in/status`,
      { status },
      {
        'content-type': 'application/merge-patch+json',
      },
    ),
  ]);
  assert.deepEqual(resolved.is === 'resolved' && resolved.sink, { uri: 'http://in.example/c', audience: 'in' });
  assert.equal(codeOf(await resolve({ ref: { ...ref, address: 'tls' } })), 'addressUnknown');
});

test('a kind that is not installed is to be asked for again, and found then', async (t) => {
  const things = customResource(t, admin);
  const { namespace, resolve } = await stage(t, 'sink-kind');
  const ref = { apiVersion: things.apiVersion, kind: 'Thing', name: 'in' };
  const before = await resolve({ ref });
  assert.ok(before.is === 'unresolved' && before.askAgain);
  assert.equal(before.code, 'groupVersionUnknown');
  await things.install();
  const status = { address: { url: 'http://thing.example' } };
  await admin.create(things.collection(namespace), { ...things.content(1), metadata: { name: 'in' }, status });
  await eventually('the kind to be found', async () => codeOf(await resolve({ ref })) === 'http://thing.example');
  const misspelt = await resolve({ ref: { ...ref, kind: 'Thin' } });
  assert.match(misspelt.is === 'unresolved' ? misspelt.sentence : '', /no kind Thin in .*; it has Thing\./);
});

test('a right that is missing is told as such, and the source is woken when it is granted', async (t) => {
  const cluster = sharedCluster();
  const { resource, collection } = await conditionedResource(t, admin);
  const { namespace, resolve, resolvesTo } = await stage(t, 'sink-right', (it) => serviceAccount(cluster, it));
  const ref = { apiVersion: `${resource.group}/v1`, kind: 'Gateway', name: 'in' };
  await admin.create(collection(namespace), { apiVersion: ref.apiVersion, kind: ref.kind, metadata: { name: 'in' } });
  const refused = await resolve({ ref });
  assert.match(
    refused.is === 'unresolved' ? refused.sentence : '',
    /^The controller may not read Gateway .*\/in; let it get, list and watch gateways\.test-/,
  );
  const [granted] = await Promise.all([
    resolvesTo({ ref }, 'addressMissing'),
    allowEverywhere(t, cluster, namespace, { apiGroups: [resource.group], resources: ['gateways'] }),
  ]);
  assert.equal(granted.is, 'unresolved');
});
