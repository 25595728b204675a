import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readSourceConfig, type SourceConfig } from '../../src/adapter/source-config.ts';
import { anyJson } from '../support/json-text.ts';

const PODS = { gvr: { Group: '', Version: 'v1', Resource: 'pods' } };
const GOOD = { namespaces: ['shop'], allNamespaces: false, resources: [PODS], mode: 'Resource' };

function configOf(value: unknown): SourceConfig {
  const read = readSourceConfig(JSON.stringify(value));
  return 'config' in read ? read.config : assert.fail(read.problems.join('\n'));
}

function problemsOf(text: string): readonly string[] {
  const read = readSourceConfig(text);
  return 'problems' in read ? read.problems : [];
}

test('what upstream’s controller writes is read field by field', () => {
  const text =
    '{"namespaces":["ns1"],"allNamespaces":false,"resources":[{"gvr":{"Group":"apps","Version":"v1","Resource":"deployments"},"selector":"a=b,c in (d,e)"}],"owner":{"apiVersion":"apps/v1","kind":"ReplicaSet"},"mode":"Resource","failFast":true}';
  assert.deepEqual(readSourceConfig(text), {
    config: {
      namespaces: ['ns1'],
      allNamespaces: false,
      resources: [{ gvr: { Group: 'apps', Version: 'v1', Resource: 'deployments' }, selector: 'a=b,c in (d,e)' }],
      owner: { apiVersion: 'apps/v1', kind: 'ReplicaSet' },
      mode: 'Resource',
      failFast: true,
    },
    unknownFields: [],
  });
});

test('fields that are left out, or are null where upstream writes null, have the meaning they have there', () => {
  const rows: [given: object, taken: Partial<SourceConfig>][] = [
    [{ ...GOOD, namespaces: null }, { namespaces: [] }],
    [
      { resources: [PODS], mode: 'Resource' },
      { namespaces: [], allNamespaces: false },
    ],
    [{ ...GOOD, namespaces: ['b', 'a', 'b'] }, { namespaces: ['b', 'a'] }],
    [{ ...GOOD, allNamespaces: true }, { allNamespaces: true }],
    [{ ...GOOD, owner: { kind: 'ReplicaSet' } }, { owner: { apiVersion: '', kind: 'ReplicaSet' } }],
    [{ ...GOOD, owner: {} }, { owner: { apiVersion: '', kind: '' } }],
    [{ ...GOOD, resources: [{ ...PODS, selector: '' }] }, { resources: [{ ...PODS, selector: '' }] }],
    [{ ...GOOD, mode: 'Reference' }, { mode: 'Reference' }],
  ];
  for (const [given, taken] of rows) {
    assert.deepEqual(configOf(given), { ...configOf(GOOD), ...taken }, JSON.stringify(given));
  }
});

test('our own fields are taken as they are', () => {
  const ours = {
    initialEvents: 'All',
    sourceUid: 'f1e2d3c4-0000-4000-8000-000000000001',
    delivery: { format: 'json', retry: 3, backoffPolicy: 'linear', backoffDelay: 'PT1S' },
    checkpoint: 'Full',
    gapEvents: true,
    namespaceSelector: 'team in (a,b),!hidden',
    excludeNamespaces: ['kube-system'],
    resources: [
      { ...PODS, fieldSelector: 'metadata.name=a\\,b,status.phase!=Running' },
      { gvr: { ...PODS.gvr, Resource: '*' } },
    ],
  };
  assert.deepEqual(configOf({ ...GOOD, ...ours }), { ...GOOD, ...ours });
});

test('what is wrong is said with its place, what was expected, and what was found', () => {
  const group = 'expected an API group in lower case, such as apps; "" for the core group';
  const version = 'expected an API version, such as v1';
  const plural = 'expected the plural name in lower case, such as pods; "*" for every resource of the version';
  const namespace = 'expected the name of a namespace';
  const selector = 'expected a label selector, such as app=web,tier in (a,b)';
  const gvr = (more: object) => ({ resources: [PODS, { gvr: { ...PODS.gvr, ...more } }] });
  const selecting = (it: unknown) => ({ resources: [{ ...PODS, selector: it }] });
  const long = 'x'.repeat(300);
  const rows: [more: object, problem: string][] = [
    [{ namespaces: [''] }, `namespaces[0]: ${namespace}; found "".`],
    [{ namespaces: ['a', 'Shop'] }, `namespaces[1]: ${namespace}; found "Shop".`],
    [{ namespaces: ['a.b'] }, `namespaces[0]: ${namespace}; found "a.b".`],
    [{ namespaces: [long] }, `namespaces[0]: ${namespace}; found "${'x'.repeat(62)}….`],
    [{ namespaces: 'shop' }, 'namespaces: Invalid input: expected array, received string; found "shop".'],
    [{ allNamespaces: 'yes' }, 'allNamespaces: Invalid input: expected boolean, received string; found "yes".'],
    [{ resources: [] }, 'resources: expected at least one resource; found [].'],
    [{ resources: undefined }, 'resources: Invalid input: expected array, received undefined; found nothing.'],
    [gvr({ Group: 'Apps' }), `resources[1].gvr.Group: ${group}; found "Apps".`],
    [gvr({ Group: 'apps/v1' }), `resources[1].gvr.Group: ${group}; found "apps/v1".`],
    [gvr({ Version: 'V1' }), `resources[1].gvr.Version: ${version}; found "V1".`],
    [gvr({ Version: '' }), `resources[1].gvr.Version: ${version}; found "".`],
    [gvr({ Resource: 'Pod' }), `resources[1].gvr.Resource: ${plural}; found "Pod".`],
    [gvr({ Resource: 'pods/log' }), `resources[1].gvr.Resource: ${plural}; found "pods/log".`],
    [gvr({ Resource: '' }), `resources[1].gvr.Resource: ${plural}; found "".`],
    [
      gvr({ Resource: undefined }),
      'resources[1].gvr.Resource: Invalid input: expected string, received undefined; found nothing.',
    ],
    [selecting('a==='), `resources[0].selector: ${selector}; "a===" is no requirement; found "a===".`],
    [selecting('a in ('), `resources[0].selector: ${selector}; "a in (" is no requirement; found "a in (".`],
    [selecting('!'), `resources[0].selector: ${selector}; "!" is no requirement; found "!".`],
    [selecting('é'), `resources[0].selector: ${selector}; "é" is no label key; found "é".`],
    [
      selecting(`a=${long}`),
      `resources[0].selector: ${selector}; "${'x'.repeat(63)}…" is no label value; found "a=${'x'.repeat(60)}….`,
    ],
    [
      { resources: [{ ...PODS, fieldSelector: 'status.phase' }] },
      'resources[0].fieldSelector: expected a field selector, such as metadata.name=web,status.phase!=Running; "status.phase" is no comparison of a field; found "status.phase".',
    ],
    [{ namespaceSelector: '!' }, `namespaceSelector: ${selector}; "!" is no requirement; found "!".`],
    [{ excludeNamespaces: ['Shop'] }, `excludeNamespaces[0]: ${namespace}; found "Shop".`],
    [{ mode: 'reference' }, 'mode: expected Reference or Resource; found "reference".'],
    [{ mode: 'Ref' }, 'mode: expected Reference or Resource; found "Ref".'],
    [{ mode: 'RESOURCE' }, 'mode: expected Reference or Resource; found "RESOURCE".'],
    [{ mode: '' }, 'mode: expected Reference or Resource; found "".'],
    [{ mode: undefined }, 'mode: expected Reference or Resource; found nothing.'],
    [{ owner: { kind: 5 } }, 'owner.kind: Invalid input: expected string, received number; found 5.'],
    [{ initialEvents: 'Some' }, 'initialEvents: expected None or All; found "Some".'],
    [{ checkpoint: 'Half' }, 'checkpoint: expected None, Position or Full; found "Half".'],
    [{ gapEvents: 'yes' }, 'gapEvents: expected true or false; found "yes".'],
    [{ delivery: { format: 'avro' } }, 'delivery.format: expected binary, json or batch; found "avro".'],
  ];
  for (const [more, problem] of rows) {
    assert.deepEqual(problemsOf(JSON.stringify({ ...GOOD, ...more })), [`K_SOURCE_CONFIG.${problem}`]);
  }
});

test('what is no configuration at all is refused', () => {
  const rows: [text: string, problems: RegExp][] = [
    ['null', /^K_SOURCE_CONFIG: .*expected object.*; found null\.$/],
    ['[]', /^K_SOURCE_CONFIG: .*expected object.*; found \[\]\.$/],
    ['"x"', /^K_SOURCE_CONFIG: .*expected object.*; found "x"\.$/],
    ['{}', /^K_SOURCE_CONFIG\.resources: .*K_SOURCE_CONFIG\.mode: expected Reference or Resource; found nothing\.$/],
    ['{', /^K_SOURCE_CONFIG is not JSON: .*line 1 column 2/],
    ['{"mode":"Resource",}', /^K_SOURCE_CONFIG is not JSON: .*line 1 column 20/],
    [`${JSON.stringify(GOOD)}{}`, /^K_SOURCE_CONFIG is not JSON: /],
    [`\ufeff${JSON.stringify(GOOD)}`, /^K_SOURCE_CONFIG is not JSON: /],
    ['{"mode":"\0"}', /^K_SOURCE_CONFIG is not JSON: .*control character/],
  ];
  for (const [text, problems] of rows) assert.match(problemsOf(text).join(' '), problems, text);
});

test('a configuration longer or deeper than anybody’s is refused before it can hurt', () => {
  const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
  const tooDeep = ['K_SOURCE_CONFIG has more than 64 levels of objects and lists; so many are not read.'];
  assert.deepEqual(problemsOf(deep(100_000)), tooDeep);
  assert.deepEqual(problemsOf(JSON.stringify(GOOD).replace('{', `{"x":${deep(100_000)},`)), tooDeep);
  assert.deepEqual(problemsOf(JSON.stringify(GOOD).replace('{', `{"x":${deep(60)},`)), []);
  assert.deepEqual(problemsOf(' '.repeat(10_000_000)), [
    'K_SOURCE_CONFIG has 10000000 characters; at most 1048576 are read.',
  ]);
});

test('fields that mean nothing are named, wherever they stand', () => {
  const text = JSON.stringify({
    ...GOOD,
    resources: [PODS, { ...PODS, selectors: 'a=b', gvr: { ...PODS.gvr, kind: 'Pod' } }],
    owner: { kind: 'ReplicaSet', name: 'web' },
    delivery: { retries: 3 },
    modus: 1,
  });
  const read = readSourceConfig(text);
  assert.deepEqual('config' in read && read.unknownFields, [
    'resources[1].gvr.kind',
    'resources[1].selectors',
    'owner.name',
    'delivery.retries',
    'modus',
  ]);
});

test('keys that mean something to JavaScript mean nothing here', () => {
  const more = '"__proto__":{"mode":"Reference","polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":1,';
  const read = readSourceConfig(JSON.stringify(GOOD).replace('{', `{${more}`));
  assert.ok('config' in read);
  assert.deepEqual(read.config, GOOD);
  assert.deepEqual(read.unknownFields, ['__proto__', 'constructor', 'toString']);
  assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
  assert.deepEqual(problemsOf('{"__proto__":{"resources":[],"mode":"Resource"}}').length, 2);
});

test('no text makes it throw, and every problem is one sentence about the variable', () => {
  const field = fc.oneof(anyJson(), fc.constantFrom<unknown>(...Object.values(GOOD)));
  const value = fc.record(
    {
      namespaces: field,
      allNamespaces: field,
      resources: fc.oneof(field, fc.array(fc.record({ gvr: field, selector: field }, { requiredKeys: [] }))),
      owner: field,
      mode: field,
      failFast: field,
      delivery: field,
      checkpoint: field,
    },
    { requiredKeys: [] },
  );
  const text = fc.oneof(
    fc.string(),
    value.map((it) => JSON.stringify(it)),
  );
  fc.assert(
    fc.property(text, (it) => {
      for (const problem of problemsOf(it)) assert.match(problem, /^K_SOURCE_CONFIG\b.*\.$/s);
    }),
    { numRuns: 300 },
  );
});
