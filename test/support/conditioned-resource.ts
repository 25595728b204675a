import { randomBytes } from 'node:crypto';
import type { Resource } from '../../src/kube/resource.ts';
import type { Admin } from './admin.ts';
import { eventually } from './eventually.ts';
import type { Scope } from './scope.ts';

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/**
 * Installs a namespaced kind with a status of its own, `Gateway`, in an API group that no other test has. Its plural
 * name is `gateways`, which whoever guesses by the rules of English spelling misses. It goes with the test.
 */
export async function conditionedResource(
  t: Scope,
  admin: Admin,
): Promise<{ readonly resource: Resource; readonly collection: (namespace: string) => string }> {
  const group = `test-${randomBytes(4).toString('hex')}.example.com`;
  const collection = (namespace: string): string => `/apis/${group}/v1/namespaces/${namespace}/gateways`;
  await admin.create(DEFINITIONS, definitionOf(group));
  t.after(() => admin.request('DELETE', `${DEFINITIONS}/gateways.${group}`));
  await eventually(
    'the kind to be served',
    async () => (await admin.request('GET', collection('default'))).status === 200,
  );
  const verbs = ['get', 'list', 'watch'];
  return {
    resource: { group, version: 'v1', plural: 'gateways', kind: 'Gateway', namespaced: true, verbs },
    collection,
  };
}

function definitionOf(group: string): Record<string, unknown> {
  const free = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const status = { ...free, properties: { sinkUri: { type: 'string' } } };
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec: free, status } } };
  const version = { name: 'v1', served: true, storage: true, schema, subresources: { status: {} } };
  return {
    metadata: { name: `gateways.${group}` },
    spec: { group, scope: 'Namespaced', names: { plural: 'gateways', kind: 'Gateway' }, versions: [version] },
  };
}
