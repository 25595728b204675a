import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { apiVersionOf, collectionPath, groupVersionPath } from '../../src/kube/resource.ts';

const PODS = { group: '', version: 'v1', plural: 'pods', namespaced: true };
const DEPLOYMENTS = { group: 'apps', version: 'v1', plural: 'deployments', namespaced: true };
const NODES = { group: '', version: 'v1', plural: 'nodes', namespaced: false };

test('an apiVersion has a group, except in the core group', () => {
  assert.equal(apiVersionOf(PODS), 'v1');
  assert.equal(apiVersionOf(DEPLOYMENTS), 'apps/v1');
});

test('a group version is discovered under /api for the core group and under /apis for all others', () => {
  assert.equal(groupVersionPath(PODS), '/api/v1');
  assert.equal(groupVersionPath(DEPLOYMENTS), '/apis/apps/v1');
});

test('a collection is that of the namespace, of the whole cluster without one, and of a cluster-scoped kind always', () => {
  assert.equal(collectionPath(PODS, 'shop'), '/api/v1/namespaces/shop/pods');
  assert.equal(collectionPath(PODS), '/api/v1/pods');
  assert.equal(collectionPath(DEPLOYMENTS), '/apis/apps/v1/deployments');
  assert.equal(collectionPath(NODES, 'shop'), '/api/v1/nodes');
});

test('whatever a namespace contains, it stays one segment of the path', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (namespace) => {
      const segments = collectionPath(PODS, namespace).split('/');
      assert.equal(segments.length, 6);
      assert.equal(decodeURIComponent(segments[4] ?? ''), namespace);
      assert.doesNotMatch(segments[4] ?? '', /[?#\s]/);
    }),
  );
});
