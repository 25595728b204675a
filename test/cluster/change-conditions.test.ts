import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resource, startAdapter } from '../support/adapter-process.ts';
import { eventually } from '../support/eventually.ts';
import { configMaps, stage } from '../support/stage.ts';

for (const mode of ['Resource', 'Reference'] as const) {
  test(`an update that changes none of the wanted parts is counted and not told (${mode})`, async (t) => {
    const { cluster, namespace, kubeconfig, sink } = await stage(t, 'parts');
    const resources = [{ ...resource('', 'v1', 'configmaps'), changes: ['Spec', 'Finalizers'] }];
    const source = { namespaces: [namespace], mode, resources };
    const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, source });
    await adapter.ready();
    const { admin } = cluster;
    const path = `${configMaps(namespace)}/a`;
    await admin.create(configMaps(namespace), { metadata: { name: 'a' }, data: { a: '1' } });
    for (const n of ['1', '2', '3']) await admin.patch(path, { metadata: { labels: { n }, annotations: { n } } });
    await admin.patch(path, { data: { a: '2' } });
    await admin.patch(path, { metadata: { labels: { n: '4' }, finalizers: ['example.com/hold'] } });
    await admin.delete(path);
    await admin.patch(path, { metadata: { finalizers: null } });
    await eventually('a delete', () =>
      sink.accepted().some(({ headers }) => String(headers['ce-type']).endsWith('delete')),
    );
    assert.deepEqual(
      sink.accepted().map(({ headers }) => String(headers['ce-type']).split('.').at(-1)),
      ['add', 'update', 'update', 'delete'],
    );
    // Three labels, and the deletion timestamp.
    assert.equal(await adapter.metric('watchbridge_suppressed_total{reason="unchanged"}'), 4);
  });
}
