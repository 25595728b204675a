import type { Manifest } from '../../scripts/manifests.ts';

interface Kind {
  readonly plural: string;
  readonly namespaced: boolean;
}

const NAMESPACED = {
  ServiceAccount: 'serviceaccounts',
  ConfigMap: 'configmaps',
  Service: 'services',
  Deployment: 'deployments',
  Role: 'roles',
  RoleBinding: 'rolebindings',
  ApiServerSource: 'apiserversources',
};
const OF_THE_CLUSTER = {
  Namespace: 'namespaces',
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
  CustomResourceDefinition: 'customresourcedefinitions',
  ValidatingAdmissionPolicy: 'validatingadmissionpolicies',
  ValidatingAdmissionPolicyBinding: 'validatingadmissionpolicybindings',
};
/** The kinds that are applied. */
const KINDS: ReadonlyMap<string, Kind> = new Map([
  ...Object.entries(NAMESPACED).map(([kind, plural]): [string, Kind] => [kind, { plural, namespaced: true }]),
  ...Object.entries(OF_THE_CLUSTER).map(([kind, plural]): [string, Kind] => [kind, { plural, namespaced: false }]),
]);

/** Where the API server keeps the object of a manifest; what names no namespace is in `default`. */
export function manifestPath({ apiVersion, kind, metadata: { namespace = 'default', name } }: Manifest): string {
  const known = KINDS.get(kind);
  if (known === undefined) throw new Error(`The kind ${kind} is none of ${[...KINDS.keys()].join(', ')}.`);
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return known.namespaced
    ? `${root}/namespaces/${namespace}/${known.plural}/${name}`
    : `${root}/${known.plural}/${name}`;
}
