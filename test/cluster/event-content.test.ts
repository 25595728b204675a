import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HTTP } from 'cloudevents';
import { Agent, request } from 'undici';
import { resource, startAdapter } from '../support/adapter-process.ts';
import type { Cluster } from '../support/cluster.ts';
import { customResource } from '../support/custom-resource.ts';
import { eventually } from '../support/eventually.ts';
import { allow } from '../support/service-account.ts';
import { configMaps, stage } from '../support/stage.ts';

/** What a parser and a serializer of JavaScript would change, and what a slicer of bytes could trip over. */
const ODD_MEMBERS = [
  '"big": 9007199254740993, "bigger": 9223372036854775807, "lowest": -9223372036854775808',
  '"whole": 1.0, "small": 1e-7, "large": 1e21, "zero": -0.0',
  '"10": "ten", "2": "two", "__proto__": {"a": 1}, "constructor": null',
  '"unicode": "é☁😀\\u2028\\ud83d\\ude00", "escapes": "\\"\\\\/\\b\\f\\n\\r\\t\\u0001", "html": "<b>&amp;</b>"',
  '"deep": {"a": [{"b": [[{"metadata": {"uid": "not-mine", "resourceVersion": "0"}}]]}], "metadata": {"name": "other"}}',
  '"empty": {}, "list": [], "nothing": null, "object": {"type": "DELETED", "object": {}}',
  `"long": "${'é☁ line\\n'.repeat(20_000)}"`,
].join(', ');

test('the data of an event is byte for byte what the API server sends', async (t) => {
  const { cluster, namespace, kubeconfig, sink } = await stage(t, 'bytes');
  const things = customResource(t, cluster.admin);
  await things.install();
  await allow(cluster, namespace, { apiGroups: [things.group], resources: ['things'] });
  const source = { namespaces: [namespace], resources: [resource(things.group, 'v1', 'things')] };
  const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, source });
  await adapter.ready();

  const collection = things.collection(namespace);
  const { resourceVersion } = await cluster.admin.list(collection);
  const send = (method: 'POST' | 'PATCH', path: string, body: string): Promise<void> =>
    write(cluster, method, path, body);
  const head = `"apiVersion": "${things.apiVersion}", "kind": "Thing", "metadata": {"name": "odd"}`;
  await send('POST', collection, `{${head}, "spec": {${ODD_MEMBERS}}, ${ODD_MEMBERS.replace('"deep"', '"deeper"')}}`);
  await send('PATCH', `${collection}/odd`, '{"spec": {"big": 9007199254740995}}');
  await cluster.admin.delete(`${collection}/odd`);
  const lines = await watchLines(cluster, `${collection}?watch=1&resourceVersion=${resourceVersion}`, 3);
  await eventually('three events', () => sink.accepted().length === 3);
  assert.deepEqual(
    lines.map(({ type }) => type),
    ['ADDED', 'MODIFIED', 'DELETED'],
  );
  lines.forEach(({ object }, index) =>
    assert.ok(sink.accepted()[index]?.body.equals(object), `event ${index} differs`),
  );
  assert.match(lines[0]?.object.toString() ?? '', /"big":9007199254740993,/, 'the API server itself keeps integers');
});

test('the data of an event about an object that existed before is byte for byte what the API server sends', async (t) => {
  const { cluster, namespace, kubeconfig, sink } = await stage(t, 'initial-bytes');
  const things = customResource(t, cluster.admin);
  await things.install();
  await allow(cluster, namespace, { apiGroups: [things.group], resources: ['things'] });
  const collection = things.collection(namespace);
  const head = `"apiVersion": "${things.apiVersion}", "kind": "Thing", "metadata": {"name": "odd"}`;
  await write(cluster, 'POST', collection, `{${head}, ${ODD_MEMBERS}}`);
  const resources = [resource(things.group, 'v1', 'things')];
  const source = { namespaces: [namespace], resources, initialEvents: 'All' };
  const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, source });
  await adapter.ready();
  await eventually('the event', () => sink.accepted().length === 1);
  const [line] = await watchLines(cluster, `${collection}?watch=1`, 1);
  assert.ok(line !== undefined && sink.accepted()[0]?.body.equals(line.object));
});

test('with the format json an event is one JSON document that holds the object', async (t) => {
  const { namespace, kubeconfig, sink, writer, cluster } = await stage(t, 'structured');
  const resources = [resource('', 'v1', 'configmaps')];
  const source = { namespaces: [namespace], resources, delivery: { format: 'json' } };
  const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, namespace, source });
  await adapter.ready();
  await writer.create('a');
  await eventually('the event', () => sink.accepted().length === 1);
  const { headers = {}, body = Buffer.of() } = sink.accepted()[0] ?? {};
  assert.equal(headers['content-type'], 'application/cloudevents+json; charset=utf-8');
  assert.equal(headers['kn-namespace'], namespace);
  assert.deepEqual(
    Object.keys(headers).filter((name) => name.startsWith('ce-')),
    [],
  );
  const object = await cluster.admin.get(`${configMaps(namespace)}/a`);
  const { uid, resourceVersion: resourceversion } = object.metadata;
  // The JavaScript SDK of CloudEvents is the judge; as JSON, an event of its has no members that are undefined.
  const judged = JSON.stringify(HTTP.toEvent({ headers, body: body.toString() }));
  const { id: _id, time: _time, ...event } = JSON.parse(judged) as Record<string, unknown>;
  assert.deepEqual(event, {
    specversion: '1.0',
    type: 'dev.knative.apiserver.resource.add',
    source: cluster.server,
    subject: `/apis/v1/namespaces/${namespace}/configmaps/a`,
    datacontenttype: 'application/json',
    apiversion: 'v1',
    kind: 'ConfigMap',
    name: 'a',
    namespace,
    uid,
    resourceversion,
    data: object,
  });
});

/** Sends text as it is, where a value would lose what it is about. */
async function write(cluster: Cluster, method: 'POST' | 'PATCH', path: string, body: string): Promise<void> {
  const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const { statusCode, body: answer } = await request(`${cluster.server}${path}`, {
    method,
    headers: { authorization: `Bearer ${cluster.adminToken}`, 'content-type': contentType },
    body,
    dispatcher: trusting(cluster),
  });
  assert.ok(statusCode < 300, await answer.text());
}

interface Line {
  readonly type: string;
  readonly object: Buffer;
}

/** The first lines of a watch, cut by their known layout and nothing else. */
async function watchLines(cluster: Cluster, path: string, count: number): Promise<Line[]> {
  const { body } = await request(`${cluster.server}${path}`, {
    headers: { authorization: `Bearer ${cluster.adminToken}` },
    dispatcher: trusting(cluster),
  });
  let bytes = Buffer.alloc(0);
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes = Buffer.concat([bytes, chunk]);
    if (bytes.toString('latin1').split('\n').length > count) break;
  }
  const lines = bytes.toString('latin1').split('\n').slice(0, count);
  return lines.map((line) => {
    const [, type = '', object = ''] = /^\{"type":"(\w+)","object":(.*)\}$/s.exec(line) ?? [];
    return { type, object: Buffer.from(object, 'latin1') };
  });
}

function trusting({ caPem }: Cluster): Agent {
  return new Agent({ connect: { ca: caPem } });
}
