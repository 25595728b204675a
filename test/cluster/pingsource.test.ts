import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { parse } from 'yaml';
import { runPingAdapter } from '../../src/commands/ping-adapter/run.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { systemClock } from '../../src/process/clock.ts';
import { pingSources } from '../../src/sources/ping/controller.ts';
import { recordedLog } from '../adapter/recorded-log.ts';
import { installWatchbridge } from '../manifests/apply.ts';
import { accountClient } from '../support/account-client.ts';
import type { Body, KubeObject } from '../support/admin.ts';
import { type Condition, conditionReached } from '../support/conditions.ts';
import { eventually } from '../support/eventually.ts';
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts';
import { type Received, recordingSink } from '../support/recording-sink.ts';
import { type RunningController, runController } from '../support/running-controller.ts';

const SYSTEM = 'watchbridge-system';

/** Of its own, as controller and adapter look after the sources of every namespace. */
let cluster: OwnCluster;
let controller: RunningController;
const clients: KubeClient[] = [];

before(async () => {
  cluster = await startOwnCluster({ controllerManager: true });
  await installWatchbridge(cluster.admin);
  await eventually(
    'PingSources to be served',
    async () => (await cluster.admin.request('GET', pings('default', 'v1beta1'))).status === 200,
  );
  controller = await runController(cluster, pingSources, { systemNamespace: SYSTEM });
});

after(async () => {
  await controller.stop();
  await Promise.all(clients.map((client) => client.close()));
  await cluster.stop();
});

async function clientOf(account: string): Promise<KubeClient> {
  const client = await accountClient(cluster, account, SYSTEM);
  clients.push(client);
  return client;
}

function pings(namespace: string, version = 'v1'): string {
  return `/apis/sources.knative.dev/${version}/namespaces/${namespace}/pingsources`;
}

async function place(name: string): Promise<string> {
  await cluster.admin.create('/api/v1/namespaces', { metadata: { name } });
  return name;
}

async function create(namespace: string, name: string, spec: Body): Promise<KubeObject> {
  return await cluster.admin.create(pings(namespace), {
    apiVersion: 'sources.knative.dev/v1',
    kind: 'PingSource',
    metadata: { name },
    spec,
  });
}

async function reaches(
  namespace: string,
  name: string,
  type: string,
  status: string,
  reason?: string,
): Promise<Condition> {
  return await conditionReached(
    cluster.admin,
    `${pings(namespace)}/${name}`,
    { type, status, reason },
    controller.entries,
  );
}

/** A process that fires, and its end. */
async function startAdapter(t: TestContext, identity: string): Promise<() => Promise<void>> {
  const end = new AbortController();
  const kube = await clientOf('pingsource-mt-adapter');
  const config = { namespace: SYSTEM, sinkTimeoutMs: 5_000, logLevel: 'info', probesPort: 0, metricsPort: 0 } as const;
  const { log: own } = recordedLog();
  const adapter = runPingAdapter(config, { kube, clock: systemClock, log: own, identity }, end.signal);
  const finish = async (): Promise<void> => {
    end.abort();
    await adapter;
  };
  t.after(finish);
  return finish;
}

test('the manifest of v1beta1 is taken as it is, and is the same source in v1', async () => {
  const namespace = await place('beta');
  const text = `
apiVersion: sources.knative.dev/v1beta1
kind: PingSource
metadata:
  name: test-ping-source
spec:
  schedule: "*/1 * * * *"
  jsonData: '{"message": "hello, world!"}'
  sink:
    ref:
      apiVersion: v1
      kind: Service
      name: event-display
`;
  const path = `${pings(namespace, 'v1beta1')}?fieldValidation=Strict`;
  const answer = await cluster.admin.request('POST', path, parse(text) as Body);
  assert.equal(answer.status, 201, answer.text);
  const { apiVersion, spec } = await cluster.admin.get(`${pings(namespace)}/test-ping-source`);
  assert.equal(apiVersion, 'sources.knative.dev/v1');
  assert.deepEqual(spec, (parse(text) as Body)['spec']);
  const { message } = await reaches(namespace, 'test-ping-source', 'SinkProvided', 'False', 'NotFound');
  assert.match(message ?? '', /beta\/event-display/);
  await cluster.admin.create(`/api/v1/namespaces/${namespace}/services`, {
    metadata: { name: 'event-display' },
    spec: { ports: [{ port: 80 }] },
  });
  await reaches(namespace, 'test-ping-source', 'SinkProvided', 'True');
  const { status } = await cluster.admin.get(`${pings(namespace)}/test-ping-source`);
  const { sinkUri, ceAttributes } = status as { sinkUri: string; ceAttributes: unknown };
  assert.equal(sinkUri, 'http://event-display.beta.svc.cluster.local');
  assert.deepEqual(ceAttributes, [
    { type: 'dev.knative.sources.ping', source: '/apis/v1/namespaces/beta/pingsources/test-ping-source' },
  ]);
});

const SINK = { uri: 'http://orders.shop.svc' };
const REFUSALS: readonly (readonly [what: string, spec: Body, words: string])[] = [
  ['no sink', {}, 'sink: Required value'],
  ['an empty sink', { sink: {} }, 'expected ref (apiVersion, kind, name) or uri'],
  ['@every', { sink: SINK, schedule: '@every 1m' }, '@every counts from a start'],
  ['four fields', { sink: SINK, schedule: '* * * *' }, 'expected five fields such as */5 * * * *'],
  ['an unknown descriptor', { sink: SINK, schedule: '@reboot' }, 'found @reboot'],
  [
    'two kinds of data',
    { sink: SINK, data: 'a', dataBase64: 'YQ==' },
    'expected either data or dataBase64, found both',
  ],
  ['jsonData with a type', { sink: SINK, jsonData: '{}', contentType: 'text/plain' }, 'expected either jsonData'],
  ['an offset for a zone', { sink: SINK, timezone: '+01:00' }, 'expected an IANA name'],
  [
    'two zones',
    { sink: SINK, timezone: 'UTC', schedule: 'TZ=UTC * * * * *' },
    'either in timezone or in front of schedule',
  ],
  [
    'an override of an attribute',
    { sink: SINK, ceOverrides: { extensions: { id: '1' } } },
    'expected names that CloudEvents does not define itself; found id',
  ],
];

for (const [what, spec, words] of REFUSALS) {
  test(`the API server refuses ${what} with a sentence`, async () => {
    const { status, text } = await cluster.admin.request('POST', `${pings('default')}?dryRun=All`, {
      apiVersion: 'sources.knative.dev/v1',
      kind: 'PingSource',
      metadata: { name: 'it' },
      spec,
    });
    assert.equal(status, 422, text);
    assert.ok((JSON.parse(text) as { message: string }).message.includes(words), text);
  });
}

for (const schedule of ['', '10 0/1 * * * ?', '@hourly', 'CRON_TZ=Europe/Berlin 0 9 * * mon-fri', '0 0 1 JAN ?']) {
  test(`the API server takes the schedule "${schedule}"`, async () => {
    const spec = { sink: SINK, ...(schedule !== '' && { schedule }) };
    const { status, text } = await cluster.admin.request('POST', `${pings('default')}?dryRun=All`, {
      apiVersion: 'sources.knative.dev/v1',
      kind: 'PingSource',
      metadata: { name: 'it' },
      spec,
    });
    assert.equal(status, 201, text);
    assert.equal((JSON.parse(text) as { spec: { schedule: string } }).spec.schedule, schedule || '* * * * *');
  });
}

test('the first source brings the adapter, and is Ready when that runs', async () => {
  const namespace = await place('ready');
  await create(namespace, 'it', { sink: SINK });
  await reaches(namespace, 'it', 'Deployed', 'False', 'MinimumReplicasUnavailable');
  const path = `/apis/apps/v1/namespaces/${SYSTEM}/deployments/pingsource-mt-adapter`;
  const deployment = await cluster.admin.get(path);
  assert.equal((deployment['spec'] as { replicas: number }).replicas, 1);
  const pods = `/api/v1/namespaces/${SYSTEM}/pods`;
  const pod = await eventually('its Pod', async () => {
    const { items } = await cluster.admin.list(`${pods}?labelSelector=sources.knative.dev/role=adapter`);
    return items[0];
  });
  await cluster.admin.patch(`${pods}/${pod.metadata.name}/status`, {
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  });
  await reaches(namespace, 'it', 'Ready', 'True');
  const status = (await cluster.admin.get(`${pings(namespace)}/it`))['status'] as { conditions: Condition[] };
  assert.deepEqual(
    status.conditions.map(({ type, status: is, reason }) => [type, is, reason]),
    [
      ['Deployed', 'True', undefined],
      ['OIDCIdentityCreated', 'True', 'authentication-oidc feature disabled'],
      ['Ready', 'True', undefined],
      ['SinkProvided', 'True', undefined],
    ],
  );
});

test('what only the parser finds wrong is said by a condition', async () => {
  const namespace = await place('wrong');
  await create(namespace, 'it', { sink: SINK, schedule: '61 * * * *', data: '{', contentType: 'application/json' });
  const { message = '' } = await reaches(namespace, 'it', 'Ready', 'False', 'InvalidSpec');
  assert.match(message, /end of range \(61\) above maximum \(59\): 61/);
  assert.match(message, /spec\.data is not JSON/);
});

test('a source that goes with Knative’s finalizer goes', async () => {
  const namespace = await place('gone');
  await create(namespace, 'it', { sink: SINK });
  await cluster.admin.patch(`${pings(namespace)}/it`, {
    metadata: { finalizers: ['pingsources.sources.knative.dev'] },
  });
  await cluster.admin.delete(`${pings(namespace)}/it`);
  await eventually('the source to be gone', async () => {
    return (await cluster.admin.request('GET', `${pings(namespace)}/it`)).status === 404;
  });
});

test('an event is sent each time, and a hand-over neither repeats nor leaves out one', async (t) => {
  const namespace = await place('firing');
  const sink = await recordingSink(t);
  const first = await startAdapter(t, 'first');
  const { metadata } = await create(namespace, 'each', {
    schedule: '* * * * * *',
    sink: { uri: sink.url },
    data: '{ "a": 1 }',
    contentType: 'application/json',
    ceOverrides: { extensions: { hello: 'world' } },
  });
  await eventually('events', () => sink.accepted().length >= 4);
  const second = await startAdapter(t, 'second');
  await eventually('more events', () => sink.accepted().length >= 6);
  await first();
  const atHandOver = sink.accepted().length;
  await eventually('events of the second', () => sink.accepted().length >= atHandOver + 4);
  await second();
  const received = sink.accepted();
  const [event] = received;
  assert.deepEqual(
    ['ce-type', 'ce-source', 'ce-hello', 'content-type', 'kn-namespace'].map((name) => event?.headers[name]),
    ['dev.knative.sources.ping', '/apis/v1/namespaces/firing/pingsources/each', 'world', 'application/json', 'firing'],
  );
  assert.equal(event?.body.toString(), '{ "a": 1 }');
  const seconds = received.map(secondOf);
  assert.deepEqual(
    seconds,
    seconds.map((_, i) => (seconds[0] ?? 0) + i),
    'each second once and in order',
  );
  assert.ok(
    received.every(
      ({ headers }) => headers['ce-id'] === `${metadata.uid}.${Date.parse(String(headers['ce-time'])) / 1_000}`,
    ),
  );
});

test('the last source takes the adapter with it', async (t) => {
  const namespace = await place('last');
  const sink = await recordingSink(t);
  const third = await startAdapter(t, 'third');
  await create(namespace, 'it', { schedule: '* * * * * *', sink: { uri: sink.url } });
  await eventually('events', () => sink.accepted().length >= 2);
  const { items } = await cluster.admin.list('/apis/sources.knative.dev/v1/pingsources');
  for (const { metadata } of items) await cluster.admin.delete(`${pings(metadata.namespace ?? '')}/${metadata.name}`);
  await eventually('no replica', async () => {
    const path = `/apis/apps/v1/namespaces/${SYSTEM}/deployments/pingsource-mt-adapter`;
    const { spec } = await cluster.admin.get(path);
    return (spec as { replicas: number }).replicas === 0;
  });
  await third();
});

function secondOf({ headers }: Received): number {
  return Date.parse(String(headers['ce-time'])) / 1_000;
}
