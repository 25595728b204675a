import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plannedStreams } from '../../src/preview/planned-streams.ts';
import { watchRights, watchRightsText } from '../../src/preview/watch-rights.ts';
import { type ApiServerSource, type StoredSpec, withDefaults } from '../../src/sources/apiserver/spec.ts';
import { targetOf } from '../../src/sources/apiserver/watched.ts';
import type { Found } from '../../src/kube/discovery.ts';

const found = (group: string, plural: string, namespaced: boolean): Found => ({
  is: 'found',
  resource: { group, version: 'v1', plural, kind: 'Any', namespaced, verbs: ['list', 'watch'] },
});

const RESOURCES: NonNullable<StoredSpec['resources']> = [
  { apiVersion: 'v1', kind: 'Pod', selector: { matchLabels: { app: 'web' } }, fieldSelector: 'status.phase=Running' },
  { apiVersion: 'apps/v1', kind: 'Deployment' },
  { apiVersion: 'v1', kind: 'Node' },
];
const FOUND = [found('', 'pods', true), found('apps', 'deployments', true), found('', 'nodes', false)];

function of(spec: StoredSpec, matching: readonly string[] = [], wholeCluster = false) {
  const source: ApiServerSource = {
    apiVersion: 'sources.knative.dev/v1',
    kind: 'ApiServerSource',
    metadata: { name: 'web', namespace: 'shop', uid: 'not-created-yet' },
    spec: { resources: RESOURCES, ...spec },
  };
  const full = withDefaults(source.spec);
  return { source, spec: full, target: targetOf(full, 'shop', FOUND, matching), wholeCluster };
}

const placesOf = (rights: ReturnType<typeof watchRights>): readonly string[] =>
  rights.map(({ kind, metadata, rules = [] }) => {
    const what = rules.map(({ apiGroups, resources }) => `${resources.join('+')}.${apiGroups.join('+')}`).join(' ');
    return [kind, metadata.namespace, what].filter((part) => part !== undefined && part !== '').join(' ');
  });

const PLACES: readonly (readonly [what: string, spec: StoredSpec, cluster: boolean, places: readonly string[]])[] = [
  [
    'the own namespace',
    {},
    false,
    ['ClusterRole nodes.', 'ClusterRoleBinding', 'Role shop pods. deployments.apps', 'RoleBinding shop'],
  ],
  [
    'namespaces by name',
    { namespaces: { include: ['a', 'b'] }, resources: RESOURCES.slice(0, 1) },
    false,
    ['Role a pods.', 'RoleBinding a', 'Role b pods.', 'RoleBinding b'],
  ],
  [
    'namespaces by name, with --cluster',
    { namespaces: { include: ['a', 'b'] }, resources: RESOURCES.slice(0, 1) },
    true,
    ['ClusterRole pods.', 'ClusterRoleBinding'],
  ],
  [
    'all namespaces',
    { namespaceSelector: {} },
    false,
    ['ClusterRole nodes+pods. deployments.apps', 'ClusterRoleBinding'],
  ],
  [
    'some namespaces',
    { namespaceSelector: { matchLabels: { a: 'b' } }, resources: RESOURCES.slice(0, 1) },
    false,
    ['Role m pods.', 'RoleBinding m'],
  ],
  [
    'some namespaces, with --cluster',
    { namespaceSelector: { matchLabels: { a: 'b' } }, resources: RESOURCES.slice(0, 1) },
    true,
    ['ClusterRole pods. namespaces.', 'ClusterRoleBinding'],
  ],
];

for (const [what, spec, wholeCluster, places] of PLACES) {
  test(`rights are granted where a source watches: ${what}`, () => {
    assert.deepEqual(placesOf(watchRights(of(spec, ['m'], wholeCluster))), places);
  });
}

test('what is granted carries no mark of the controller, which would take it away', () => {
  for (const { metadata, roleRef } of watchRights(of({ rbac: 'Managed' }))) {
    assert.deepEqual(
      Object.keys(metadata).toSorted(),
      metadata.namespace === undefined ? ['name'] : ['name', 'namespace'],
    );
    assert.equal(metadata.name, 'watchbridge:watch:shop:web');
    if (roleRef !== undefined) assert.equal('name' in roleRef && roleRef.name, metadata.name);
  }
});

const NOTES: readonly (readonly [spec: StoredSpec, note: RegExp])[] = [
  [{}, /Lease apiserversource-web and ConfigMaps apiserversource-web-index-N\) the controller makes Role/],
  [{ checkpoint: 'Position' }, /\(Lease apiserversource-web\) the controller makes Role apiserversource-web-state\.$/m],
  [{ checkpoint: 'None' }, /keeps no state \(checkpoint: None\), so nothing else is needed/],
  [{ rbac: 'Managed' }, /With rbac: Managed the controller grants it by itself/],
  [{ namespaceSelector: { matchLabels: { a: 'b' } } }, /These namespaces match now/],
];

for (const [spec, note] of NOTES) {
  test(`what else there is to know stands above: ${JSON.stringify(spec)}`, () => {
    assert.match(watchRightsText(of(spec), []), note);
  });
}

const SCOPES: readonly (readonly [spec: StoredSpec, scope: string])[] = [
  [{}, 'shop'],
  [{ namespaces: { include: ['b', 'a'] } }, 'a, b'],
  [{ namespaceSelector: {} }, 'all namespaces'],
  [{ namespaceSelector: {}, namespaces: { exclude: ['a'] } }, 'all namespaces but a'],
  [{ namespaceSelector: { matchLabels: { a: 'b' } } }, 'namespaces with a=b, 2 now'],
];

for (const [spec, scope] of SCOPES) {
  test(`a stream is told by what it watches: ${scope}`, () => {
    const { spec: full, target } = of(spec, ['m', 'n']);
    assert.deepEqual(plannedStreams(full, target), [
      { kind: 'Pod', resource: 'pods.v1', scope, selectors: 'app=web; fields status.phase=Running' },
      { kind: 'Deployment', resource: 'deployments.v1.apps', scope, selectors: '' },
      { kind: 'Node', resource: 'nodes.v1', scope: 'cluster', selectors: '' },
    ]);
  });
}
