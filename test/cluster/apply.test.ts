import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { KubeClient, KubeRequest } from '../../src/kube/client.ts';
import { loadClusterAccess } from '../../src/kube/config.ts';
import type { KubeObject } from '../../src/kube/object.ts';
import type { Resource } from '../../src/kube/resource.ts';
import { type Applied, createApplier, removeObject } from '../../src/reconcile/apply.ts';
import { clientFor, never } from '../kube/scripted-server.ts';
import { sharedCluster, testNamespace } from '../support/cluster.ts';

const { admin, adminKubeconfig } = sharedCluster();
const VERBS: readonly string[] = [];
const CONFIG_MAPS = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
  verbs: VERBS,
};
const SECRETS = { ...CONFIG_MAPS, plural: 'secrets', kind: 'Secret' };
const DEPLOYMENTS = { ...CONFIG_MAPS, group: 'apps', plural: 'deployments', kind: 'Deployment' };
const INGRESSES = { ...CONFIG_MAPS, group: 'networking.k8s.io', plural: 'ingresses', kind: 'Ingress' };
const ROLE_BINDINGS = {
  ...CONFIG_MAPS,
  group: 'rbac.authorization.k8s.io',
  plural: 'rolebindings',
  kind: 'RoleBinding',
};

/** A namespace with a source-like owner in it, and an applier whose requests are written down. */
async function stage(t: TestContext, prefix: string) {
  const namespace = await testNamespace(t, prefix);
  const client = clientFor(t, await loadClusterAccess({ kubeconfig: adminKubeconfig, env: {} }));
  const requests: string[] = [];
  const kube: Pick<KubeClient, 'json'> = {
    json: <T>(request: KubeRequest) => {
      requests.push(request.method ?? 'GET');
      return client.json<T>(request);
    },
  };
  const owner = await makeOwner(namespace, 'owner');
  const { apply } = createApplier(kube);
  return {
    namespace,
    kube,
    owner,
    requests: () => requests.splice(0),
    apply: (resource: Resource, wanted: KubeObject, live?: KubeObject) => apply(resource, wanted, live, never()),
    path: (resource: Resource, name: string) =>
      `${resource.group === '' ? '/api' : `/apis/${resource.group}`}/v1/namespaces/${namespace}/${resource.plural}/${name}`,
  };
}

async function makeOwner(namespace: string, name: string) {
  const made = await admin.create(`/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name } });
  return { apiVersion: 'v1', kind: 'ConfigMap', name, uid: made.metadata.uid ?? '', controller: true };
}

type Owner = Awaited<ReturnType<typeof makeOwner>>;

function configMap(namespace: string, data: Record<string, string>, owner?: Owner): KubeObject & { data: object } {
  const metadata = { name: 'child', namespace, ...(owner && { ownerReferences: [owner] }) };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
}

function objectOf(applied: Applied): KubeObject & Record<string, unknown> {
  assert.ok('object' in applied, JSON.stringify(applied));
  return applied.object as KubeObject & Record<string, unknown>;
}

test('an object is created, changed and left as it is, and what is not wanted any more goes', async (t) => {
  const { namespace, owner, apply, requests } = await stage(t, 'apply');
  const first = await apply(CONFIG_MAPS, configMap(namespace, { a: '1', b: '1' }, owner));
  assert.equal(first.is, 'created');
  assert.deepEqual(requests(), ['PATCH'], 'whether it is there is found out by making it');
  const wanted = configMap(namespace, { a: '2' }, owner);
  const second = await apply(CONFIG_MAPS, wanted, objectOf(first));
  assert.equal(second.is, 'changed');
  assert.deepEqual(objectOf(second)['data'], { a: '2' });
  assert.deepEqual(requests(), ['PATCH']);

  const third = await apply(CONFIG_MAPS, wanted, objectOf(second));
  assert.equal(third.is, 'unchanged');
  assert.deepEqual(requests(), [], 'nothing changed, so nothing is asked');
  assert.equal((await apply(CONFIG_MAPS, wanted)).is, 'unchanged');
  assert.deepEqual(requests(), ['GET'], 'an informer that does not have it yet is not believed');
});

test('our fields are healed, and the fields of others are left alone', async (t) => {
  const { namespace, owner, apply, path } = await stage(t, 'apply-drift');
  const wanted = configMap(namespace, { a: '1' }, owner);
  objectOf(await apply(CONFIG_MAPS, wanted));
  const location = path(CONFIG_MAPS, 'child');
  const drifted = await admin.patch(location, { data: { a: 'theirs', b: 'theirs' }, metadata: { labels: { x: 'y' } } });
  const healed = await apply(CONFIG_MAPS, wanted, drifted as KubeObject);
  assert.equal(healed.is, 'changed');
  assert.deepEqual(objectOf(healed)['data'], { a: '1', b: 'theirs' });
  assert.deepEqual(objectOf(healed).metadata.labels, { x: 'y' });
  const emptied = await admin.patch(location, { data: { a: null } });
  assert.deepEqual(objectOf(await apply(CONFIG_MAPS, wanted, emptied as KubeObject))['data'], { a: '1', b: 'theirs' });
});

test('a status that changes costs nothing, and neither does an annotation of somebody else', async (t) => {
  const { namespace, owner, apply, requests, path } = await stage(t, 'apply-status');
  const wanted = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'child', namespace, ownerReferences: [owner] },
    spec: { defaultBackend: { service: { name: 'a', port: { number: 80 } } } },
  };
  const made = objectOf(await apply(INGRESSES, wanted));
  requests();
  const location = path(INGRESSES, 'child');
  await admin.request(
    'PATCH',
    `${location}/status`,
    { status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } } },
    MERGE,
  );
  const served = (await admin.get(location)) as KubeObject;
  assert.notEqual(served.metadata.resourceVersion, made.metadata.resourceVersion);
  assert.equal((await apply(INGRESSES, wanted, served)).is, 'unchanged');
  assert.deepEqual(requests(), []);
  const noted = await admin.patch(location, { metadata: { annotations: { note: 'theirs' } } });
  assert.equal((await apply(INGRESSES, wanted, noted as KubeObject)).is, 'unchanged');
  assert.deepEqual(requests(), []);
});

const MERGE = { 'content-type': 'application/merge-patch+json' };

function deployment(namespace: string, owner: Owner, selected: string): KubeObject & { spec: object } {
  const labels = { app: selected };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'child', namespace, ownerReferences: [owner] },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'a', image: 'a', resources: { limits: { cpu: '1000m' } } }] },
      },
    },
  };
}

test('an object of another owner is refused with a sentence, whether it has a controller or none', async (t) => {
  const { namespace, owner, apply, path } = await stage(t, 'apply-foreign');
  const collection = `/api/v1/namespaces/${namespace}/configmaps`;
  const mine = { name: 'child', annotations: { mine: 'yes' } };
  const plain = await admin.create(collection, { metadata: mine });
  const wanted = configMap(namespace, { a: '1' }, owner);
  for (const live of [plain as KubeObject, undefined]) {
    const applied = await apply(CONFIG_MAPS, wanted, live);
    assert.match(applied.is === 'notOurs' ? applied.sentence : applied.is, /child is needed and exists.*not made by/);
  }
  const other = await makeOwner(namespace, 'other');
  await admin.patch(path(CONFIG_MAPS, 'child'), { metadata: { ownerReferences: [other] } });
  const applied = await apply(CONFIG_MAPS, wanted);
  assert.match(applied.is === 'notOurs' ? applied.sentence : applied.is, /belongs to ConfigMap other \(uid /);
  const ownerless = await apply(CONFIG_MAPS, configMap(namespace, { a: '1' }));
  assert.equal(ownerless.is, 'notOurs');
  assert.equal((await admin.get(path(CONFIG_MAPS, 'child')))['data'], undefined);
});

test('an object without an owner is ours if we applied it, in this process or in one before', async (t) => {
  const { namespace, kube, apply, requests } = await stage(t, 'apply-ownerless');
  const wanted = configMap(namespace, { a: '1' });
  const { managedFields: _, ...metadata } = objectOf(await apply(CONFIG_MAPS, wanted))
    .metadata as KubeObject['metadata'] & {
    managedFields: unknown;
  };
  const informed = { ...wanted, metadata };
  requests();
  assert.equal((await apply(CONFIG_MAPS, wanted, informed)).is, 'unchanged');
  assert.deepEqual(requests(), []);
  const restarted = createApplier(kube);
  assert.equal((await restarted.apply(CONFIG_MAPS, wanted, informed, never())).is, 'unchanged');
  assert.deepEqual(requests(), ['GET', 'PATCH']);
});

test('an object that was deleted, or made anew by somebody else, since it was read is outdated', async (t) => {
  const { namespace, owner, apply, path } = await stage(t, 'apply-outdated');
  const live = objectOf(await apply(CONFIG_MAPS, configMap(namespace, { a: '1' }, owner)));
  const location = path(CONFIG_MAPS, 'child');
  await admin.delete(location);
  const wanted = configMap(namespace, { a: '2' }, owner);
  assert.equal((await apply(CONFIG_MAPS, wanted, live)).is, 'outdated');
  assert.equal((await admin.request('GET', location)).status, 404);
  await admin.create(`/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name: 'child' } });
  assert.equal((await apply(CONFIG_MAPS, wanted, live)).is, 'outdated');
  assert.equal((await admin.get(location))['data'], undefined);
});

test('a field that is fixed is told as such, and what the API server does not accept with its own words', async (t) => {
  const { namespace, owner, apply } = await stage(t, 'apply-refused');
  const live = objectOf(await apply(DEPLOYMENTS, deployment(namespace, owner, 'one')));
  const fixed = await apply(DEPLOYMENTS, deployment(namespace, owner, 'two'), live);
  assert.ok(fixed.is === 'refused' && fixed.code === 'immutable', JSON.stringify(fixed));
  assert.match(fixed.sentence, /^Deployment .*\/child has to be deleted and made anew: .*field is immutable/);

  const binding = (name: string) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'child', namespace, ownerReferences: [owner] },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [],
  });
  const bound = objectOf(await apply(ROLE_BINDINGS, binding('view')));
  const rebound = await apply(ROLE_BINDINGS, binding('edit'), bound);
  assert.ok(rebound.is === 'refused' && rebound.code === 'immutable', JSON.stringify(rebound));

  const invalid = await apply(CONFIG_MAPS, configMap(namespace, { 'not a key': '1' }, owner));
  assert.ok(invalid.is === 'refused' && invalid.code === 'invalid', JSON.stringify(invalid));
  assert.match(invalid.sentence, /is not accepted\. PATCH .* 422 Invalid: .*not a key/);
  const mistyped = { ...configMap(namespace, {}, owner), data: { a: [1] } };
  const refused = await apply(CONFIG_MAPS, mistyped);
  assert.ok(refused.is === 'refused' && refused.code === 'invalid', JSON.stringify(refused));
});

test('what is in a Secret is in no sentence and no error', async (t) => {
  const { namespace, owner, apply } = await stage(t, 'apply-secret');
  const secret = (data: object) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'child', namespace, ownerReferences: [owner] },
    data,
  });
  const refusals = [
    await apply(SECRETS, secret({ key: 'not-base64-hunter2!' })),
    await apply(SECRETS, secret({ 'hunter2 key': '' })),
    await apply(SECRETS, secret({ key: ['hunter2'] })),
  ];
  for (const refused of refusals) {
    assert.ok(refused.is === 'refused', JSON.stringify(refused));
    assert.doesNotMatch(refused.sentence, /hunter2/);
  }
});

test('only the object that is meant is removed', async (t) => {
  const { namespace, owner, apply, kube, path } = await stage(t, 'remove');
  const { uid = '' } = objectOf(await apply(CONFIG_MAPS, configMap(namespace, {}, owner))).metadata;
  const child = { resource: CONFIG_MAPS, namespace, name: 'child' };
  assert.equal(await removeObject(kube, { ...child, uid: 'another' }, never()), 'absent');
  assert.equal((await admin.get(path(CONFIG_MAPS, 'child'))).metadata.uid, uid);
  assert.equal(await removeObject(kube, { ...child, uid }, never()), 'removed');
  assert.equal(await removeObject(kube, { ...child, uid }, never()), 'absent');
});
