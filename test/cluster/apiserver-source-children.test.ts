import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { KubeClient } from '../../src/kube/client.ts';
import { loadClusterAccess } from '../../src/kube/config.ts';
import { createApplier } from '../../src/reconcile/apply.ts';
import { createPermissionChecks } from '../../src/sources/apiserver/check-permissions.ts';
import { serviceAccount as accountOf } from '../../src/sources/apiserver/permissions.ts';
import { plan } from '../../src/sources/apiserver/plan.ts';
import type { ApiServerSource } from '../../src/sources/apiserver/spec.ts';
import { clientFor, never } from '../kube/scripted-server.ts';
import { factsWith, sourceWith } from '../sources/apiserver/sources.ts';
import { sharedCluster, testNamespace } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { allow, serviceAccount } from '../support/service-account.ts';

const cluster = sharedCluster();
const { admin } = cluster;

const RESOURCES = {
  Role: { group: 'rbac.authorization.k8s.io', version: 'v1', plural: 'roles' },
  RoleBinding: { group: 'rbac.authorization.k8s.io', version: 'v1', plural: 'rolebindings' },
  Deployment: { group: 'apps', version: 'v1', plural: 'deployments' },
} as const;

async function clientOf(t: TestContext, kubeconfig = cluster.adminKubeconfig): Promise<KubeClient> {
  return clientFor(t, await loadClusterAccess({ kubeconfig, env: {} }));
}

/** A source in a namespace of its own. It is not stored. */
function sourceIn(namespace: string): ApiServerSource {
  const source = sourceWith({ serviceAccountName: 'watcher' });
  return { ...source, metadata: { ...source.metadata, namespace } };
}

async function carryOut(kube: KubeClient, source: ApiServerSource): Promise<string[]> {
  const applier = createApplier(kube);
  const outcomes: string[] = [];
  for (const { metadata, ...rest } of plan(factsWith({ source })).apply) {
    const { kind } = rest;
    // The garbage collector takes what belongs to a source that does not exist.
    const { ownerReferences: _owner, ...unowned } = metadata;
    const wanted = { ...rest, metadata: unowned };
    assert.ok(kind === 'Role' || kind === 'RoleBinding' || kind === 'Deployment');
    const resource = { ...RESOURCES[kind], kind, namespaced: true, verbs: [] };
    outcomes.push(`${kind} ${(await applier.apply(resource, wanted, undefined, never())).is}`);
  }
  return outcomes;
}

test('what is planned is accepted, and once more changes nothing', async (t) => {
  const namespace = await testNamespace(t, 'planned');
  const kube = await clientOf(t);
  const source = sourceIn(namespace);
  assert.deepEqual(await carryOut(kube, source), ['Role created', 'RoleBinding created', 'Deployment created']);
  assert.deepEqual(await carryOut(kube, source), ['Role unchanged', 'RoleBinding unchanged', 'Deployment unchanged']);
});

test('a namespace that enforces Pod Security restricted takes the Pods of an adapter', async (t) => {
  const namespace = await testNamespace(t, 'restricted');
  await admin.patch(`/api/v1/namespaces/${namespace}`, {
    metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  });
  await serviceAccount(cluster, namespace);
  const deployment = plan(factsWith({ source: sourceIn(namespace) })).apply.find(({ kind }) => kind === 'Deployment');
  const { spec } = deployment as unknown as { spec: { template: { spec: object } } };
  const pods = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;
  const metadata = { name: 'adapter' };
  const lax = { ...spec.template.spec, containers: [{ name: 'lax', image: 'lax' }] };
  await eventually('the namespace to enforce', async () => {
    return (await admin.request('POST', pods, { metadata, spec: lax })).text.includes('violates PodSecurity');
  });
  const answer = await admin.request('POST', pods, { metadata, spec: spec.template.spec });
  assert.equal(answer.status, 201, answer.text);
});

test('an adapter may make and keep its Lease and its index by name, and touch nothing else', async (t) => {
  const namespace = await testNamespace(t, 'state');
  const kubeconfig = await serviceAccount(cluster, namespace);
  await carryOut(await clientOf(t), sourceIn(namespace));
  const adapter = await clientOf(t, kubeconfig);
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const configMaps = `/api/v1/namespaces/${namespace}/configmaps`;
  await admin.create(configMaps, { metadata: { name: 'other' } });

  const may = async (
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: object,
  ): Promise<boolean> => {
    const query = method === 'PATCH' ? { fieldManager: 'one', force: false } : {};
    const contentType = method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json';
    try {
      await adapter.json({ method, path, query, contentType, ...(body && { body }), signal: never() });
      return true;
    } catch (error) {
      assert.ok(error instanceof Error && 'code' in error && error.code === 'forbidden', String(error));
      return false;
    }
  };
  const lease = (name: string): object => ({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name } });
  const configMap = (name: string): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });

  const own = 'apiserversource-web';
  // The API server hears of the Role a moment after it is written.
  await eventually('the right to make the Lease', async () => await may('PATCH', `${leases}/${own}`, lease(own)));
  assert.equal(await may('GET', `${leases}/${own}`), true);
  assert.equal(await may('PATCH', `${configMaps}/${own}-index-63`, configMap(`${own}-index-63`)), true);
  assert.equal(await may('GET', `${configMaps}/${own}-index-63`), true);

  const refused: readonly (readonly [Parameters<typeof may>[0], string, object?])[] = [
    ['POST', leases, lease('new')],
    ['POST', configMaps, configMap('new')],
    ['PATCH', `${leases}/apiserversource-web-2`, lease('apiserversource-web-2')],
    ['PATCH', `${configMaps}/${own}-index-64`, configMap(`${own}-index-64`)],
    ['PATCH', `${configMaps}/other`, configMap('other')],
    ['GET', `${configMaps}/other`],
    ['GET', configMaps],
    ['DELETE', `${leases}/${own}`],
    ['DELETE', `${configMaps}/${own}-index-63`],
    ['GET', `/api/v1/namespaces/${namespace}/secrets`],
  ];
  for (const [method, path, body] of refused) assert.equal(await may(method, path, body), false, `${method} ${path}`);
});

test('a right that a ServiceAccount has by its group counts', async (t) => {
  const namespace = await testNamespace(t, 'rights');
  await serviceAccount(cluster, namespace);
  const kube = await clientOf(t);
  const account = accountOf(namespace, 'watcher');
  const pods = { resources: [{ group: '', plural: 'pods', namespaced: true }], namespaces: [namespace] };
  const missing = async (): Promise<string | undefined> =>
    await createPermissionChecks(kube, fakeClock()).missing(account, pods, never());
  assert.equal(
    await missing(),
    `User system:serviceaccount:${namespace}:watcher cannot get, list, watch resource "pods" in API group "" in Namespace "${namespace}"`,
  );
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const metadata = { name: 'everybody' };
  await admin.create(`${rbac}/roles`, {
    metadata,
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }],
  });
  await admin.create(`${rbac}/rolebindings`, {
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'everybody' },
    subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: `system:serviceaccounts:${namespace}` }],
  });
  // The API server hears of a Role a moment after it is written.
  await eventually('the rights', async () => (await missing()) === undefined);
});

test('rights in each namespace are as good as rights in the cluster', async (t) => {
  const [one, two] = [await testNamespace(t, 'one'), await testNamespace(t, 'two')];
  await serviceAccount(cluster, one);
  const kube = await clientOf(t);
  const account = accountOf(one, 'watcher');
  const namespaces = [one, two].sort();
  const pods = { resources: [{ group: '', plural: 'pods', namespaced: true }], namespaces };
  const missing = async (): Promise<string | undefined> =>
    await createPermissionChecks(kube, fakeClock()).missing(account, pods, never());
  await allow(cluster, one, { apiGroups: [''], resources: ['pods'] });
  const inTwo = new RegExp(`cannot get, list, watch resource "pods" in API group "" in Namespace "${two}"$`);
  await eventually('the rights in one', async () => inTwo.test((await missing()) ?? ''));
  await allow(cluster, one, { apiGroups: [''], resources: ['pods'] }, two);
  // The API server hears of a Role a moment after it is written.
  await eventually('the rights', async () => (await missing()) === undefined);
});
