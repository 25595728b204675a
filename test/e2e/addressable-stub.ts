import { type TestContext } from 'node:test';
import { apply, kubectl } from './kubectl.ts';

/** A kind of objects with an address. */
export interface StubKind {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
}

/**
 * Installs a kind of which nothing is real but `status.address.url`, which is all that a sink needs, and as Knative
 * does a ClusterRole that lets it be a sink. It goes with the test.
 */
export async function installStub(t: TestContext, { group, kind, plural }: StubKind): Promise<void> {
  const metadata = { name: `${plural}.${group}` };
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata,
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, kind, singular: kind.toLowerCase() },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
  const role = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { ...metadata, labels: { 'duck.knative.dev/addressable': 'true' } },
    rules: [{ apiGroups: [group], resources: [plural], verbs: ['get', 'list', 'watch'] }],
  };
  t.after(async () => {
    for (const what of [`customresourcedefinition/${metadata.name}`, `clusterrole/${metadata.name}`]) {
      await kubectl(['delete', what, '--ignore-not-found', '--timeout=180s']);
    }
  });
  await apply('default', [definition, role]);
  const established = [`customresourcedefinition/${metadata.name}`, '--for=condition=Established', '--timeout=60s'];
  await kubectl(['wait', ...established]);
}

/** An object of such a kind. */
export function addressable({ group, kind }: StubKind, name: string, url: string): object {
  return { apiVersion: `${group}/v1`, kind, metadata: { name }, status: { address: { url } } };
}
