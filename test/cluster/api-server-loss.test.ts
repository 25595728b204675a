import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { type AdapterOptions, type AdapterProcess, resource, startAdapter } from '../support/adapter-process.ts';
import { eventually } from '../support/eventually.ts';
import { inParallel } from '../support/in-parallel.ts';
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts';
import { kubeconfigVia } from '../support/service-account.ts';
import { assertAllTold, assertConverged, type Stage, stageIn } from '../support/stage.ts';
import { tcpProxy } from '../support/tcp-proxy.ts';
import type { Writer } from '../support/writer.ts';

let cluster: OwnCluster;

before(async () => {
  cluster = await startOwnCluster();
});

after(() => cluster.stop());

async function inNamespace(t: TestContext, name: string): Promise<Stage> {
  await cluster.admin.create('/api/v1/namespaces', { metadata: { name } });
  return await stageIn(t, cluster, name);
}

function configMapsIn(namespace: string): AdapterOptions['source'] {
  return { namespaces: [namespace], resources: [resource('', 'v1', 'configmaps')] };
}

test('an API server that is killed in the middle of writes costs no last state and no delete', async (t) => {
  const { namespace, kubeconfig, sink, writer } = await inNamespace(t, 'killed');
  const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, source: configMapsIn(namespace) });
  await adapter.ready();
  const names = Array.from({ length: 600 }, (_, index) => `object-${index}`);
  const writing = inParallel(names, 16, (name) => live(writer, name));
  await eventually('some events', () => sink.accepted().length > 300);
  await cluster.apiServer.kill();
  await cluster.apiServer.start();
  await writing;
  const findings = await assertConverged(t, writer.truth, sink);
  t.diagnostic(`states in between that were lost: ${findings.lostChanges.length}`);
  await adapter.ready();
});

/** Created, updated twice, and every second one deleted. */
async function live(writer: Writer, name: string): Promise<void> {
  await writer.create(name);
  await writer.update(name);
  await writer.update(name);
  if (/[02468]$/.test(name)) await writer.delete(name);
}

test('what happens while the adapter is frozen is told by comparison, and what is gone with its last state', async (t) => {
  const { sink, writer, adapter } = await changedWhileFrozen(t, 'frozen', async () => undefined);
  assert.equal(adapter.logged('gap in the history closed by comparison')[0]?.['deleted'], 20);
  const deletes = sink.accepted().filter(({ headers }) => isDelete(headers));
  assert.ok(deletes.every(({ headers }) => headers['ce-recovered'] === 'true'));
  // What was made anew under the same name is listed, so its predecessor is not looked for.
  const goneForGood = deletes.filter(
    ({ headers }) => writer.truth.get(`frozen/${String(headers['ce-name'])}`)?.length === 2,
  );
  assert.equal(goneForGood.length, 15);
  for (const { headers, body } of goneForGood) {
    const { metadata, data } = JSON.parse(body.toString()) as { metadata: Record<string, unknown>; data: unknown };
    const { uid, resourceVersion } = metadata;
    assert.deepEqual([uid, resourceVersion], [headers['ce-uid'], headers['ce-resourceversion']]);
    assert.ok(data !== undefined && !('ce-finalstateunknown' in headers));
  }
});

test('what happens while the adapter is frozen and etcd is compacted is told by comparison, deletes included', async (t) => {
  const { namespace, sink, adapter } = await changedWhileFrozen(t, 'compacted', () => cluster.compactEtcd());
  assert.equal(await adapter.metric('watchbridge_lists_total{why="expired"}'), 1);
  const [gap] = adapter.logged('gap in the history closed by comparison');
  assert.deepEqual(
    { why: gap?.['why'], added: gap?.['added'], updated: gap?.['updated'], deleted: gap?.['deleted'] },
    { why: 'expired', added: 8, updated: 20, deleted: 20 },
  );
  const deletes = sink.accepted().filter(({ headers }) => isDelete(headers));
  assert.equal(deletes.length, 20);
  for (const { headers, body } of deletes) {
    assert.equal(
      headers['ce-finalstateunknown'],
      'true',
      'nobody knows the last state any more, and the event says so',
    );
    const { 'ce-name': name, 'ce-uid': uid, 'ce-resourceversion': resourceVersion } = headers;
    const metadata = { name, namespace, uid, resourceVersion };
    assert.deepEqual(JSON.parse(body.toString()), { apiVersion: 'v1', kind: 'ConfigMap', metadata });
  }
});

/** Freezes the adapter until its watch cannot be resumed: 20 objects go, 5 of them come back, 20 change, 3 are new. */
async function changedWhileFrozen(
  t: TestContext,
  name: string,
  meanwhile: () => Promise<unknown>,
): Promise<Stage & { readonly adapter: AdapterProcess }> {
  const it = await inNamespace(t, name);
  const { namespace, kubeconfig, sink, writer } = it;
  const proxy = await tcpProxy(t, cluster.server);
  const adapter = await startAdapter(t, {
    kubeconfig: kubeconfigVia(kubeconfig, proxy.url),
    sink: sink.url,
    source: configMapsIn(namespace),
  });
  await adapter.ready();
  const names = Array.from({ length: 60 }, (_, index) => `object-${index}`);
  await inParallel(names, 16, writer.create);
  await assertAllTold(t, writer.truth, sink);

  adapter.pause();
  // What the server sent would otherwise wait in the adapter's socket.
  proxy.obey('refuse');
  await inParallel(names.slice(0, 20), 16, writer.delete);
  await inParallel(names.slice(10, 15), 16, writer.create);
  await inParallel(names.slice(20, 40), 16, writer.update);
  await inParallel(names.slice(20, 30), 16, writer.update);
  await inParallel(['new-1', 'new-2', 'new-3'], 16, writer.create);
  // The new server can resume no watch from before its start.
  await cluster.apiServer.kill();
  await cluster.apiServer.start();
  await meanwhile();
  adapter.continue();

  const { lostChanges } = await assertConverged(t, writer.truth, sink);
  assert.equal(lostChanges.length, 10, 'the first of two updates is a state in between');
  await adapter.ready();
  return { ...it, adapter };
}

function isDelete(headers: Readonly<Record<string, unknown>>): boolean {
  return String(headers['ce-type']).endsWith('.delete');
}
