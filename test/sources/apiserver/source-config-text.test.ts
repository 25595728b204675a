import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSourceConfig } from '../../../src/adapter/source-config.ts';
import { type SourceConfigFacts, sourceConfigText } from '../../../src/sources/apiserver/source-config-text.ts';
import { type StoredSpec, withDefaults } from '../../../src/sources/apiserver/spec.ts';
import { loadCel } from '../../../src/events/cel/load-cel.ts';

await loadCel();

const PODS = { group: '', version: 'v1', plural: 'pods' };
const PLAIN: SourceConfigFacts = {
  uid: 'u1',
  resources: [PODS],
  namespaces: ['shop'],
  deadLetterSink: undefined,
  failFast: false,
};
const POD = { apiVersion: 'v1', kind: 'Pod' };

/** Of a source that wants nothing of what is ours. */
function upstreamText(spec: StoredSpec, facts: Partial<SourceConfigFacts> = {}): string {
  return sourceConfigText(withDefaults({ resources: [POD], checkpoint: 'None', ...spec }), { ...PLAIN, ...facts });
}

const THREE: StoredSpec = {
  resources: [
    { apiVersion: '', kind: 'Namespace' },
    { apiVersion: 'batch/v1', kind: 'Job' },
    { apiVersion: '', kind: 'Pod', selector: { matchLabels: { 'test-key1': 'test-value1' } } },
  ],
  owner: { apiVersion: 'custom/v1', kind: 'Parent' },
  mode: 'Resource',
};
const THREE_FOUND: Partial<SourceConfigFacts> = {
  namespaces: ['source-namespace'],
  resources: [
    { group: '', version: '', plural: 'namespaces' },
    { group: 'batch', version: 'v1', plural: 'jobs' },
    { group: '', version: '', plural: 'pods' },
  ],
};
const K3 =
  '{"namespaces":["source-namespace"],"allNamespaces":false,"resources":[{"gvr":{"Group":"","Version":"","Resource":"namespaces"}},{"gvr":{"Group":"batch","Version":"v1","Resource":"jobs"}},{"gvr":{"Group":"","Version":"","Resource":"pods"},"selector":"test-key1=test-value1"}],"owner":{"apiVersion":"custom/v1","kind":"Parent"},"mode":"Resource"';

test('K3: without fields of ours the text is upstream’s byte for byte', () => {
  assert.equal(upstreamText(THREE, THREE_FOUND), `${K3}}`);
});

test('K5: failFast is the last of upstream’s fields, and absent where it is not wished', () => {
  assert.equal(upstreamText(THREE, { ...THREE_FOUND, failFast: true }), `${K3},"failFast":true}`);
});

test('filters are written in Go’s order and with Go’s escapes', () => {
  const filters = [{ cesql: "subject LIKE '%/a&b%' AND n < 3 AND m > 1" }, { exact: { type: 't', source: 's' } }];
  assert.equal(
    upstreamText({ filters }),
    '{"namespaces":["shop"],"allNamespaces":false,"resources":[{"gvr":{"Group":"","Version":"v1","Resource":"pods"}}],"mode":"Reference","filters":[{"cesql":"subject LIKE \'%/a\\u0026b%\' AND n \\u003c 3 AND m \\u003e 1"},{"exact":{"source":"s","type":"t"}}]}',
  );
  const nested = [{ any: [{ suffix: { b: '2', a: '1' } }, { not: { prefix: { d: '4', c: '3' } } }] }];
  assert.match(
    upstreamText({ filters: nested }),
    /"filters":\[\{"any":\[\{"suffix":\{"a":"1","b":"2"\}\},\{"not":\{"prefix":\{"c":"3","d":"4"\}\}\}\]\}\]\}$/,
  );
});

const FIELDS: readonly (readonly [string, StoredSpec, Partial<SourceConfigFacts>, string])[] = [
  ['nothing', {}, {}, '"sourceUid":"u1","checkpoint":"Full"'],
  ['checkpoint', { checkpoint: 'Position' }, {}, '"sourceUid":"u1","checkpoint":"Position"'],
  ['initialEvents', { checkpoint: 'None', initialEvents: 'All' }, {}, '"initialEvents":"All"'],
  ['gapEvents', { checkpoint: 'None', gapEvents: true }, {}, '"gapEvents":true'],
  ['what is the default', { checkpoint: 'None', initialEvents: 'None', gapEvents: false, delivery: {} }, {}, ''],
  [
    'delivery',
    { checkpoint: 'None', delivery: { retry: 3, format: 'json' } },
    {},
    '"delivery":{"retry":3,"format":"json"}',
  ],
  [
    'a dead letter sink',
    { checkpoint: 'None', delivery: { retry: 0, deadLetterSink: { ref: { name: 'dead' } } } },
    { deadLetterSink: { uri: 'http://dead.shop' } },
    '"delivery":{"retry":0,"deadLetterSink":{"uri":"http://dead.shop"}}',
  ],
];

test('our fields stand after upstream’s, and only where they are set or needed', () => {
  for (const [what, spec, facts, fields] of FIELDS) {
    const text = sourceConfigText(withDefaults({ resources: [POD], ...spec }), { ...PLAIN, ...facts });
    const upstream = upstreamText({
      ...spec,
      gapEvents: false,
      initialEvents: 'None',
      delivery: {},
      checkpoint: 'None',
    });
    assert.equal(text, fields === '' ? upstream : `${upstream.slice(0, -1)},${fields}}`, what);
  }
});

const EMPTY_FOLLOWED = '{"namespaces":[],"allNamespaces":false,';

test('R7: with a selector that the adapter follows, no name of a namespace is in the text', () => {
  const text = upstreamText({ namespaceSelector: { matchLabels: { target: 'yes' } } }, { namespaces: 'followed' });
  assert.ok(text.startsWith(EMPTY_FOLLOWED));
  assert.ok(text.endsWith(',"mode":"Reference","namespaceSelector":"target=yes"}'));
});

test('a selector that the adapter cannot follow becomes names, as upstream', () => {
  const text = upstreamText(
    { namespaceSelector: { matchLabels: { target: 'yes' } } },
    { namespaces: ['test-a', 'test-b'] },
  );
  assert.ok(text.startsWith('{"namespaces":["test-a","test-b"],"allNamespaces":false,'));
  assert.ok(!text.includes('namespaceSelector'));
});

test('R8: the empty selector is all namespaces, without their names', () => {
  const text = upstreamText({ namespaceSelector: {} }, { namespaces: ['a', 'b', 'c'] });
  assert.ok(text.startsWith('{"namespaces":[],"allNamespaces":true,'));
});

test('what is excluded is told where the adapter finds the namespaces, and not where they are listed', () => {
  const namespaces = { exclude: ['kube-system', 'dev'] };
  const some = { matchLabels: { target: 'yes' } };
  assert.match(upstreamText({ namespaces, namespaceSelector: {} }), /,"excludeNamespaces":\["dev","kube-system"\]\}$/);
  assert.match(
    upstreamText({ namespaces, namespaceSelector: some }, { namespaces: 'followed' }),
    /,"namespaceSelector":"target=yes","excludeNamespaces":\["dev","kube-system"\]\}$/,
  );
  assert.ok(!upstreamText({ namespaces, namespaceSelector: some }, { namespaces: ['a'] }).includes('exclude'));
});

test('the adapter understands every field of the text', () => {
  const spec: StoredSpec = {
    resources: [
      {
        ...POD,
        selector: { matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['b', 'c'] }] },
        fieldSelector: 'metadata.name=web',
        changes: ['Spec', 'Labels'],
        when: 'object.spec.replicas > 3',
        trigger: 'Transition',
        debounce: 'PT2S',
      },
    ],
    owner: { kind: 'ReplicaSet' },
    mode: 'Resource',
    namespaceSelector: { matchLabels: { a: 'b' } },
    namespaces: { exclude: ['c'] },
    filters: [{ exact: { type: 't' } }],
    delivery: { retry: 3, backoffDelay: 'PT1S', deadLetterSink: { uri: 'http://dead.shop' } },
    initialEvents: 'All',
    gapEvents: true,
    payload: {
      managedFields: 'Drop',
      lastApplied: 'Drop',
      secrets: 'ClearText',
      redactionKey: { secretKeyRef: { name: 'redaction', key: 'key' } },
      maxBytes: 65_536,
      labelExtensions: { team: 'example.com/team' },
      annotationExtensions: { owner: 'example.com/owner' },
    },
  };
  const text = sourceConfigText(withDefaults(spec), {
    ...PLAIN,
    namespaces: 'followed',
    deadLetterSink: { uri: 'http://dead.shop' },
    failFast: true,
  });
  const read = readSourceConfig(text);
  assert.ok('config' in read, JSON.stringify(read));
  assert.deepEqual(read.unknownFields, []);
});
