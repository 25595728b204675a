import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { installWatchbridge, sourcesIn } from '../manifests/apply.ts';
import type { AdapterProcess } from '../support/adapter-process.ts';
import type { Body, KubeObject } from '../support/admin.ts';
import { deploymentsIn, makeSource, reaches, runSources } from '../support/controller-stage.ts';
import type { RunningController } from '../support/running-controller.ts';
import { eventually } from '../support/eventually.ts';
import { type Received, type RecordingSink, recordingSink } from '../support/recording-sink.ts';
import { allow, allowEverywhere, type Resources } from '../support/service-account.ts';
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts';
import { adapterEnvironment, probe, runAdapterOf } from '../support/source-adapter.ts';
import { tlsSink } from '../support/tls-sink.ts';

// The names are those of docs/reference/conformance.md. Each source goes the whole way: a manifest, the controller, and
// the adapter that its Deployment describes, as the source's account.

/** Of its own, as the controller reconciles the sources of every namespace. */
let cluster: OwnCluster;
let controller: RunningController;

before(async () => {
  cluster = await startOwnCluster({ controllerManager: true });
  await installWatchbridge(cluster.admin);
  controller = await runSources(cluster);
});

after(async () => {
  await controller.stop();
  await cluster.stop();
});

const PODS: Resources = { apiGroups: [''], resources: ['pods'] };
const CONFIG_MAPS: Resources = { apiGroups: [''], resources: ['configmaps'] };
const EVENTS: Resources = { apiGroups: [''], resources: ['events'] };
const SKIP = 'features.knative.dev/apiserversource-skip-permissions-check';

const pod = { apiVersion: 'v1', kind: 'Pod' };
const configMap = { apiVersion: 'v1', kind: 'ConfigMap' };

interface Scene {
  readonly namespace: string;
  readonly sink: RecordingSink;
  readonly adapter: AdapterProcess;
  /** What was told of objects of a name, oldest first: `add`, `update`, `delete`. */
  told(name: string): readonly string[];
  received(name: string): readonly Received[];
}

/** A namespace with an account that has `rights`, and a source whose adapter is ready. */
async function scene(t: TestContext, namespace: string, rights: Resources, spec: Body): Promise<Scene> {
  await makeNamespace(namespace);
  await allow(cluster, namespace, rights);
  return await sourceIn(t, namespace, spec);
}

async function makeNamespace(name: string, labels: Record<string, string> = {}): Promise<void> {
  await cluster.admin.create('/api/v1/namespaces', { metadata: { name, labels } });
  await cluster.admin.create(`/api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: 'watcher' } });
  await eventually('the account of Pods', () =>
    cluster.admin.get(`/api/v1/namespaces/${name}/serviceaccounts/default`).catch(() => false),
  );
}

async function sourceIn(t: TestContext, namespace: string, spec: Body): Promise<Scene> {
  const sink = await recordingSink(t);
  await makeSource(cluster.admin, namespace, { sink: { uri: sink.url }, ...spec });
  const adapter = await runAdapterOf(t, cluster, namespace);
  await adapter.ready();
  await probe(cluster.admin, namespace, adapter);
  await reaches(cluster.admin, namespace, 'Ready', 'True');
  const received = (name: string) => sink.accepted().filter(({ headers }) => headers['ce-name'] === name);
  const told = (name: string) =>
    received(name).map(({ headers }) => String(headers['ce-type']).split('.').at(-1) ?? '');
  return { namespace, sink, adapter, told, received };
}

const pods = (namespace: string): string => `/api/v1/namespaces/${namespace}/pods`;
const configMaps = (namespace: string): string => `/api/v1/namespaces/${namespace}/configmaps`;

async function createPod(namespace: string, name: string, labels: Record<string, string> = {}): Promise<KubeObject> {
  const spec = { containers: [{ name, image: 'busybox' }] };
  return await cluster.admin.create(pods(namespace), { metadata: { name, labels }, spec });
}

/** Creates, changes and deletes a ConfigMap. */
async function liveThrough(namespace: string, name: string, ownerReferences: readonly object[] = []): Promise<void> {
  const path = configMaps(namespace);
  await cluster.admin.create(path, { metadata: { name, ownerReferences } });
  await cluster.admin.patch(`${path}/${name}`, { data: { a: '1' } });
  await cluster.admin.delete(`${path}/${name}`);
}

const typesOf = (received: readonly Received[]): readonly unknown[] =>
  received.map(({ headers }) => headers['ce-type']);

test('X2: an update to a mode that does not exist is refused', async () => {
  await makeNamespace('x2');
  await makeSource(cluster.admin, 'x2', { sink: { uri: 'http://orders' } });
  const path = `${sourcesIn('x2')}/web`;
  const patch = { 'content-type': 'application/merge-patch+json' };
  const { status, text } = await cluster.admin.request('PATCH', path, { spec: { mode: 'Unknown' } }, patch);
  assert.equal(status, 422);
  assert.match((JSON.parse(text) as { message: string }).message, /spec\.mode: Unsupported value: "Unknown"/);
});

test('X4: sources of every name that is allowed have a Pod each', async () => {
  await makeNamespace('x4');
  await allow(cluster, 'x4', CONFIG_MAPS);
  const names = ['customname', 'name-with-dash', 'name1with2numbers3', 'n'.repeat(63)];
  for (const name of names) {
    await cluster.admin.create(sourcesIn('x4'), {
      apiVersion: 'sources.knative.dev/v1',
      kind: 'ApiServerSource',
      metadata: { name },
      spec: { serviceAccountName: 'watcher', resources: [configMap], sink: { uri: 'http://orders' } },
    });
  }
  await eventually('four Pods', async () => {
    const { items } = await cluster.admin.list(pods('x4'));
    return new Set(items.map(({ metadata }) => metadata.labels?.['eventing.knative.dev/sourceName'])).size === 4;
  });
});

test('X3, X6: a source of Kubernetes Events with the address of its sink becomes Ready, and the sink is told of updates', async (t) => {
  const event = { apiVersion: 'v1', kind: 'Event' };
  const { namespace, received } = await scene(t, 'x6', EVENTS, { mode: 'Resource', resources: [event] });
  const path = `/api/v1/namespaces/${namespace}/events`;
  const involvedObject = { apiVersion: 'v1', kind: 'Pod', name: 'web', namespace };
  await cluster.admin.create(path, { metadata: { name: 'web.1' }, involvedObject, reason: 'Pulled', count: 1 });
  await cluster.admin.patch(`${path}/web.1`, { count: 2 });
  const [, update] = await eventually('two events', () => received('web.1').length >= 2 && received('web.1'));
  assert.equal(update?.headers['ce-type'], 'dev.knative.apiserver.resource.update');
  assert.equal(update?.headers['ce-kind'], 'Event');
});

test('X5: a Service as sink is called by its name in the cluster, and told of updates of Events', async (t) => {
  const { admin } = cluster;
  await makeNamespace('x5');
  await allow(cluster, 'x5', EVENTS);
  await admin.create('/api/v1/namespaces/x5/services', {
    metadata: { name: 'orders' },
    spec: { ports: [{ port: 80 }] },
  });
  const ref = { apiVersion: 'v1', kind: 'Service', name: 'orders' };
  await makeSource(admin, 'x5', { mode: 'Resource', resources: [{ apiVersion: 'v1', kind: 'Event' }], sink: { ref } });
  assert.equal((await adapterEnvironment(admin, 'x5'))['K_SINK'], 'http://orders.x5.svc.cluster.local');
  // Here is no DNS of a cluster.
  const sink = await recordingSink(t);
  const adapter = await runAdapterOf(t, cluster, 'x5', { K_SINK: sink.url });
  await adapter.ready();
  const involvedObject = { apiVersion: 'v1', kind: 'Pod', name: 'web', namespace: 'x5' };
  await admin.create('/api/v1/namespaces/x5/events', { metadata: { name: 'web.1' }, involvedObject, count: 1 });
  await admin.patch('/api/v1/namespaces/x5/events/web.1', { count: 2 });
  await eventually('the update', () => typesOf(sink.accepted()).includes('dev.knative.apiserver.resource.update'));
});

for (const [row, mode, form] of [
  ['D1, D7, X9', 'Resource', 'resource'],
  ['D3, D7, X8', 'Reference', 'ref'],
] as const) {
  test(`${row}: in mode ${mode} each change of an object is one event, and filters that are an empty list change nothing`, async (t) => {
    const name = `d-${form}`;
    const { namespace, received } = await scene(t, name, CONFIG_MAPS, { mode, resources: [configMap], filters: [] });
    await liveThrough(namespace, 'unit');
    await liveThrough(namespace, 'last');
    await eventually('the last event', () => received('last').length >= 3);
    assert.deepEqual(
      typesOf(received('unit')),
      ['add', 'update', 'delete'].map((type) => `dev.knative.apiserver.${form}.${type}`),
    );
    const [first] = received('unit');
    assert.equal(first?.headers['ce-apiversion'], 'v1');
    const data = JSON.parse(String(first?.body)) as KubeObject & { name?: string };
    assert.deepEqual([data.kind, mode === 'Resource' ? data.metadata.name : data.name], ['ConfigMap', 'unit']);
  });
}

test('D6: an update is dropped where the filter wants the type of adds', async (t) => {
  const filters = [{ exact: { type: 'dev.knative.apiserver.resource.add' } }];
  const { namespace, told } = await scene(t, 'd6', CONFIG_MAPS, { mode: 'Resource', resources: [configMap], filters });
  for (const name of ['unit', 'last']) await liveThrough(namespace, name);
  await eventually('the last event', () => told('last').length > 0);
  assert.deepEqual(told('unit'), ['add']);
});

test('X23: with a filter for the type of updates a new Pod gives updates and no add', async (t) => {
  const filters = [{ exact: { type: 'dev.knative.apiserver.resource.update' } }];
  const { namespace, sink, told } = await scene(t, 'x23', PODS, { mode: 'Resource', resources: [pod], filters });
  await createPod(namespace, 'web');
  await cluster.admin.patch(`${pods(namespace)}/web`, { metadata: { labels: { a: 'b' } } });
  await eventually('an update', () => told('web').length > 0);
  assert.deepEqual([...new Set(typesOf(sink.accepted()))], ['dev.knative.apiserver.resource.update']);
});

for (const [rows, whose, owner, told, isOwnedTold] of [
  ['O1, O2', 'v1 Pod', { apiVersion: 'v1', kind: 'Pod' }, 'never', false],
  ['O1, O3', 'apps/v1 ReplicaSet', { apiVersion: 'apps/v1', kind: 'ReplicaSet' }, 'always', true],
  ['O1, O4', 'ReplicaSet of any version', { kind: 'ReplicaSet' }, 'always', true],
] as const) {
  test(`${rows}: with the owner ${whose}, an object without owner is never told, one of a ReplicaSet ${told}`, async (t) => {
    const name = rows.replaceAll(/[^O\d]/g, '').toLowerCase();
    const { namespace, told: toldOf, received } = await scene(t, name, CONFIG_MAPS, { resources: [configMap], owner });
    const { admin } = cluster;
    const labels = { app: 'web' };
    const replicaSet = await admin.create(`/apis/apps/v1/namespaces/${namespace}/replicasets`, {
      metadata: { name: 'web' },
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web' }] } },
      },
    });
    const lastOwner = isOwnedTold ? replicaSet : await createPod(namespace, 'owner');
    const controlledBy = (apiVersion: string, kind: string, { metadata }: KubeObject): object[] => [
      { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true },
    ];
    await liveThrough(namespace, 'alone');
    await liveThrough(namespace, 'owned', controlledBy('apps/v1', 'ReplicaSet', replicaSet));
    const [apiVersion, kind] = isOwnedTold ? ['apps/v1', 'ReplicaSet'] : ['v1', 'Pod'];
    await liveThrough(namespace, 'last', controlledBy(apiVersion, kind, lastOwner));
    await eventually('the last event', () => toldOf('last').includes('delete'));
    assert.deepEqual(toldOf('alone'), []);
    assert.deepEqual(toldOf('owned'), isOwnedTold ? ['add', 'update', 'delete'] : []);
    for (const { headers } of received('owned')) assert.match(String(headers['ce-type']), /\.ref\./);
  });
}

test('X10: without a selector every new Pod is told', async (t) => {
  const { namespace, received } = await scene(t, 'x10', PODS, { mode: 'Reference', resources: [pod] });
  for (const name of ['a', 'b']) await createPod(namespace, name);
  await eventually('both', () => received('a').length > 0 && received('b').length > 0);
  const [{ headers, body } = {}] = received('a');
  assert.equal(headers?.['ce-type'], 'dev.knative.apiserver.ref.add');
  assert.deepEqual(JSON.parse(String(body)), { kind: 'Pod', namespace, name: 'a', apiVersion: 'v1' });
});

for (const [row, what, selector] of [
  ['X11', 'matchLabels', { matchLabels: { e2e: 'testing' } }],
  ['X12', 'matchExpressions', { matchExpressions: [{ key: 'e2e', operator: 'Exists' }] }],
] as const) {
  test(`${row}, X13: ${what} lets the Pods with the label through, with their updates, and no other`, async (t) => {
    const name = row.toLowerCase();
    const { namespace, told } = await scene(t, name, PODS, { resources: [{ ...pod, selector }] });
    for (const [other, labels] of [
      ['none', {}],
      ['another', { app: 'testing' }],
    ] as const) {
      await createPod(namespace, other, labels);
      await cluster.admin.patch(`${pods(namespace)}/${other}`, { metadata: { annotations: { a: 'b' } } });
      await cluster.admin.request('DELETE', `${pods(namespace)}/${other}?gracePeriodSeconds=0`);
    }
    await createPod(namespace, 'it', { e2e: 'testing' });
    await cluster.admin.patch(`${pods(namespace)}/it`, { metadata: { annotations: { a: 'b' } } });
    await eventually('the update', () => told('it').includes('update'));
    assert.equal(told('it')[0], 'add');
    assert.deepEqual([told('none'), told('another')], [[], []]);
  });
}

test('X14: of three namespaces the two that match the selector are told of', async (t) => {
  await makeNamespace('x14');
  for (const [name, env] of [
    ['x14-a', 'development'],
    ['x14-b', 'development'],
    ['x14-c', 'production'],
  ] as const) {
    await makeNamespace(name, { env });
  }
  await allowEverywhere(t, cluster, 'x14', { apiGroups: [''], resources: ['pods', 'namespaces'] });
  const spec = { resources: [pod], namespaceSelector: { matchLabels: { env: 'development' } } };
  const { told, sink } = await sourceIn(t, 'x14', spec);
  for (const namespace of ['x14-c', 'x14-a', 'x14-b']) await createPod(namespace, `in-${namespace}`);
  await eventually('both', () => told('in-x14-a').length > 0 && told('in-x14-b').length > 0);
  assert.deepEqual([told('in-x14-a')[0], told('in-x14-b')[0]], ['add', 'add']);
  assert.deepEqual(
    sink.received.filter(({ headers }) => headers['ce-namespace'] === 'x14-c'),
    [],
  );
  const { status } = await cluster.admin.get(`${sourcesIn('x14')}/web`);
  assert.deepEqual((status as { namespaces: unknown }).namespaces, ['x14-a', 'x14-b']);
});

test('X15: the empty selector tells of a custom kind in every namespace', async (t) => {
  for (const name of ['x15', 'x15-a', 'x15-b']) await makeNamespace(name);
  await allowEverywhere(t, cluster, 'x15', { apiGroups: ['sources.knative.dev'], resources: ['pingsources'] });
  const ping = { apiVersion: 'sources.knative.dev/v1', kind: 'PingSource' };
  const { told } = await sourceIn(t, 'x15', { resources: [ping], namespaceSelector: {} });
  for (const namespace of ['x15-a', 'x15-b']) {
    await cluster.admin.create(`/apis/sources.knative.dev/v1/namespaces/${namespace}/pingsources`, {
      apiVersion: ping.apiVersion,
      kind: ping.kind,
      metadata: { name: `in-${namespace}` },
      spec: { sink: { uri: 'http://127.0.0.1:9/' } },
    });
  }
  await eventually('both', () => told('in-x15-a').length > 0 && told('in-x15-b').length > 0);
  assert.deepEqual([told('in-x15-a')[0], told('in-x15-b')[0]], ['add', 'add']);
});

test('X16: an event that the sink answers 429 at first arrives', async (t) => {
  const { namespace, sink, received } = await scene(t, 'x16', CONFIG_MAPS, { resources: [configMap] });
  sink.reply((_, number) => (number === 0 ? 429 : 204));
  await cluster.admin.create(configMaps(namespace), { metadata: { name: 'it' } });
  const [arrived] = await eventually('the event', () => received('it').length > 0 && received('it'));
  assert.equal(sink.received[0]?.headers['ce-id'], arrived?.headers['ce-id']);
});

test('X17: a sink is trusted by the CACerts beside its address, which the status tells', async (t) => {
  const sink = await tlsSink(t);
  await makeNamespace('x17');
  await allow(cluster, 'x17', CONFIG_MAPS);
  await makeSource(cluster.admin, 'x17', { resources: [configMap], sink: { uri: sink.url, CACerts: sink.caPem } });
  const adapter = await runAdapterOf(t, cluster, 'x17');
  await adapter.ready();
  await liveThrough('x17', 'it');
  await eventually('the events', () => sink.received.length >= 3);
  const { status } = await cluster.admin.get(`${sourcesIn('x17')}/web`);
  const { sinkUri, sinkCACerts } = status as { sinkUri: string; sinkCACerts: string };
  assert.deepEqual([sinkUri, sinkCACerts], [sink.url, sink.caPem]);
});

test('R3, R4, X18, X19: a sink is trusted by a trust bundle beside the controller, also by one that comes later, until it goes', async (t) => {
  const { admin } = cluster;
  const sink = await tlsSink(t);
  await makeNamespace('x18');
  await allow(cluster, 'x18', CONFIG_MAPS);
  await makeSource(admin, 'x18', { resources: [configMap], sink: { uri: sink.url } });
  assert.equal((await adapterEnvironment(admin, 'x18'))['K_CA_CERTS'], undefined);
  const system = configMaps('watchbridge-system');
  await admin.create(system, { metadata: { name: 'unlabelled' }, data: { 'ca.pem': sink.caPem } });
  const labels = { 'networking.knative.dev/trust-bundle': 'true' };
  await admin.create(system, { metadata: { name: 'bundle', labels }, data: { 'ca.pem': sink.caPem } });
  const certificates = async (): Promise<string | undefined> =>
    (await adapterEnvironment(admin, 'x18'))['K_CA_CERTS']?.trim();
  await eventually('the authority', async () => (await certificates()) === sink.caPem.trim());
  const adapter = await runAdapterOf(t, cluster, 'x18');
  await adapter.ready();
  await liveThrough('x18', 'it');
  await eventually('the events', () => sink.received.length >= 3);
  const { status } = await admin.get(`${sourcesIn('x18')}/web`);
  assert.equal((status as { sinkCACerts?: string }).sinkCACerts, undefined);
  await admin.delete(`${system}/bundle`);
  await eventually('the authority to go', async () => (await certificates()) === undefined);
});

test('X21: a sink with an audience gets a token of the source’s account that is good for it alone', async (t) => {
  const { admin } = cluster;
  const sink = await tlsSink(t);
  await makeNamespace('x21');
  await allow(cluster, 'x21', CONFIG_MAPS);
  const address = { uri: sink.url, CACerts: sink.caPem, audience: 'orders' };
  await makeSource(admin, 'x21', { resources: [configMap], sink: address });
  const told = await adapterEnvironment(admin, 'x21');
  assert.equal(told['K_AUDIENCE'], 'orders');
  // As the kubelet makes it of the volume that the Deployment has.
  const request = { spec: { audiences: [told['K_AUDIENCE']], expirationSeconds: 3600 } };
  const issued = await admin.create('/api/v1/namespaces/x21/serviceaccounts/watcher/token', request);
  const folder = await mkdtemp(join(tmpdir(), 'x21-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'token');
  await writeFile(file, (issued['status'] as { token: string }).token);
  const adapter = await runAdapterOf(t, cluster, 'x21', { WATCHBRIDGE_SINK_TOKEN: file });
  await adapter.ready();
  await liveThrough('x21', 'it');
  await eventually('the events', () => sink.received.length >= 3);
  for (const { authorization = '' } of sink.received) {
    const review = async (audience: string): Promise<unknown[]> => {
      const spec = { token: authorization.replace('Bearer ', ''), audiences: [audience] };
      const { status } = await admin.create('/apis/authentication.k8s.io/v1/tokenreviews', { metadata: {}, spec });
      const { authenticated, user = {} } = status as { authenticated?: boolean; user?: { username?: string } };
      return [authenticated, user.username];
    };
    assert.deepEqual(await review('orders'), [true, 'system:serviceaccount:x21:watcher']);
    assert.deepEqual(await review('https://kubernetes.default.svc'), [undefined, undefined]);
  }
  const { status } = await admin.get(`${sourcesIn('x21')}/web`);
  const { sinkUri, sinkAudience, auth } = status as Record<string, unknown>;
  assert.deepEqual([sinkUri, sinkAudience, auth], [sink.url, 'orders', { serviceAccountName: 'watcher' }]);
});

/** What the annotation that skips the permission check comes to. */
async function skipping(
  t: TestContext,
  namespace: string,
  value: string,
  rights: readonly Resources[],
): Promise<{ readonly isReady: boolean; readonly failFast: unknown; readonly isDeployed: boolean }> {
  const { admin } = cluster;
  await makeNamespace(namespace);
  for (const rule of rights) await allow(cluster, namespace, rule);
  await admin.create(sourcesIn(namespace), {
    apiVersion: 'sources.knative.dev/v1',
    kind: 'ApiServerSource',
    metadata: { name: 'web', annotations: { [SKIP]: value } },
    spec: { serviceAccountName: 'watcher', resources: [configMap], sink: { uri: (await recordingSink(t)).url } },
  });
  const may = value === 'true' || rights.length > 0;
  await reaches(admin, namespace, 'SufficientPermissions', may ? 'True' : 'False');
  if (!may)
    return { isReady: false, failFast: undefined, isDeployed: (await deploymentsIn(admin, namespace)).length > 0 };
  const adapter = await runAdapterOf(t, cluster, namespace);
  if (rights.length > 0) await adapter.ready();
  else await eventually('a refusal', () => adapter.logged('watch interrupted').length > 0);
  const isReady = await probe(admin, namespace, adapter);
  await reaches(admin, namespace, 'Ready', isReady ? 'True' : 'False');
  const [deployment] = await deploymentsIn(admin, namespace);
  const failFast = JSON.stringify(deployment).includes(String.raw`\"failFast\":true`);
  return { isReady, failFast, isDeployed: true };
}

test('X24, X25, X26, X27: without the permission check a source without rights is deployed and not Ready, with it not deployed', async (t) => {
  const rows = [
    ['x24', 'true', [], { isReady: false, failFast: true, isDeployed: true }],
    ['x25', 'true', [CONFIG_MAPS], { isReady: true, failFast: true, isDeployed: true }],
    ['x26', 'false', [], { isReady: false, failFast: undefined, isDeployed: false }],
    ['x27', 'false', [CONFIG_MAPS], { isReady: true, failFast: false, isDeployed: true }],
  ] as const;
  for (const [namespace, value, rights, expected] of rows) {
    assert.deepEqual(await skipping(t, namespace, value, rights), expected, namespace);
  }
});
