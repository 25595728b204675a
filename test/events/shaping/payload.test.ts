import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { toCloudEvent } from '../../../src/events/from-change.ts';
import { createDigest } from '../../../src/events/shaping/digest.ts';
import { metadataText } from '../../../src/events/shaping/metadata-text.ts';
import { createPayload, type PayloadRules, type Shaped } from '../../../src/events/shaping/payload.ts';
import type { Change } from '../../../src/watch/change.ts';
import { anyDice, anyJson, anyKey, anyText, layOut } from '../../support/json-text.ts';
import { changeOf, originOf, PODS } from '../changes.ts';
import { anyCorruption } from './any-object.ts';

const SECRETS = { ...PODS, plural: 'secrets', kind: 'Secret' };
const ALL: PayloadRules = {
  dropManagedFields: false,
  dropLastApplied: false,
  fields: undefined,
  maxBytes: undefined,
  extensions: [],
  digest: createDigest(undefined, 'shop/web'),
};
const UNTOUCHED = '{"metadata":{"name":"web-0","uid":"u","resourceVersion":"7"}}';

function tell(rules: Partial<PayloadRules>, change: Partial<Change>, more = {}): Shaped & { readonly text: string } {
  const origin = originOf(more);
  const payload = createPayload({ ...ALL, ...rules }, origin);
  const whole = changeOf(change);
  const named = payload.attributes(toCloudEvent(whole, origin, { epoch: 0, now: 0 }), whole);
  const shaped = payload.data(named.event, whole);
  const text = Buffer.from(shaped.event.data ?? '').toString();
  return { event: shaped.event, ...((shaped.lack ?? named.lack) && { lack: shaped.lack ?? named.lack }), text };
}

const labelled = (labels: object, annotations: object = {}): Buffer =>
  Buffer.from(JSON.stringify({ kind: 'Pod', metadata: { name: 'a', labels, annotations } }));

test('by default an object that is no Secret goes through as the very same bytes', () => {
  const body = Buffer.from(`{"data":{"a": 1.0},"metadata":{"managedFields":[]}}`);
  assert.equal(tell({}, { body }).event.data, body);
});

test('a Secret is redacted in mode Resource, in each of its changes', () => {
  const body = Buffer.from('{"kind":"Secret","metadata":{"name":"a"},"data":{"p":"Q0FOQVJZ"}}');
  for (const type of ['add', 'update', 'delete'] as const) {
    assert.match(tell({}, { type, body }, { resource: SECRETS }).text, /"data":\{"p":"cmVkYWN0ZWQ="\}/);
  }
  assert.equal(tell({ digest: undefined }, { body }, { resource: SECRETS }).text, body.toString());
  const custom = { ...SECRETS, group: 'example.com' };
  assert.equal(tell({}, { body }, { resource: custom }).text, body.toString(), 'of another group');
});

test('a Secret that is not understood is told by what names it, whatever is wrong with it', () => {
  const text = '{"kind":"Secret","metadata":{"name":"a"},"data":{"p":"CANARY","q":"CANARY"},"type":"CANARY"}';
  fc.assert(
    fc.property(anyCorruption(fc.constant(text)), (body) => {
      const { text: told, lack } = tell({}, { body }, { resource: SECRETS });
      const isJson = parses(body);
      assert.equal(lack, isJson && body.toString().trim().startsWith('{') ? undefined : 'malformed');
      if (!isJson) assert.ok(!told.includes('CANARY'), told);
    }),
    { numRuns: 1_000 },
  );
  const { event, lack } = tell({}, { body: Buffer.from('{"data":{"p":"CANARY"]}') }, { resource: SECRETS });
  assert.equal(lack, 'malformed');
  assert.equal(
    Buffer.from(event.data ?? '').toString(),
    '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"web-0","namespace":"shop","uid":"0c119059-7113-11e9-a6c5-42010a8a00ed","resourceVersion":"7"}}',
  );
});

test('data that is too large, after it was shaped, names the object and says where it is', () => {
  const body = Buffer.from(`{"metadata":{"managedFields":["${'x'.repeat(2_000)}"]}}`);
  const { event, lack, text } = tell({ maxBytes: 1_024 }, { body });
  assert.equal(lack, 'tooLarge');
  assert.equal(text, '{"kind":"Pod","namespace":"shop","name":"web-0","apiVersion":"v1"}');
  assert.equal(event.extensions['dataref'], 'https://10.96.0.1:443/api/v1/namespaces/shop/pods/web-0');
  assert.equal(event.type, 'dev.knative.apiserver.resource.add');
  const dropped = tell({ maxBytes: 1_024, dropManagedFields: true }, { body });
  assert.deepEqual([dropped.text, dropped.lack], ['{"metadata":{}}', undefined]);
  assert.equal(tell({ maxBytes: body.length }, { body }).lack, undefined);
});

test('the URL of an object of the cluster, and of one with an odd name', () => {
  const object = { namespace: '', name: 'a b/c', uid: 'u', resourceVersion: '1' };
  const resource = { ...PODS, plural: 'clusterroles', group: 'rbac.authorization.k8s.io', namespaced: false };
  const { event } = tell({ maxBytes: 1 }, { object }, { resource, server: 'https://proxy/c1/' });
  assert.equal(
    event.extensions['dataref'],
    'https://proxy/c1/apis/rbac.authorization.k8s.io/v1/clusterroles/a%20b%2Fc',
  );
});

test('labels and annotations become extensions, in both modes', () => {
  const extensions = [
    { name: 'app', of: 'labels', key: 'app.kubernetes.io/name' },
    { name: 'team', of: 'annotations', key: 'team' },
  ] as const;
  const body = labelled({ 'app.kubernetes.io/name': 'shop', team: 'no' }, { team: 'blue "é"', app: 'no' });
  for (const mode of ['Resource', 'Reference'] as const) {
    const { event } = tell({ extensions, fields: [['spec']] }, { body }, { mode });
    assert.equal(event.extensions['app'], 'shop');
    assert.equal(event.extensions['team'], 'blue "é"');
  }
  const none = tell({ extensions }, { body: Buffer.from(UNTOUCHED) }).event;
  assert.ok(!('app' in none.extensions) && !('team' in none.extensions));
  assert.ok(!('app' in tell({ extensions }, { type: 'delete', body: undefined }).event.extensions));
});

test('a label is found in every layout, and nothing else is taken for it', () => {
  const anyLabels = fc.dictionary(fc.oneof(fc.constantFrom('app', 'app2', '__proto__'), anyKey(4)), anyText());
  fc.assert(
    fc.property(anyLabels, anyJson(), anyDice(), (labels, other, dice) => {
      const body = Buffer.from(layOut({ spec: other, metadata: { annotations: { app: 'no' }, labels } }, dice));
      const wanted = Object.hasOwn(labels, 'app') ? labels['app'] : undefined;
      assert.equal(metadataText(body, 'labels', Buffer.from('app')), wanted);
    }),
    { numRuns: 500 },
  );
  for (const body of ['{}', '{"metadata":1}', '{"metadata":{"labels":["app"]}}', '{"metadata":{"labels":{"app":1}}}']) {
    assert.equal(metadataText(Buffer.from(body), 'labels', Buffer.from('app')), undefined, body);
  }
});

test('a value that cannot be an attribute is left out, and that is told', () => {
  const extensions = [{ name: 'note', of: 'annotations', key: 'note' }] as const;
  for (const note of ['a\nb', '\u0085', 'x'.repeat(4_097), '\ud800']) {
    const { event, lack } = tell({ extensions }, { body: labelled({}, { note }) });
    assert.equal(lack, 'extension');
    assert.ok(!('note' in event.extensions));
  }
  const { event, lack } = tell({ extensions }, { body: labelled({}, { note: '' }) });
  assert.deepEqual([event.extensions['note'], lack], ['', undefined]);
});

test('an annotation that can tell a secret is digested as an extension too', () => {
  const extensions = [{ name: 'token', of: 'annotations', key: 'openshift.io/token-secret.value' }] as const;
  const body = labelled({}, { 'openshift.io/token-secret.value': 'CANARY' });
  const { event } = tell({ extensions }, { body }, { resource: SECRETS, mode: 'Reference' });
  assert.equal(event.extensions['token'], 'redacted');
});

test('a delete without a body, and a reference, stay as they are', () => {
  const gone = tell({ maxBytes: 1, fields: [['spec']] }, { type: 'delete', body: undefined }, { resource: SECRETS });
  assert.match(gone.text, /^\{"apiVersion":"v1","kind":"Secret","metadata"/);
  const named = tell({ maxBytes: 1 }, { body: Buffer.from(UNTOUCHED) }, { mode: 'Reference' });
  assert.deepEqual([named.text.slice(0, 13), named.lack], ['{"kind":"Pod"', undefined]);
});

function parses(body: Buffer): boolean {
  try {
    JSON.parse(body.toString());
    return true;
  } catch {
    return false;
  }
}
