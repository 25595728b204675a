import assert from 'node:assert/strict';
import { MANIFESTS, type Manifest, readKustomization } from '../../scripts/manifests.ts';
import type { Admin, Body } from '../support/admin.ts';
import { eventually } from '../support/eventually.ts';

/** The collections that our manifests have objects of. */
const COLLECTIONS: Readonly<Record<string, string>> = {
  Namespace: '/api/v1/namespaces',
  ServiceAccount: 'serviceaccounts',
  ConfigMap: 'configmaps',
  Service: 'services',
  Deployment: 'deployments',
  Role: 'roles',
  RoleBinding: 'rolebindings',
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
  CustomResourceDefinition: 'customresourcedefinitions',
  ValidatingAdmissionPolicy: 'validatingadmissionpolicies',
  ValidatingAdmissionPolicyBinding: 'validatingadmissionpolicybindings',
};

/** The path of the collection of sources of a namespace. */
export function sourcesIn(namespace: string, version = 'v1'): string {
  return `/apis/sources.knative.dev/${version}/namespaces/${namespace}/apiserversources`;
}

/** A source with a spec: Pods of its namespace to a Service, but for what `spec` says. */
export function sourceOf(name: string, spec: Body, version = 'v1'): Manifest {
  return {
    apiVersion: `sources.knative.dev/${version}`,
    kind: 'ApiServerSource',
    metadata: { name },
    spec: {
      resources: [{ apiVersion: 'v1', kind: 'Pod' }],
      sink: { ref: { apiVersion: 'v1', kind: 'Service', name: 'orders' } },
      ...spec,
    },
  };
}

/**
 * Applies everything of manifests/ and rbac/, and resolves when sources are served and the policies ask. It may be
 * there already, and it stays: other tests use it, too.
 */
export async function installWatchbridge(admin: Admin): Promise<void> {
  for (const manifest of readKustomization(MANIFESTS)) await apply(admin, manifest);
  await eventually(
    'sources to be served',
    async () => (await admin.request('GET', sourcesIn('default'))).status === 200,
  );
  // Of a group that may do all to sources, and nothing else.
  const author = { 'impersonate-user': 'probe', 'impersonate-group': 'watchbridge-test-authors' };
  await grantAuthors(admin);
  await eventually('the policies to be asked', async () => {
    const { text } = await admin.request('POST', `${sourcesIn('default')}?dryRun=All`, sourceOf('probe', {}), author);
    return text.includes('watchbridge-service-account-use');
  });
}

/** Server-side apply. */
export async function apply(admin: Admin, manifest: Manifest): Promise<void> {
  const path = `${pathOf(manifest)}?fieldManager=test&force=true`;
  const answer = await admin.request('PATCH', path, manifest, { 'content-type': 'application/apply-patch+yaml' });
  assert.ok(answer.status < 300, `${path}: ${answer.text}`);
}

function pathOf({ apiVersion, kind, metadata }: Manifest): string {
  const collection = COLLECTIONS[kind];
  assert.ok(collection !== undefined, `the collection of ${kind} is not known here`);
  if (collection.startsWith('/')) return `${collection}/${metadata.name}`;
  const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const scope = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  return `${base}${scope}/${collection}/${metadata.name}`;
}

async function grantAuthors(admin: Admin): Promise<void> {
  const rules = [{ apiGroups: ['sources.knative.dev'], resources: ['apiserversources'], verbs: ['create'] }];
  const group = 'rbac.authorization.k8s.io';
  const named = (kind: string, content: Body): Manifest => ({
    apiVersion: `${group}/v1`,
    kind,
    metadata: { name: 'watchbridge-test-authors' },
    ...content,
  });
  await apply(admin, named('ClusterRole', { rules }));
  await apply(
    admin,
    named('ClusterRoleBinding', {
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'watchbridge-test-authors' },
      subjects: [{ apiGroup: group, kind: 'Group', name: 'watchbridge-test-authors' }],
    }),
  );
}
