import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAdapterConfig } from '../../src/adapter/config.ts';
import { changesConfig, payloadConfig, payloadRules, tellsClearSecrets } from '../../src/adapter/payload-config.ts';

/** What is wrong with a payload, as `where: what`. */
function problemsOf(value: unknown, schema: typeof payloadConfig | typeof changesConfig = payloadConfig): string[] {
  const read = schema.safeParse(value);
  return read.success ? [] : read.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

test('everything that a payload may say is taken as it is', () => {
  const rows: object[] = [
    {},
    { managedFields: 'Drop', lastApplied: 'Keep', maxBytes: 1_024, secrets: 'ClearText' },
    { fields: ['spec.replicas', 'metadata.annotations.example\\.com/owner'] },
    { labelExtensions: { app: 'app.kubernetes.io/name', team2: 'team' }, annotationExtensions: { owner: 'a.b/C_d' } },
  ];
  for (const value of rows) assert.deepEqual(payloadConfig.parse(value), value, JSON.stringify(value));
  assert.deepEqual(changesConfig.parse(['Spec', 'Metadata']), ['Spec', 'Metadata']);
});

test('what cannot be a payload is said where it stands', () => {
  const path =
    'expected a path of at most 32 names between dots, such as spec.replicas; a dot in a name is written \\.';
  const key = 'expected the key of a label or an annotation, such as app.kubernetes.io/name';
  const own = 'the extension is one that the adapter sets itself; choose another name';
  const core = 'the extension is an attribute of CloudEvents itself, which cannot be overridden; choose another name';
  const nameless = 'the extension has a name that CloudEvents does not allow; use letters and digits';
  const rows: [value: object, problem: string][] = [
    [{ managedFields: 'drop' }, 'managedFields: expected Keep or Drop'],
    [{ lastApplied: true }, 'lastApplied: expected Keep or Drop'],
    [{ fields: [] }, 'fields: expected at least one path'],
    [{ fields: ['a', 'spec..a'] }, `fields.1: ${path}`],
    [{ maxBytes: 1.5 }, 'maxBytes: expected a whole number of bytes'],
    [{ maxBytes: 10 }, 'maxBytes: expected at least 1024'],
    [{ secrets: 'Drop' }, 'secrets: expected Redact or ClearText'],
    [{ labelExtensions: { uid: 'a' } }, `labelExtensions.uid: ${own}`],
    [{ labelExtensions: { dataref: 'a' } }, `labelExtensions.dataref: ${own}`],
    [{ labelExtensions: { source: 'a' } }, `labelExtensions.source: ${core}`],
    [{ annotationExtensions: { 'my-app': 'a' } }, `annotationExtensions.my-app: ${nameless}`],
    [{ annotationExtensions: { App: 'a' } }, `annotationExtensions.App: ${nameless}`],
    [{ annotationExtensions: { app: '' } }, `annotationExtensions.app: ${key}`],
    [{ annotationExtensions: { app: 'a/b/c' } }, `annotationExtensions.app: ${key}`],
    [
      { labelExtensions: { app: 'a' }, annotationExtensions: { app: 'a' } },
      'annotationExtensions.app: the extension is taken from a label already; choose another name',
    ],
  ];
  for (const [value, problem] of rows) assert.deepEqual(problemsOf(value), [problem], JSON.stringify(value));
  const parts = 'Spec, Status, Labels, Annotations, Finalizers, Metadata';
  assert.deepEqual(problemsOf(['spec'], changesConfig), [`0: expected one of ${parts}`]);
  assert.deepEqual(problemsOf([], changesConfig), [`: expected at least one of ${parts}`]);
});

test('by default objects are told as they are, but for what Secrets hold', () => {
  const { digest, ...rules } = payloadRules(undefined, 'shop/web', undefined);
  assert.deepEqual(rules, {
    dropManagedFields: false,
    dropLastApplied: false,
    fields: undefined,
    maxBytes: undefined,
    extensions: [],
  });
  assert.equal(digest?.('u', 'p', Buffer.from('"x"')), 'redacted');
  assert.equal(payloadRules({ secrets: 'ClearText' }, 'shop/web', undefined).digest, undefined);
});

test('values of Secrets are told only where that was said, and Secrets are', () => {
  const secrets = { gvr: { Group: '', Resource: 'secrets' } };
  const pods = { gvr: { Group: '', Resource: 'pods' } };
  const every = { gvr: { Group: '', Resource: '*' } };
  const clear = { secrets: 'ClearText' } as const;
  assert.ok(tellsClearSecrets({ mode: 'Resource', payload: clear, resources: [pods, secrets] }));
  assert.ok(tellsClearSecrets({ mode: 'Resource', payload: clear, resources: [every] }));
  assert.ok(!tellsClearSecrets({ mode: 'Reference', payload: clear, resources: [secrets] }));
  assert.ok(!tellsClearSecrets({ mode: 'Resource', payload: clear, resources: [pods] }));
  assert.ok(!tellsClearSecrets({ mode: 'Resource', payload: {}, resources: [secrets] }));
  assert.ok(!tellsClearSecrets({ mode: 'Resource', resources: [secrets] }));
});

const RESOURCES = [{ gvr: { Group: '', Version: 'v1', Resource: 'secrets' }, changes: ['Spec'] }];
const PAYLOAD = { secrets: 'ClearText', labelExtensions: { app: 'app' } };
const SOURCE = { namespaces: ['shop'], resources: RESOURCES, mode: 'Resource', payload: PAYLOAD };
const ENV = { NAME: 'web', NAMESPACE: 'shop', K_SINK: 'http://sink.shop', K_SOURCE_CONFIG: JSON.stringify(SOURCE) };

test('both fields are read from K_SOURCE_CONFIG, and clear text is warned of', () => {
  const read = readAdapterConfig(ENV);
  assert.ok('config' in read);
  assert.deepEqual(read.config.source.payload, PAYLOAD);
  assert.deepEqual(read.config.source.resources[0]?.changes, ['Spec']);
  const warning = 'K_SOURCE_CONFIG.payload.secrets is ClearText: events carry the values of Secrets as they are.';
  assert.deepEqual(read.warnings, [warning]);
});

test('a key that is long enough is taken, and one that is not is warned of, not used and not shown', () => {
  const readKey = (key: string): unknown => {
    const read = readAdapterConfig({ ...ENV, WATCHBRIDGE_REDACTION_KEY: key });
    assert.ok('config' in read);
    return [read.config.redactionKey, ...read.warnings.filter((it) => it.includes('REDACTION'))];
  };
  assert.deepEqual(readKey('0123456789abcdef0123456789abcdef'), ['0123456789abcdef0123456789abcdef']);
  assert.deepEqual(readKey(''), [undefined]);
  assert.deepEqual(readKey('hunter2'), [
    undefined,
    'WATCHBRIDGE_REDACTION_KEY has 7 characters, too few to be used: every value of a Secret is the same text, and its changes cannot be seen. Put at least 32 into the Secret that payload.redactionKey names, chosen at random.',
  ]);
});
