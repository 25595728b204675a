import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manifestPath } from '../../examples/demo/manifest-path.ts';
import type { Manifest } from '../../scripts/manifests.ts';

const paths: readonly { manifest: Manifest; path: string }[] = [
  {
    manifest: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
    path: '/api/v1/namespaces/shop',
  },
  {
    manifest: { apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'shop', name: 'orders' } },
    path: '/api/v1/namespaces/shop/services/orders',
  },
  {
    manifest: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } },
    path: '/apis/apps/v1/namespaces/default/deployments/web',
  },
  {
    manifest: { apiVersion: 'sources.knative.dev/v1beta1', kind: 'ApiServerSource', metadata: { name: 'a' } },
    path: '/apis/sources.knative.dev/v1beta1/namespaces/default/apiserversources/a',
  },
  {
    manifest: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'watcher' } },
    path: '/apis/rbac.authorization.k8s.io/v1/clusterroles/watcher',
  },
];

for (const { manifest, path } of paths) {
  test(`the manifest of ${path} has that path`, () => {
    assert.equal(manifestPath(manifest), path);
  });
}

test('a kind that is not known is refused', () => {
  assert.throws(() => manifestPath({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } }), {
    message: /^The kind Pod is none of ServiceAccount, /,
  });
});
