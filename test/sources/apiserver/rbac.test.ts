import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../../src/kube/object.ts';
import { managedRbac } from '../../../src/sources/apiserver/managed-rbac.ts';
import type { Watched } from '../../../src/sources/apiserver/permissions.ts';
import { type StoredSpec, withDefaults } from '../../../src/sources/apiserver/spec.ts';
import { isOfState, stateRbac } from '../../../src/sources/apiserver/state-rbac.ts';
import { sourceWith } from './sources.ts';

const PODS = { group: '', plural: 'pods', namespaced: true };
const SECRETS = { group: '', plural: 'secrets', namespaced: true };
const JOBS = { group: 'batch', plural: 'jobs', namespaced: true };
const NODES = { group: '', plural: 'nodes', namespaced: false };

interface Rbac extends KubeObject {
  readonly rules?: readonly { readonly resources: readonly string[]; readonly resourceNames?: readonly string[] }[];
  readonly roleRef?: unknown;
  readonly subjects?: unknown;
}

function state(spec: StoredSpec): readonly Rbac[] {
  const source = sourceWith(spec);
  return stateRbac(source, withDefaults(source.spec));
}

function managed(watched: Watched, rbac: 'Managed' | 'Unmanaged' = 'Managed'): readonly Rbac[] {
  const source = sourceWith({ rbac });
  return managedRbac(source, withDefaults(source.spec), watched);
}

test('an adapter may write its own state by name, and nothing else', () => {
  const [role, binding] = state({ serviceAccountName: 'events-sa' });
  assert.deepEqual(
    role?.rules?.map(({ resources, resourceNames = [] }) => [resources, resourceNames.length]),
    [
      [['leases'], 1],
      [['configmaps'], 64],
    ],
  );
  assert.deepEqual(role?.rules?.[0]?.resourceNames, ['apiserversource-web']);
  assert.deepEqual(role?.rules?.[1]?.resourceNames?.slice(0, 2), [
    'apiserversource-web-index-0',
    'apiserversource-web-index-1',
  ]);
  assert.deepEqual(binding?.roleRef, {
    apiGroup: 'rbac.authorization.k8s.io',
    kind: 'Role',
    name: 'apiserversource-web-state',
  });
  assert.deepEqual(binding?.subjects, [{ kind: 'ServiceAccount', namespace: 'shop', name: 'events-sa' }]);
  assert.equal(binding?.metadata.ownerReferences?.[0]?.controller, true);
});

test('rights are as wide as the tier of the checkpoint needs', () => {
  assert.deepEqual(
    (['None', 'Position', 'Full'] as const).map((checkpoint) => state({ checkpoint })[0]?.rules?.length ?? 0),
    [0, 1, 2],
  );
});

function summary(objects: readonly Rbac[]): string[] {
  return objects.map(({ kind, metadata: { namespace = '', name, ownerReferences = [] }, rules = [] }) =>
    [kind, `${namespace}/${name}`, ownerReferences.length, ...rules.map((it) => it.resources.join())].join(' '),
  );
}

test('unless it is asked for, nothing is granted', () => {
  assert.deepEqual(managed({ resources: [PODS], namespaces: ['shop'] }, 'Unmanaged'), []);
});

test('rights are granted in each namespace for exactly what is listed, group by group', () => {
  assert.deepEqual(summary(managed({ resources: [SECRETS, PODS, JOBS, PODS], namespaces: ['dev', 'shop'] })), [
    'Role dev/watchbridge:shop:web 0 pods,secrets jobs',
    'RoleBinding dev/watchbridge:shop:web 0',
    'Role shop/watchbridge:shop:web 1 pods,secrets jobs',
    'RoleBinding shop/watchbridge:shop:web 1',
  ]);
});

test('what is watched in the whole cluster is granted there, and nothing else is', () => {
  assert.deepEqual(summary(managed({ resources: [PODS, NODES], namespaces: ['shop'] })), [
    'ClusterRole /watchbridge:shop:web 0 nodes',
    'ClusterRoleBinding /watchbridge:shop:web 0',
    'Role shop/watchbridge:shop:web 1 pods',
    'RoleBinding shop/watchbridge:shop:web 1',
  ]);
  assert.deepEqual(summary(managed({ resources: [PODS, NODES], namespaces: 'all' })), [
    'ClusterRole /watchbridge:shop:web 0 nodes,pods',
    'ClusterRoleBinding /watchbridge:shop:web 0',
  ]);
  assert.deepEqual(managed({ resources: [PODS], namespaces: [] }), []);
});

test('the rights to keep a state are told from those to watch', () => {
  assert.deepEqual(state({}).map(isOfState), [true, true]);
  assert.deepEqual(managed({ resources: [PODS], namespaces: ['shop'] }).map(isOfState), [false, false]);
  const other = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'read-state' } };
  assert.equal(isOfState(other), false);
});

test('what is granted can be found again by the uid of its source', () => {
  for (const { metadata } of [...state({}), ...managed({ resources: [PODS], namespaces: 'all' })]) {
    assert.equal(metadata.labels?.['watchbridge.dev/granted-for'], '0c119059-7113-11e9-a6c5-42010a8a00ed');
  }
});
