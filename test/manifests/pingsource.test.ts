import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };
import { MANIFESTS, readManifests } from '../../scripts/manifests.ts';
import { type Definition, fieldsOf } from './schema.ts';

const [first] = readManifests(join(MANIFESTS, 'crds', 'pingsources.yaml'));
const crd = first as Definition;
const [v1] = crd.spec.versions;

test('Knative’s tools find the kind: labels, categories and the type of its events', () => {
  const { labels = {}, annotations = {} } = crd.metadata;
  assert.equal(labels['duck.knative.dev/source'], 'true');
  assert.equal(labels['app.kubernetes.io/version'], manifest.version);
  assert.deepEqual(crd.spec.names.categories, ['all', 'knative', 'sources']);
  const types = JSON.parse(annotations['registry.knative.dev/eventTypes'] ?? '') as { type: string }[];
  assert.deepEqual(
    types.map(({ type }) => type),
    ['dev.knative.sources.ping'],
  );
});

test('three versions are served, v1 is stored, and they say the same, so that nothing has to be converted', () => {
  assert.deepEqual(
    crd.spec.versions.map(({ name, served, storage }) => [name, served, storage]),
    [
      ['v1', true, true],
      ['v1beta2', true, false],
      ['v1beta1', true, false],
    ],
  );
  assert.equal(crd.spec.conversion.strategy, 'None');
  for (const { schema } of crd.spec.versions) assert.deepEqual(schema, v1?.schema);
});

test('the columns are those of upstream, in its order', () => {
  for (const { additionalPrinterColumns } of crd.spec.versions) {
    assert.deepEqual(
      additionalPrinterColumns.map(({ name }) => name),
      ['Sink', 'Schedule', 'Age', 'Ready', 'Reason'],
    );
  }
});

test('every field has a sentence, and nothing that users write is without bound', () => {
  const fields = fieldsOf(v1?.schema.openAPIV3Schema ?? {}).filter(({ path }) => path !== 'metadata');
  assert.ok(fields.length > 20);
  const silent = fields.filter(({ schema }) => !/^[A-Z].*\.$/s.test(schema.description ?? ''));
  const spec = fields.filter(({ path }) => path.startsWith('spec'));
  const free = spec.filter(({ schema }) => schema.type === 'string' && !('maxLength' in schema || 'enum' in schema));
  const maps = spec.filter(({ schema }) => schema.additionalProperties !== undefined && !('maxProperties' in schema));
  assert.deepEqual(
    [...silent, ...free, ...maps].map(({ path }) => path),
    [],
  );
});
