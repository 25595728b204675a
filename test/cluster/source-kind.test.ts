import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { before, test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { findPrograms } from '../controlplane/programs/find.ts';
import { installWatchbridge, sourceOf, sourcesIn } from '../manifests/apply.ts';
import { GOOD_SOURCES } from '../manifests/good-sources.ts';
import { fieldsOf, schemaOf } from '../manifests/schema.ts';
import { sharedCluster, testNamespace } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';

const run = promisify(execFile);
const { admin, adminKubeconfig } = sharedCluster();

before(() => installWatchbridge(admin));

for (const [what, text] of Object.entries(GOOD_SOURCES)) {
  test(`accepted as it is: ${what}`, async () => {
    const source = parse(text) as { apiVersion: string; spec: object };
    const version = source.apiVersion.split('/')[1];
    const path = `${sourcesIn('default', version)}?dryRun=All&fieldValidation=Strict`;
    const answer = await admin.request('POST', path, { ...source });
    assert.equal(answer.status, 201, answer.text);
    const { spec } = JSON.parse(answer.text) as { spec: object };
    assert.deepEqual(spec, { mode: 'Reference', serviceAccountName: 'default', ...source.spec });
  });
}

test('a source of v1beta1 is the same one in v1', async (t) => {
  const namespace = await testNamespace(t, 'versions');
  await admin.create(sourcesIn(namespace, 'v1beta1'), { ...sourceOf('it', {}, 'v1beta1') });
  const { apiVersion, spec } = await admin.get(`${sourcesIn(namespace)}/it`);
  assert.equal(apiVersion, 'sources.knative.dev/v1');
  assert.deepEqual(spec, {
    ...(sourceOf('it', {})['spec'] as object),
    mode: 'Reference',
    serviceAccountName: 'default',
  });
});

test('kubectl get shows sink, age, readiness and its reason', async (t) => {
  const namespace = await testNamespace(t, 'columns');
  const path = `${sourcesIn(namespace)}/it`;
  await admin.create(sourcesIn(namespace), { ...sourceOf('it', {}) });
  await admin.patch(`${path}/status`, {
    status: {
      sinkUri: 'http://orders.shop.svc.cluster.local',
      conditions: [{ type: 'Ready', status: 'False', reason: 'NotFound' }],
    },
  });
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const { text } = await admin.request('GET', path, undefined, { accept });
  const { columnDefinitions, rows } = JSON.parse(text) as {
    columnDefinitions: { name: string }[];
    rows: { cells: unknown[] }[];
  };
  assert.deepEqual(
    columnDefinitions.map(({ name }) => name),
    ['Name', 'Sink', 'Age', 'Ready', 'Reason'],
  );
  const [name, sink, , ready, reason] = rows[0]?.cells ?? [];
  assert.deepEqual([name, sink, ready, reason], ['it', 'http://orders.shop.svc.cluster.local', 'False', 'NotFound']);
});

test('a status as upstream’s controller and ours write it is kept whole', async (t) => {
  const namespace = await testNamespace(t, 'status');
  const status = {
    observedGeneration: 1,
    conditions: [
      { type: 'Deployed', status: 'True', lastTransitionTime: '2026-11-20T10:00:33Z' },
      { type: 'Ready', status: 'Unknown', severity: 'Info', reason: 'Why', message: 'Because.' },
    ],
    sinkUri: 'http://orders.shop.svc.cluster.local',
    sinkCACerts: 'PEM',
    sinkAudience: 'orders',
    ceAttributes: [{ type: 'dev.knative.apiserver.ref.add', source: 'https://10.96.0.1:443' }],
    auth: { serviceAccountName: 'a', serviceAccountNames: ['a', 'b'] },
    annotations: { a: 'b' },
    adapter: {
      lastEventTime: '2026-11-20T10:00:33Z',
      lagSeconds: 0.5,
      gaps: 1,
      lastGap: { time: '2026-11-20T10:00:33Z', reason: 'expired', lost: 'states' },
      streams: { total: 2, established: 1 },
    },
  };
  const path = `${sourcesIn(namespace)}/it`;
  const created = await admin.create(sourcesIn(namespace), { ...sourceOf('it', {}) });
  for (const namespaces of [null, ['default']]) {
    const { metadata } = await admin.get(path);
    const written = await admin.replace(`${path}/status`, { ...created, metadata, status: { ...status, namespaces } });
    assert.deepEqual(written['status'], { ...status, namespaces });
  }
});

test('kubectl explain tells of every field what the schema says', async () => {
  const kubectl = (await findPrograms(['kubectl'], () => undefined))('kubectl');
  const explain = async (field: string): Promise<string> => {
    const { stdout } = await run(kubectl, [
      '--kubeconfig',
      adminKubeconfig,
      'explain',
      '--api-version=sources.knative.dev/v1',
      field,
    ]);
    return stdout.replaceAll(/\s+/g, ' ');
  };
  // The API server publishes what it serves a moment later.
  await eventually('the kind to be published', () =>
    explain('apiserversource.spec').then(
      (it) => it.includes('resources'),
      () => false,
    ),
  );
  const fields = fieldsOf(schemaOf()).filter(({ path }) => /^spec\.[a-z]+\.?[a-z]*$/i.test(path));
  assert.ok(fields.length > 30);
  for (const parent of [
    'apiserversource.spec',
    ...new Set(
      fields.flatMap(({ path, schema }) =>
        schema.properties && /^spec\.[a-zA-Z]+$/.test(path) ? [`apiserversource.${path}`] : [],
      ),
    ),
  ]) {
    const told = await explain(parent);
    const inside = fields.filter(({ path }) => `apiserversource.${path}`.replace(/\.[^.]+$/, '') === parent);
    for (const { path, schema } of inside) assert.ok(told.includes(schema.description ?? ''), path);
  }
});
