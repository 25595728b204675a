import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manifestPath } from '../../examples/demo/manifest-path.ts';

const paths: readonly { manifest: string; path: string }[] = [
  {
    manifest: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n',
    path: '/api/v1/namespaces/shop',
  },
  {
    manifest: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  namespace: shop\n  name: settings\ndata:\n  name: other\n',
    path: '/api/v1/namespaces/shop/configmaps/settings',
  },
  {
    manifest: '# web\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\n',
    path: '/apis/apps/v1/namespaces/shop/deployments/web',
  },
  {
    manifest:
      'roleRef:\n  name: other\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n  name: watcher\n  namespace: shop\n',
    path: '/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings/watcher',
  },
];

for (const { manifest, path } of paths) {
  test(`the manifest of ${path} has that path`, () => {
    assert.equal(manifestPath(manifest), path);
  });
}

const refused: readonly { title: string; manifest: string; message: RegExp }[] = [
  {
    title: 'a kind that is not known',
    manifest: 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n',
    message: /^The kind Pod is none of Namespace, /,
  },
  {
    title: 'an object of a namespace without one',
    manifest: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n',
    message: /^The manifest has no metadata\.namespace:\n/,
  },
];

for (const { title, manifest, message } of refused) {
  test(`${title} is refused`, () => {
    assert.throws(() => manifestPath(manifest), { message });
  });
}
