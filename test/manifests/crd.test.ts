import assert from 'node:assert/strict';
import { test } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };
import { definition, fieldsOf, schemaOf } from './schema.ts';

/** What client-side `kubectl apply` keeps of an object in an annotation can be no longer (apimachinery, 256 KiB). */
const LONGEST_ANNOTATIONS = 262_144;

const crd = definition();

test('Knative’s tools find the kind: labels, categories and the types of its events', () => {
  const { labels = {}, annotations = {} } = crd.metadata;
  assert.equal(labels['duck.knative.dev/source'], 'true');
  assert.equal(labels['eventing.knative.dev/source'], 'true');
  assert.equal(labels['knative.dev/crd-install'], 'true');
  assert.equal(labels['app.kubernetes.io/version'], manifest.version);
  assert.deepEqual(crd.spec.names.categories, ['all', 'knative', 'sources']);
  const types = JSON.parse(annotations['registry.knative.dev/eventTypes'] ?? '') as {
    type: string;
    description: string;
  }[];
  const verbs = ['add', 'delete', 'update'];
  assert.deepEqual(
    types.map(({ type }) => type),
    ['resource', 'ref'].flatMap((form) => verbs.map((verb) => `dev.knative.apiserver.${form}.${verb}`)),
  );
  assert.ok(types.every(({ description }) => description !== ''));
});

test('both versions are served, v1 is stored, and they say the same, so that nothing has to be converted', () => {
  assert.deepEqual(
    crd.spec.versions.map(({ name, served, storage }) => ({ name, served, storage })),
    [
      { name: 'v1', served: true, storage: true },
      { name: 'v1beta1', served: true, storage: false },
    ],
  );
  assert.equal(crd.spec.conversion.strategy, 'None');
  assert.deepEqual(schemaOf('v1beta1'), schemaOf('v1'));
});

test('the columns are those of upstream, in its order', () => {
  for (const { additionalPrinterColumns } of crd.spec.versions) {
    assert.deepEqual(
      additionalPrinterColumns.map(({ name, jsonPath }) => [name, jsonPath]),
      [
        ['Sink', '.status.sinkUri'],
        ['Age', '.metadata.creationTimestamp'],
        ['Ready', '.status.conditions[?(@.type=="Ready")].status'],
        ['Reason', '.status.conditions[?(@.type=="Ready")].reason'],
      ],
    );
  }
});

test('kubectl explain has a sentence for every field', () => {
  const silent = fieldsOf(schemaOf()).filter(
    ({ path, schema }) => path !== 'metadata' && !/^[A-Z].*\.$/s.test(schema.description ?? ''),
  );
  assert.deepEqual(
    silent.map(({ path }) => path),
    [],
  );
});

test('only mode and serviceAccountName are filled in: upstream refuses objects with fields it does not know', () => {
  const defaults = fieldsOf(schemaOf()).flatMap(({ path, schema }) =>
    'default' in schema ? [[path, schema.default]] : [],
  );
  assert.deepEqual(defaults, [
    ['spec.mode', 'Reference'],
    ['spec.serviceAccountName', 'default'],
  ]);
});

test('nothing that users write is without bound or kept unseen', () => {
  const spec = fieldsOf(schemaOf()).filter(({ path }) => path.startsWith('spec'));
  const free = spec.filter(({ schema }) => 'x-kubernetes-preserve-unknown-fields' in schema);
  const lists = spec.filter(({ schema }) => schema.type === 'array' && !('maxItems' in schema));
  const maps = spec.filter(({ schema }) => schema.additionalProperties !== undefined && !('maxProperties' in schema));
  const texts = spec.filter(({ schema }) => schema.type === 'string' && !('maxLength' in schema || 'enum' in schema));
  assert.deepEqual(
    [...free, ...lists, ...maps, ...texts].map(({ path }) => path),
    [],
  );
});

test('kubectl apply can remember the whole definition', () => {
  const { length } = Buffer.from(JSON.stringify(crd));
  assert.ok(length < LONGEST_ANNOTATIONS * 0.9, `${length} bytes`);
});
