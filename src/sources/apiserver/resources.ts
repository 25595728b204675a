import type { Resource } from '../../kube/resource.ts';

const RBAC = { group: 'rbac.authorization.k8s.io', version: 'v1', verbs: ['list', 'watch'] };

export const SOURCES: Resource = {
  group: 'sources.knative.dev',
  version: 'v1',
  plural: 'apiserversources',
  kind: 'ApiServerSource',
  namespaced: true,
  verbs: ['list', 'watch'],
};

export const CONFIG_MAPS: Resource = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
  verbs: ['list', 'watch'],
};

export const DEPLOYMENTS: Resource = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
  namespaced: true,
  verbs: ['list', 'watch'],
};

export const LEASES: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
  verbs: ['list', 'watch'],
};

/** What rights are granted with. */
export const GRANTS: readonly Resource[] = [
  { ...RBAC, plural: 'roles', kind: 'Role', namespaced: true },
  { ...RBAC, plural: 'rolebindings', kind: 'RoleBinding', namespaced: true },
  { ...RBAC, plural: 'clusterroles', kind: 'ClusterRole', namespaced: false },
  { ...RBAC, plural: 'clusterrolebindings', kind: 'ClusterRoleBinding', namespaced: false },
];

/** Of the kinds that a plan has objects of. */
export function resourceOf(kind: string): Resource {
  const resource = [DEPLOYMENTS, ...GRANTS].find((it) => it.kind === kind);
  if (resource === undefined) throw new Error(`A plan has an object of the kind ${kind}, which none should have.`);
  return resource;
}
