import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { installWatchbridge, sourceOf, sourcesIn } from '../manifests/apply.ts';
import type { Body, KubeObject } from '../support/admin.ts';
import { type Condition, conditionReached } from '../support/conditions.ts';
import { makePlace, runSources } from '../support/controller-stage.ts';
import { eventually } from '../support/eventually.ts';
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts';
import type { RunningController } from '../support/running-controller.ts';
import { allow } from '../support/service-account.ts';

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

/** A namespace with the sink `orders` and the account `watcher`, which may watch Pods. */
async function place(name: string): Promise<string> {
  await makePlace(cluster.admin, name, ['pods']);
  return name;
}

async function createSource(namespace: string, spec: Body = {}): Promise<string> {
  const { metadata } = await cluster.admin.create(sourcesIn(namespace), {
    ...sourceOf('web', { serviceAccountName: 'watcher', ...spec }),
  });
  return metadata.uid ?? '';
}

async function reaches(namespace: string, type: string, status: string, reason?: string): Promise<Condition> {
  return await conditionReached(
    cluster.admin,
    `${sourcesIn(namespace)}/web`,
    { type, status, reason },
    controller.entries,
  );
}

async function deploymentIn(namespace: string): Promise<KubeObject> {
  const { items } = await cluster.admin.list(`/apis/apps/v1/namespaces/${namespace}/deployments`);
  const [deployment] = items;
  assert.ok(deployment !== undefined);
  return deployment;
}

/** What a kubelet does with the Pods of a namespace. */
async function runPods(namespace: string): Promise<void> {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const [pod] = await eventually('a Pod', async () => {
    const { items } = await cluster.admin.list(pods);
    return items.length > 0 && items;
  });
  await cluster.admin.patch(`${pods}/${pod?.metadata.name}/status`, {
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  });
}

test('a source becomes Ready once its adapter runs, and tells what that reports', async () => {
  const namespace = await place('ready');
  const uid = await createSource(namespace);
  await reaches(namespace, 'Deployed', 'False', 'MinimumReplicasUnavailable');
  await runPods(namespace);
  await reaches(namespace, 'Ready', 'True');
  await reaches(namespace, 'StreamsConnected', 'Unknown', 'NoReport');
  const report = {
    streams: { total: 1, established: 1, problems: [] },
    delivery: { state: 'away', message: 'The sink takes no events.' },
    checkpoint: { state: 'ok' },
    gaps: 0,
  };
  await cluster.admin.create(`/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`, {
    metadata: {
      name: 'apiserversource-web',
      labels: { 'app.kubernetes.io/managed-by': 'watchbridge' },
      annotations: { 'watchbridge.dev/report': JSON.stringify(report) },
      ownerReferences: [{ apiVersion: 'sources.knative.dev/v1', kind: 'ApiServerSource', name: 'web', uid }],
    },
  });
  await reaches(namespace, 'StreamsConnected', 'True');
  await reaches(namespace, 'DeliveryHealthy', 'False', 'SinkAway');
  await reaches(namespace, 'Ready', 'True');
});

test('a source that has all it needs costs no request', async () => {
  const namespace = await place('idle');
  await createSource(namespace);
  await runPods(namespace);
  await reaches(namespace, 'Ready', 'True');
  await delay(1_000);
  const [{ length }, reconciles] = [controller.requests, await controller.reconciles()];
  await cluster.admin.patch(`${sourcesIn(namespace)}/web`, { metadata: { annotations: { note: 'look again' } } });
  await eventually('another reconcile', async () => (await controller.reconciles()) > reconciles);
  assert.deepEqual(controller.requests.slice(length), []);
});

test('what somebody changes of the Deployment is set again', async () => {
  const namespace = await place('drift');
  await createSource(namespace);
  await reaches(namespace, 'Deployed', 'False');
  const { metadata } = await deploymentIn(namespace);
  await cluster.admin.patch(`/apis/apps/v1/namespaces/${namespace}/deployments/${metadata.name}`, {
    spec: { replicas: 0 },
  });
  await eventually('one replica', async () => {
    const { spec } = await deploymentIn(namespace);
    return (spec as { replicas: number }).replicas === 1;
  });
});

test('rights that go and come back are seen', async () => {
  const namespace = await place('rights');
  await createSource(namespace, { resources: [{ apiVersion: 'v1', kind: 'ConfigMap' }] });
  const { message } = await reaches(namespace, 'SufficientPermissions', 'False');
  assert.equal(
    message,
    'User system:serviceaccount:rights:watcher cannot get, list, watch resource "configmaps" in API group "" in Namespace "rights"',
  );
  await allow(cluster, namespace, { apiGroups: [''], resources: ['configmaps'] });
  await reaches(namespace, 'SufficientPermissions', 'True');
});

test('a source whose sink is not there waits for it, and says what it waits for', async () => {
  const namespace = await place('sink');
  await createSource(namespace, { sink: { ref: { apiVersion: 'v1', kind: 'Service', name: 'later' } } });
  const { message } = await reaches(namespace, 'SinkProvided', 'False', 'NotFound');
  assert.match(message ?? '', /sink\/later/);
  const { items } = await eventually('a notice', async () => {
    const list = await cluster.admin.list(`/api/v1/namespaces/${namespace}/events`);
    return list.items.length > 0 && list;
  });
  assert.deepEqual(
    items.map((it) => `${String(it['type'])} ${String(it['reason'])} ${String(it['message'])}`),
    [
      'Warning SinkNotFound Sink not found: {"ref":{"kind":"Service","namespace":"sink","name":"later","apiVersion":"v1"}}',
    ],
  );
  await cluster.admin.create(`/api/v1/namespaces/${namespace}/services`, {
    metadata: { name: 'later' },
    spec: { ports: [{ port: 80 }] },
  });
  await reaches(namespace, 'SinkProvided', 'True');
});

test('what a new source needs is made by one request each, and nothing is read', async () => {
  const namespace = await place('frugal');
  const { length } = controller.requests;
  await createSource(namespace);
  await reaches(namespace, 'Deployed', 'False', 'MinimumReplicasUnavailable');
  const made = controller.requests
    .slice(length)
    .filter((request) => request.includes(`/${namespace}/`) && !/\/(events|status)$/.test(request))
    .map((request) => request.replace(/ .*\/(\w+)\/[^/]+$/, ' $1'));
  assert.deepEqual(made, ['PATCH roles', 'PATCH rolebindings', 'PATCH deployments']);
});

test('with rbac Managed rights are granted as far as they are open, and go with the source', async () => {
  const { admin } = cluster;
  const namespace = await place('managed');
  await admin.create('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
    metadata: { name: 'grantable-nodes', labels: { 'watchbridge.dev/grantable': 'true' } },
    rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] }],
  });
  const node = { apiVersion: 'v1', kind: 'Node', resource: 'nodes' };
  await createSource(namespace, { rbac: 'Managed', resources: [node], namespaceSelector: {} });
  await reaches(namespace, 'SufficientPermissions', 'True');
  const role = '/apis/rbac.authorization.k8s.io/v1/clusterroles/watchbridge:managed:web';
  assert.equal((await admin.request('GET', role)).status, 200);

  const secret = { apiVersion: 'v1', kind: 'Secret', resource: 'secrets' };
  await admin.patch(`${sourcesIn(namespace)}/web`, { spec: { resources: [secret] } });
  await reaches(namespace, 'SufficientPermissions', 'False', 'NotGranted');

  await admin.delete(`${sourcesIn(namespace)}/web`);
  await eventually('the source to be gone', async () => {
    return (await admin.request('GET', `${sourcesIn(namespace)}/web`)).status === 404;
  });
  assert.equal((await admin.request('GET', role)).status, 404);
});

test('a namespace that is not there keeps no right from another one, and is waited for', async () => {
  const { admin } = cluster;
  const namespace = await place('patient');
  await admin.create('/api/v1/namespaces', { metadata: { name: 'patient-there' } });
  await admin.create('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
    metadata: { name: 'grantable-pods', labels: { 'watchbridge.dev/grantable': 'true' } },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }],
  });
  const pod = { apiVersion: 'v1', kind: 'Pod', resource: 'pods' };
  const include = ['patient-later', 'patient-there'];
  await createSource(namespace, { rbac: 'Managed', resources: [pod], namespaces: { include } });
  const { message } = await reaches(namespace, 'SufficientPermissions', 'False', 'NotGranted');
  assert.match(message ?? '', /there is no namespace patient-later/);
  const roles = await admin.list('/apis/rbac.authorization.k8s.io/v1/namespaces/patient-there/roles');
  assert.equal(roles.items.length, 1);
  await admin.create('/api/v1/namespaces', { metadata: { name: 'patient-later' } });
  await reaches(namespace, 'SufficientPermissions', 'True');
});
