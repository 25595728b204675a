import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { KubeClient } from '../../src/kube/client.ts';
import { loadClusterAccess } from '../../src/kube/config.ts';
import { createDiscovery } from '../../src/kube/discovery.ts';
import { failureFromStatus } from '../../src/kube/errors.ts';
import { collectionPath } from '../../src/kube/resource.ts';
import { sharedCluster, testNamespace } from '../support/cluster.ts';
import { accessTo, clientFor, never } from '../kube/scripted-server.ts';

const CONFIG_MAPS = { group: '', version: 'v1', plural: 'configmaps', namespaced: true };

async function clientWith(t: TestContext, kubeconfig: string): Promise<KubeClient> {
  return clientFor(t, await loadClusterAccess({ kubeconfig, env: {} }));
}

function adminClient(t: TestContext): Promise<KubeClient> {
  return clientWith(t, sharedCluster().adminKubeconfig);
}

interface ListMeta {
  readonly metadata: { readonly resourceVersion: string };
}

test('an object is created, read, changed by server-side apply, and deleted', async (t) => {
  const client = await adminClient(t);
  const path = collectionPath(CONFIG_MAPS, await testNamespace(t, 'kube-client'));
  const signal = never();
  const head = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
  await client.json({ method: 'POST', path, body: { ...head, data: { a: '1' } }, signal });
  const applied = await client.json<{ data: object }>({
    method: 'PATCH',
    path: `${path}/a`,
    query: { fieldManager: 'test', force: true },
    contentType: 'application/apply-patch+yaml',
    body: { ...head, data: { a: '2' } },
    signal,
  });
  assert.deepEqual(applied.data, { a: '2' });
  await client.json({ method: 'DELETE', path: `${path}/a`, signal });
  await assert.rejects(client.json({ path: `${path}/a`, signal }), { code: 'notFound', reason: 'NotFound' });
});

test('a watch tells what happens while it is open, and ends when its time is over', async (t) => {
  const client = await adminClient(t);
  const { admin } = sharedCluster();
  const path = collectionPath(CONFIG_MAPS, await testNamespace(t, 'kube-watch'));
  const { metadata } = await client.json<ListMeta>({ path, signal: never() });
  const query = { watch: true, resourceVersion: metadata.resourceVersion, timeoutSeconds: 1 };
  const stream = await client.stream({ path, query, signal: never(), idleMs: 30_000 });
  await admin.create(path, { metadata: { name: 'b' } });
  let text = '';
  for await (const pieces of stream.chunks) text += Buffer.concat(pieces).toString();
  assert.match(text, /^\{"type":"ADDED","object":\{"kind":"ConfigMap",.*"name":"b"/m);
});

test('what the API server refuses has the code that tells what to do', async (t) => {
  const client = await adminClient(t);
  const namespace = await testNamespace(t, 'kube-refusals');
  const path = collectionPath(CONFIG_MAPS, namespace);
  const signal = never();
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } };
  await client.json({ method: 'POST', path, body, signal });

  await assert.rejects(client.json({ method: 'POST', path, body, signal }), { code: 'alreadyExists', status: 409 });
  const stale = { ...body, metadata: { name: 'x', resourceVersion: '1' } };
  await assert.rejects(client.json({ method: 'PUT', path: `${path}/x`, body: stale, signal }), { code: 'conflict' });
  const invalid = { ...body, metadata: { name: 'NOT VALID' } };
  await assert.rejects(client.json({ method: 'POST', path, body: invalid, signal }), { code: 'invalid', status: 422 });
  await assert.rejects(client.json({ path, query: { labelSelector: 'a==(' }, signal }), {
    code: 'invalid',
    status: 400,
  });
  await assert.rejects(client.json({ path: '/apis/none.example/v1', signal }), { code: 'notFound' });
});

test('a resourceVersion of the future is too large, for a list as for the ERROR event of a watch', async (t) => {
  const client = await adminClient(t);
  const path = collectionPath(CONFIG_MAPS, await testNamespace(t, 'kube-future'));
  const { metadata } = await client.json<ListMeta>({ path, signal: never() });
  const future = { resourceVersion: String(BigInt(metadata.resourceVersion) + 1_000_000n) };
  const list = (resourceVersionMatch: string) =>
    client.json({ path, query: { ...future, resourceVersionMatch }, signal: never() });
  const watch = async () => {
    const query = { ...future, watch: true, sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' };
    const stream = await client.stream({ path, query, signal: never(), idleMs: 30_000 });
    let text = '';
    for await (const pieces of stream.chunks) text += Buffer.concat(pieces).toString();
    const { type, object } = JSON.parse(text) as { type: string; object: { code: number } };
    assert.equal(type, 'ERROR');
    throw failureFromStatus(object.code, object);
  };
  await Promise.all([
    assert.rejects(list('Exact'), { code: 'tooLargeResourceVersion' }),
    assert.rejects(list('NotOlderThan'), { code: 'tooLargeResourceVersion', retryAfterMs: 1_000 }),
    assert.rejects(watch(), { code: 'tooLargeResourceVersion', retryAfterMs: 1_000 }),
  ]);
});

test('who may not is forbidden, and who is not known is unauthorized', async (t) => {
  const cluster = sharedCluster();
  const client = await clientWith(t, await cluster.kubeconfigForUser('nobody', []));
  await assert.rejects(client.json({ path: '/api/v1/secrets', signal: never() }), {
    code: 'forbidden',
    message: /GET \/api\/v1\/secrets was answered 403 Forbidden: secrets is forbidden: User "nobody" cannot list/,
  });
  const strange = { tls: { ca: cluster.caPem }, authorization: 'Bearer wrong' };
  const stranger = clientFor(t, accessTo(cluster.server, strange));
  await assert.rejects(stranger.json({ path: '/api/v1/secrets', signal: never() }), { code: 'unauthorized' });
});

test('discovery finds built-in kinds, and tells those that cannot be watched', async (t) => {
  const discovery = createDiscovery(await adminClient(t));
  const found = await discovery.find({ group: 'networking.k8s.io', version: 'v1' }, { kind: 'NetworkPolicy' }, never());
  assert.equal(found.is === 'found' && found.resource.plural, 'networkpolicies');
  const core = { group: '', version: 'v1' };
  const endpoints = await discovery.find(core, { plural: 'endpoints' }, never());
  assert.equal(endpoints.is === 'found' && endpoints.resource.kind, 'Endpoints');
  const review = await discovery.find(
    { group: 'authentication.k8s.io', version: 'v1' },
    { kind: 'TokenReview' },
    never(),
  );
  assert.equal(review.is === 'notWatchable' && review.resource.plural, 'tokenreviews');
  const unknown = await discovery.find(core, { kind: 'ConfigMaps' }, never());
  assert.equal(unknown.is === 'noResource' && unknown.near[0], 'ConfigMap');
  assert.equal(
    (await discovery.find({ group: 'none.example', version: 'v1' }, { kind: 'A' }, never())).is,
    'noGroupVersion',
  );
});
