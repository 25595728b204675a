import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };
import { MANIFESTS, readKustomization, readManifests } from '../../scripts/manifests.ts';
import type { Definition, Schema } from './schema.ts';

const FOLDER = join(MANIFESTS, 'crds');
const kinds = readdirSync(FOLDER).flatMap((file) => readManifests(join(FOLDER, file)) as readonly Definition[]);
const versions = kinds.flatMap(({ metadata, spec }) => spec.versions.map((it) => ({ of: metadata.name, ...it })));

/** The schema at a path of names. */
function at(schema: Schema | undefined, ...path: readonly string[]): Schema | undefined {
  return path.reduce((inner, name) => (name === '[]' ? inner?.items : inner?.properties?.[name]), schema);
}

test('C1, C2, C7: tools find all four kinds by their labels and categories', () => {
  assert.deepEqual(
    kinds.map(({ metadata }) => metadata.name.split('.')[0]),
    ['apiserversources', 'containersources', 'pingsources', 'sinkbindings'],
  );
  for (const { metadata, spec } of kinds) {
    const { labels = {}, name } = metadata;
    assert.equal(labels['duck.knative.dev/source'], 'true', name);
    assert.equal(labels['eventing.knative.dev/source'], 'true', name);
    assert.equal(labels['knative.dev/crd-install'], 'true', name);
    assert.equal(labels['app.kubernetes.io/name'], 'watchbridge', name);
    assert.equal(labels['app.kubernetes.io/version'], manifest.version, name);
    for (const category of ['all', 'knative', 'sources']) assert.ok(spec.names.categories.includes(category), name);
    assert.equal(labels['duck.knative.dev/binding'], name.startsWith('sinkbindings.') ? 'true' : undefined);
  }
});

test('C3: kubectl get shows the sink of every kind first, and its age, readiness and reason', () => {
  for (const { of, additionalPrinterColumns } of versions) {
    const names = additionalPrinterColumns.map(({ name }) => name);
    assert.equal(names[0], 'Sink', of);
    assert.deepEqual(names.slice(-3), ['Age', 'Ready', 'Reason'], of);
  }
});

test('C4, C16: the status of every kind has conditions, sinkUri, and what goes with them', () => {
  for (const { of, schema } of versions) {
    const status = at(schema.openAPIV3Schema, 'status');
    const condition = at(status, 'conditions', '[]');
    assert.deepEqual(
      ['lastTransitionTime', 'message', 'reason', 'severity', 'status', 'type'].filter(
        (field) => at(condition, field)?.type !== 'string',
      ),
      [],
      of,
    );
    assert.deepEqual([...(condition?.required ?? [])].toSorted(), ['status', 'type'], of);
    assert.equal(at(status, 'sinkUri')?.type, 'string', of);
    assert.equal(at(status, 'observedGeneration')?.type, 'integer', of);
    for (const field of ['sinkCACerts', 'sinkAudience', 'auth'])
      assert.ok(at(status, field) !== undefined, `${of} ${field}`);
  }
});

test('C5, C11, C13: every kind needs a sink and takes overrides of extensions', () => {
  for (const { of, schema } of versions) {
    const spec = at(schema.openAPIV3Schema, 'spec');
    assert.equal(at(spec, 'sink')?.type, 'object', of);
    assert.ok(spec?.required?.includes('sink'), of);
    assert.ok(at(spec, 'ceOverrides', 'extensions')?.additionalProperties !== undefined, of);
  }
});

test('C6: the types of events that a kind names are a JSON array of objects with a type', () => {
  const named = kinds.flatMap(({ metadata: { name, annotations = {} } }) => {
    const text = annotations['registry.knative.dev/eventTypes'];
    if (text === undefined) return [];
    const types = JSON.parse(text) as readonly { readonly type?: unknown }[];
    assert.ok(types.length > 0 && types.every(({ type }) => typeof type === 'string'), name);
    return [name.split('.')[0]];
  });
  assert.deepEqual(named, ['apiserversources', 'pingsources']);
});

test('C9: a kind is a sink by a label on a role, and the controller is bound to the role that collects those', () => {
  const objects = readKustomization(MANIFESTS);
  const collecting = objects.find(({ metadata }) => metadata.name === 'watchbridge-addressable-resolver');
  assert.deepEqual(collecting?.['aggregationRule'], {
    clusterRoleSelectors: [{ matchLabels: { 'duck.knative.dev/addressable': 'true' } }],
  });
  const binding = objects.find(
    ({ kind, metadata }) => kind === 'ClusterRoleBinding' && metadata.name === collecting?.metadata.name,
  );
  assert.deepEqual(
    (binding?.['subjects'] as { name: string }[] | undefined)?.map(({ name }) => name),
    ['watchbridge-controller'],
  );
});
