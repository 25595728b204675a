import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { INVALID_FIELD_SELECTORS, VALID_FIELD_SELECTORS } from '../kube/field-selectors.ts';
import { resource, startAdapter } from '../support/adapter-process.ts';
import { sharedCluster, testNamespace } from '../support/cluster.ts';
import { customResource } from '../support/custom-resource.ts';
import { eventually } from '../support/eventually.ts';
import { recordingSink } from '../support/recording-sink.ts';
import { allow, serviceAccount } from '../support/service-account.ts';
import { assertAllTold, configMaps, stage } from '../support/stage.ts';
import { toldBy } from '../support/told.ts';
import { createWriter } from '../support/writer.ts';

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

function withFields(group: string, plural: string, fieldSelector: string): object {
  return { ...resource(group, 'v1', plural), fieldSelector };
}

test('the API server takes and refuses the field selectors that we take and refuse', async () => {
  const { admin } = sharedCluster();
  const statusOf = async (selector: string): Promise<[string, number]> => {
    const query = new URLSearchParams({ fieldSelector: selector, limit: '1' });
    return [selector, (await admin.request('GET', `${configMaps('default')}?${query.toString()}`)).status];
  };
  const all = await Promise.all([...VALID_FIELD_SELECTORS, ...INVALID_FIELD_SELECTORS].map(statusOf));
  assert.deepEqual(all, [
    ...VALID_FIELD_SELECTORS.map((selector) => [selector, 200]),
    ...INVALID_FIELD_SELECTORS.map((selector) => [selector, 400]),
  ]);
});

test('a field selector chooses at the API server, and one that it refuses is said and holds up no other', async (t) => {
  const { namespace, kubeconfig, sink, writer } = await stage(t, 'fields');
  const refused = withFields('', 'configmaps', 'data.color=red');
  const resources = [withFields('', 'configmaps', 'metadata.name=chosen'), refused];
  const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, source: { namespaces: [namespace], resources } });
  await eventually('the good stream', async () => {
    const { text } = await adapter.readiness();
    return text.includes(`configmaps.v1[metadata.name=chosen] in ${namespace}: established`);
  });
  const { status, text } = await adapter.readiness();
  assert.equal(status, 503);
  assert.match(
    text,
    /configmaps\.v1\[data\.color=red\] in \S+: GET .* was answered 400 .*(?:is not a known field selector|field label not supported)/,
  );
  const details = adapter.logged('watch interrupted').map(({ detail }) => String(detail));
  assert.ok(
    details.some((detail) => detail.includes('answered 400')),
    details.join(),
  );
  assert.ok(((await adapter.metric('watchbridge_watch_interruptions_total{reason="invalid"}')) ?? 0) > 0);
  await writer.create('other');
  await writer.create('chosen');
  await writer.update('chosen');
  await writer.delete('chosen');
  await assertAllTold(t, new Map([...writer.truth].filter(([object]) => object.endsWith('/chosen'))), sink);
  assert.equal(sink.accepted().length, 3);
});

test('an object of a custom kind that comes to match a selectable field is added, and one that ceases to is deleted', async (t) => {
  const { admin } = sharedCluster();
  const { cluster, namespace, kubeconfig, sink } = await stage(t, 'selectable');
  const group = `test-${randomBytes(4).toString('hex')}.example.com`;
  const spec = { type: 'object', properties: { color: { type: 'string' } } };
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec } } };
  await admin.create(DEFINITIONS, {
    metadata: { name: `paints.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'paints', singular: 'paint', kind: 'Paint', listKind: 'PaintList' },
      versions: [{ name: 'v1', served: true, storage: true, schema, selectableFields: [{ jsonPath: '.spec.color' }] }],
    },
  });
  t.after(() => admin.delete(`${DEFINITIONS}/paints.${group}`));
  await allow(cluster, namespace, { apiGroups: [group], resources: ['paints'] });
  const source = { namespaces: [namespace], resources: [withFields(group, 'paints', 'spec.color=red')] };
  const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, source });
  await adapter.ready();
  const paints = `/apis/${group}/v1/namespaces/${namespace}/paints`;
  const paint = (color: string): Promise<unknown> => admin.patch(`${paints}/it`, { spec: { color } });
  await admin.create(paints, {
    apiVersion: `${group}/v1`,
    kind: 'Paint',
    metadata: { name: 'it' },
    spec: { color: 'blue' },
  });
  await paint('red');
  await paint('green');
  await paint('red');
  await eventually('the last event', () => sink.accepted().length === 3);
  assert.deepEqual(
    toldBy(sink.accepted()).map(({ type }) => type),
    ['add', 'delete', 'add'],
  );
});

test('every resource of a group is watched as it is installed, and when one goes no other and no readiness suffers', async (t) => {
  const cluster = sharedCluster();
  const { admin } = cluster;
  const namespace = await testNamespace(t, 'every');
  const kubeconfig = await serviceAccount(cluster, namespace);
  const things = customResource(t, admin);
  const boxes = { plural: 'boxes', singular: 'box', kind: 'Box', listKind: 'BoxList' };
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  await allow(cluster, namespace, { apiGroups: [things.group], resources: ['*'] });
  await things.install();
  const sink = await recordingSink(t);
  const source = { namespaces: [namespace], resources: [resource(things.group, 'v1', '*')] };
  const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, source });
  await adapter.ready();
  const thing = createWriter(admin, things.collection(namespace), things.content);
  await thing.create('a');
  const definition = `${DEFINITIONS}/boxes.${things.group}`;
  await admin.create(DEFINITIONS, {
    metadata: { name: `boxes.${things.group}` },
    spec: {
      group: things.group,
      scope: 'Namespaced',
      names: boxes,
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  });
  const collection = things.collection(namespace).replace(/things$/, 'boxes');
  const box = createWriter(admin, collection, (revision) => ({
    apiVersion: things.apiVersion,
    kind: 'Box',
    spec: { revision },
  }));
  await eventually('boxes to be served', async () => (await admin.request('GET', collection)).status === 200);
  await box.create('b');
  await assertAllTold(t, new Map([...thing.truth, ...box.truth]), sink);
  await eventually('boxes to be watched', async () => (await adapter.readiness()).text.includes('boxes'));

  await admin.delete(definition);
  box.noteGone('b');
  await eventually(
    'boxes to be gone',
    async () =>
      (await adapter.readiness()).text.includes('things') && !(await adapter.readiness()).text.includes('boxes'),
  );
  await adapter.ready();
  await thing.update('a');
  await assertAllTold(t, new Map([...thing.truth, ...box.truth]), sink);
  assert.equal(sink.accepted().length, 4, 'an add, an add, a delete and an update');
});
