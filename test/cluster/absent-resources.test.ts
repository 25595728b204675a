import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AdapterProcess, resource, startAdapter } from '../support/adapter-process.ts';
import { customResource } from '../support/custom-resource.ts';
import { eventually } from '../support/eventually.ts';
import { allow } from '../support/service-account.ts';
import { assertAllTold, stage } from '../support/stage.ts';
import { createWriter, type Truth } from '../support/writer.ts';

const CONFIG_MAPS = resource('', 'v1', 'configmaps');

test('a selector that nothing matches is a quiet stream, and what matches later is told', async (t) => {
  const { cluster, namespace, kubeconfig, sink, writer } = await stage(t, 'selector');
  const resources = [resource('', 'v1', 'configmaps', 'app=late')];
  const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, source: { namespaces: [namespace], resources } });
  await adapter.ready();
  assert.equal(adapter.logged('objects listed')[0]?.['objects'], 0);
  const stream = `configmaps.v1[app=late] in ${namespace}`;
  assert.equal(await adapter.metric(`watchbridge_stream_established{stream="${stream}"}`), 1);

  await writer.create('unmatched');
  const labelled = createWriter(cluster.admin, `/api/v1/namespaces/${namespace}/configmaps`, (revision) => ({
    metadata: { labels: { app: 'late' } },
    data: { revision: String(revision) },
  }));
  await labelled.create('matched');
  await assertAllTold(t, labelled.truth, sink);
});

test('a resource that the API server does not have is named, and the others are served', async (t) => {
  const { namespace, kubeconfig, sink, writer } = await stage(t, 'misspelt');
  const resources = [CONFIG_MAPS, resource('', 'v1', 'configmap'), resource('none.example.com', 'v1', 'gadgets')];
  const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, source: { namespaces: [namespace], resources } });
  await established(adapter, `configmaps.v1 in ${namespace}`);
  await writer.create('served');
  await assertAllTold(t, writer.truth, sink);

  await eventually('both absences to be told', () => {
    const absent = new Set(adapter.logged('resource cannot be watched yet').map((line) => line['resource']));
    return absent.has('configmap.v1') && absent.has('gadgets.v1.none.example.com');
  });
  const { status, text } = await adapter.readiness();
  assert.equal(status, 503);
  assert.match(text, /^configmap\.v1: The API server has no configmap in v1; it has configmaps, /m);
  assert.match(text, /^gadgets\.v1\.none\.example\.com: The API server does not serve none\.example\.com\/v1; /m);
  assert.equal(await adapter.metric('watchbridge_stream_established{stream="gadgets.v1.none.example.com"}'), 0);
});

test('a custom resource that is installed later is watched from its first object on', async (t) => {
  const { cluster, namespace, kubeconfig, sink, writer } = await stage(t, 'installed-later');
  const things = customResource(t, cluster.admin);
  await allow(cluster, namespace, { apiGroups: [things.group], resources: ['things'] });
  const resources = [CONFIG_MAPS, resource(things.group, 'v1', 'things')];
  const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, source: { namespaces: [namespace], resources } });
  await established(adapter, `configmaps.v1 in ${namespace}`);
  await eventually('the absence to be told', () => adapter.logged('resource cannot be watched yet').length > 0);

  // It looks for the resource now and then, so the first object can be there before it looks.
  adapter.pause();
  await things.install();
  const thingWriter = createWriter(cluster.admin, things.collection(namespace), things.content);
  await thingWriter.create('first');
  await writer.create('other');
  adapter.continue();
  await adapter.ready();
  await thingWriter.create('second');
  await thingWriter.delete('first');
  await assertAllTold(t, all(writer.truth, thingWriter.truth), sink);
  assert.doesNotMatch(await adapter.metrics(), /^watchbridge_stream_established\{.*\} 0$/m);
});

test('a custom resource that is deleted and installed again is followed through both', async (t) => {
  const { cluster, namespace, kubeconfig, sink, writer } = await stage(t, 'reinstalled');
  const things = customResource(t, cluster.admin);
  await things.install();
  await allow(cluster, namespace, { apiGroups: [things.group], resources: ['things'] });
  const resources = [CONFIG_MAPS, resource(things.group, 'v1', 'things')];
  const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, source: { namespaces: [namespace], resources } });
  await adapter.ready();
  const before = createWriter(cluster.admin, things.collection(namespace), things.content);
  await before.create('old');

  await things.remove();
  before.noteGone('old');
  await eventually('the removal to be told', () => adapter.logged('resource is not served any more').length > 0);
  assert.equal((await adapter.readiness()).status, 503);
  const stream = `things.v1.${things.group} in ${namespace}`;
  assert.equal(await adapter.metric(`watchbridge_stream_established{stream="${stream}"}`), 0);
  await writer.create('meanwhile');

  adapter.pause();
  await things.install();
  const afterwards = createWriter(cluster.admin, things.collection(namespace), things.content);
  await afterwards.create('new');
  adapter.continue();
  await adapter.ready();
  await afterwards.update('new');
  await assertAllTold(t, all(writer.truth, before.truth, afterwards.truth), sink);
});

test('an account that may not watch is told so, and watches as soon as it may', async (t) => {
  const { cluster, namespace, kubeconfig, sink, writer } = await stage(t, 'forbidden');
  const resources = [CONFIG_MAPS, resource('', 'v1', 'services')];
  const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, source: { namespaces: [namespace], resources } });
  await established(adapter, `configmaps.v1 in ${namespace}`);
  await eventually('the refusal to be told', () => adapter.logged('watch interrupted').length > 0);
  const { status, text } = await adapter.readiness();
  assert.equal(status, 503);
  assert.match(text, /^services\.v1 in .* 403 Forbidden: .*cannot (list|watch) resource "services"/m);
  const refused = await adapter.metric('watchbridge_watch_interruptions_total{reason="forbidden"}');
  assert.ok(refused !== undefined && refused > 0);
  await writer.create('served');
  await assertAllTold(t, writer.truth, sink);

  await allow(cluster, namespace, { apiGroups: [''], resources: ['services'] });
  await adapter.ready();
  const services = createWriter(cluster.admin, `/api/v1/namespaces/${namespace}/services`, (revision) => ({
    metadata: { labels: { revision: String(revision) } },
    spec: { clusterIP: 'None' },
  }));
  await services.create('granted');
  await services.delete('granted');
  await assertAllTold(t, all(writer.truth, services.truth), sink);
});

async function established(adapter: AdapterProcess, stream: string): Promise<void> {
  await eventually(`${stream} to be established`, async () =>
    (await adapter.readiness()).text.split('\n').includes(`${stream}: established`),
  );
}

/** Of writers that share no name. */
function all(...truths: readonly Truth[]): Truth {
  return new Map(truths.flatMap((truth) => Array.from(truth)));
}
