import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { CloudEvent } from '../../src/events/cloud-event.ts';
import { encodeEvent } from '../../src/events/encode.ts';
import { type Origin, toCloudEvent, withOverrides } from '../../src/events/from-change.ts';
import type { Change, ChangeType } from '../../src/watch/change.ts';
import { changeOf, DEPLOYMENTS, NAMESPACES, originOf, PODS } from './changes.ts';
import { headersOf } from './headers-of.ts';

/** A change as it is told, overrides included. */
function toldAs(...[change, origin, moment]: Parameters<typeof toCloudEvent>): CloudEvent {
  return withOverrides(toCloudEvent(change, origin, moment), origin.overrides);
}

const NOW = { epoch: 0, now: Date.UTC(2026, 5, 18, 9, 30, 15, 123) };
const UID = '0c119059-7113-11e9-a6c5-42010a8a00ed';

/** What goes over the wire: header names in lower case, and the body as text. */
function onTheWire(event: CloudEvent): { headers: Record<string, string>; body: string } {
  const encoded = encodeEvent(event, 'binary');
  return { headers: headersOf(encoded), body: Buffer.from(encoded.body).toString() };
}

test('each change in each mode is the event that upstream builds from it', () => {
  // Upstream's table: pkg/adapter/apiserver/events/events_test.go.
  const unit = { namespace: 'test', name: 'unit', uid: 'u', resourceVersion: '7' };
  const body = Buffer.from('{"apiVersion":"v1","kind":"Pod","metadata":{"name":"unit","namespace":"test"}}');
  const reference = '{"kind":"Pod","namespace":"test","name":"unit","apiVersion":"v1"}';
  const rows: [ChangeType, Origin['mode'], type: string, data: string][] = [
    ['add', 'Resource', 'dev.knative.apiserver.resource.add', body.toString()],
    ['update', 'Resource', 'dev.knative.apiserver.resource.update', body.toString()],
    ['delete', 'Resource', 'dev.knative.apiserver.resource.delete', body.toString()],
    ['add', 'Reference', 'dev.knative.apiserver.ref.add', reference],
    ['update', 'Reference', 'dev.knative.apiserver.ref.update', reference],
    ['delete', 'Reference', 'dev.knative.apiserver.ref.delete', reference],
  ];
  for (const [type, mode, wanted, data] of rows) {
    const origin = originOf({ mode, server: 'unit-test' });
    const { id, ...event } = toldAs(changeOf({ type, object: unit, body }), origin, NOW);
    assert.notEqual(id, '');
    assert.deepEqual(
      { ...event, data: event.data?.toString() },
      {
        source: 'unit-test',
        type: wanted,
        subject: '/apis/v1/namespaces/test/pods/unit',
        time: '2026-06-18T09:30:15.123Z',
        datacontenttype: 'application/json',
        extensions: { apiversion: 'v1', kind: 'Pod', name: 'unit', namespace: 'test', uid: 'u', resourceversion: '7' },
        data,
      },
    );
  }
});

test('on the wire, events have upstream’s attributes, two more, and nothing else', () => {
  const pod = { namespace: 'shop', name: 'web-0', uid: UID, resourceVersion: '1001' };
  const web = { ...pod, name: 'web' };
  const old = { ...pod, namespace: '', name: 'old' };
  const podHeaders = {
    'ce-subject': '/apis/v1/namespaces/shop/pods/web-0',
    'ce-apiversion': 'v1',
    'ce-kind': 'Pod',
    'ce-name': 'web-0',
    'ce-namespace': 'shop',
  };
  const deploymentHeaders = {
    'ce-subject': '/apis/apps/v1/namespaces/shop/deployments/web',
    'ce-apiversion': 'apps/v1',
    'ce-kind': 'Deployment',
    'ce-name': 'web',
    'ce-namespace': 'shop',
  };
  const deployment = '{"kind":"Deployment","namespace":"shop","name":"web","apiVersion":"apps/v1"}';
  const running = '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-0"},"status":{"phase":"Running"}}';
  const asReference = originOf({ mode: 'Reference', resource: DEPLOYMENTS });
  const rows: [type: string, Partial<Change>, Origin, headers: Record<string, string>, body: string][] = [
    ['resource.add', { type: 'add', object: pod }, originOf({}), podHeaders, running],
    ['resource.update', { type: 'update', object: pod }, originOf({}), podHeaders, running],
    ['resource.delete', { type: 'delete', object: pod }, originOf({}), podHeaders, running],
    ['ref.add', { type: 'add', object: web }, asReference, deploymentHeaders, deployment],
    [
      'ref.update',
      { type: 'update', object: web },
      { ...asReference, overrides: { cluster: 'blue', namespace: 'x' } },
      { ...deploymentHeaders, 'ce-cluster': 'blue', 'ce-namespace': 'x' },
      deployment,
    ],
    [
      'ref.delete',
      { type: 'delete', object: old },
      originOf({ mode: 'Reference', resource: NAMESPACES }),
      {
        'ce-subject': '/apis/v1/namespaces//namespaces/old',
        'ce-apiversion': 'v1',
        'ce-kind': 'Namespace',
        'ce-name': 'old',
        'ce-namespace': '',
      },
      '{"kind":"Namespace","name":"old","apiVersion":"v1"}',
    ],
  ];
  for (const [type, change, origin, wanted, body] of rows) {
    const event = toldAs(changeOf({ ...change, body: Buffer.from(running) }), origin, NOW);
    const { headers, body: sent } = onTheWire(event);
    assert.deepEqual(
      headers,
      {
        'content-type': 'application/json',
        'ce-specversion': '1.0',
        'ce-id': event.id,
        'ce-source': 'https://10.96.0.1:443',
        'ce-type': `dev.knative.apiserver.${type}`,
        'ce-time': '2026-06-18T09:30:15.123Z',
        'ce-uid': UID,
        'ce-resourceversion': '1001',
        ...wanted,
      },
      type,
    );
    assert.equal(sent, body, type);
  }
});

test('what upstream was recorded to send for a change is what is sent', () => {
  for (const mode of ['Resource', 'Reference'] as const) {
    for (const recorded of recordings(mode)) {
      const [change, origin] = behind(recorded, mode);
      const { headers, body } = onTheWire(toldAs(change, origin, NOW));
      for (const ours of ['ce-id', 'ce-time', 'ce-uid', 'ce-resourceversion']) delete headers[ours];
      assert.deepEqual(headers, attributesOf(recorded));
      assert.equal(body, recorded.body);
    }
  }
});

test('the object’s bytes are sent as they came, not written again', () => {
  const body = Buffer.from('{"kind": "Pod", "big":9007199254740993, "big":1.0,\t"text":"\\u003c<\u2028"}');
  assert.equal(toldAs(changeOf({ body }), originOf({}), NOW).data, body);
});

test('an event says what upstream has no word for: recovered, unknown at its end, out of the selector', () => {
  const body = Buffer.from('{}');
  const gone = { type: 'delete', body, foundBy: 'comparison' } as const;
  const rows: [Partial<Change>, unselected: boolean | undefined, extensions: Record<string, boolean>][] = [
    [{ foundBy: 'watch' }, undefined, {}],
    [{ foundBy: 'list' }, undefined, {}],
    [{ foundBy: 'comparison' }, undefined, { recovered: true }],
    [gone, undefined, { recovered: true }],
    [{ ...gone, body: undefined }, undefined, { recovered: true, finalstateunknown: true }],
    [{ type: 'delete' }, false, {}],
    [{ type: 'delete' }, true, { unselected: true }],
    [gone, true, { recovered: true, unselected: true }],
  ];
  for (const [change, unselected, wanted] of rows) {
    const moment = { ...NOW, ...(unselected !== undefined && { unselected }) };
    const { extensions } = toldAs(changeOf(change), originOf({}), moment);
    const flags = Object.entries(extensions).filter(([, value]) => typeof value === 'boolean');
    assert.deepEqual(Object.fromEntries(flags), wanted);
  }
});

test('the data of a delete whose last state is unknown names the object and its last known version', () => {
  const change = changeOf({ type: 'delete', foundBy: 'comparison', body: undefined });
  const inShop = toldAs(change, originOf({}), NOW);
  assert.deepEqual(JSON.parse(String(inShop.data)), {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-0', namespace: 'shop', uid: UID, resourceVersion: '7' },
  });
  const anywhere = { ...change, object: { ...change.object, namespace: '' } };
  const ofCluster = toldAs(anywhere, originOf({ resource: NAMESPACES }), NOW);
  assert.deepEqual(JSON.parse(String(ofCluster.data)), {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'web-0', uid: UID, resourceVersion: '7' },
  });
  const named = toldAs(change, originOf({ mode: 'Reference' }), NOW);
  assert.equal(String(named.data), '{"kind":"Pod","namespace":"shop","name":"web-0","apiVersion":"v1"}');
});

test('an override replaces any extension, ours too', () => {
  const overrides = { name: 'other', uid: 'none', resourceversion: '', recovered: 'no', team: 'blue' };
  const { extensions } = toldAs(changeOf({ foundBy: 'comparison' }), originOf({ overrides }), NOW);
  assert.deepEqual(extensions, { apiversion: 'v1', kind: 'Pod', namespace: 'shop', ...overrides });
});

/** One request of upstream's adapter, as test/golden has it. */
interface Recorded {
  readonly headers: Readonly<Record<string, readonly [string]>>;
  readonly body: string;
}

function recordings(mode: Origin['mode']): Recorded[] {
  const file = new URL(`../golden/events-${mode.toLowerCase()}-mode.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as Recorded[];
}

/** What must have been seen for `recorded` to be sent. */
function behind({ headers, body }: Recorded, mode: Origin['mode']): [Change, Origin] {
  const attribute = (name: string) => headers[`Ce-${name}`]?.[0] ?? '';
  const resource = [PODS, DEPLOYMENTS, NAMESPACES, { ...PODS, plural: 'configmaps', kind: 'ConfigMap' }].find(
    ({ kind }) => kind === attribute('Kind'),
  );
  assert.ok(resource, attribute('Kind'));
  const object = { namespace: attribute('Namespace'), name: attribute('Name'), uid: UID, resourceVersion: '7' };
  const type = attribute('Type').split('.').at(-1) as ChangeType;
  const overrides: Record<string, string> = mode === 'Reference' ? { cluster: 'blue' } : {};
  const change = changeOf({ type, object, body: Buffer.from(mode === 'Resource' ? body : '{"kind":"any"}') });
  return [change, originOf({ resource, mode, server: attribute('Source'), overrides })];
}

/** All headers that are about the event, without those that are new each time. */
function attributesOf({ headers }: Recorded): Record<string, string> {
  const told = Object.entries(headers).filter(([name]) => /^(ce-(?!id$|time$)|content-type$)/i.test(name));
  return Object.fromEntries(told.map(([name, [value]]) => [name.toLowerCase(), value]));
}
