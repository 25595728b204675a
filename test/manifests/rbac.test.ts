import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { MANIFESTS, type Manifest, readKustomization } from '../../scripts/manifests.ts';

const FOLDER = join(MANIFESTS, '..', 'rbac');

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface Role extends Manifest {
  readonly rules?: readonly Rule[];
}

const objects = readKustomization(MANIFESTS);
const roles = objects.filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role') as readonly Role[];
const rules = roles.flatMap(({ metadata, rules: own = [] }) => own.map((rule) => ({ of: metadata.name, rule })));

test('no role has a wildcard, and none can give away more than it has', () => {
  const forbidden = new Set(['*', 'escalate', 'bind', 'impersonate']);
  const wrong = rules.filter(({ rule }) =>
    [...rule.apiGroups, ...rule.resources, ...rule.verbs].some((word) => forbidden.has(word)),
  );
  assert.deepEqual(wrong, []);
});

test('nobody makes tokens, or reads Secrets but that of the webhook', () => {
  const found = rules.filter(({ rule }) =>
    rule.resources.some((resource) => resource === 'secrets' || resource === 'serviceaccounts/token'),
  );
  assert.deepEqual(
    found.map(({ of, rule }) => [of, rule.resources, rule.resourceNames]),
    [['watchbridge-webhook-certificates', ['secrets'], ['watchbridge-webhook-certificates']]],
  );
});

test('the controller may do this, and nothing else', () => {
  const bindings = objects.filter(({ kind }) => kind === 'ClusterRoleBinding');
  const bound = new Set(bindings.map((binding) => (binding['roleRef'] as { name: string }).name));
  const held = rules
    .filter(({ of }) => bound.has(of))
    .flatMap(({ rule }) => rule.resources.map((resource) => `${resource}: ${rule.verbs.join(' ')}`));
  assert.deepEqual(held, [
    'apiserversources: get list watch patch',
    'apiserversources/status: patch',
    'apiserversources/finalizers: update',
    'deployments: get list watch create patch delete',
    'serviceaccounts: get list watch',
    'roles: get list watch create patch delete',
    'rolebindings: get list watch create patch delete',
    'clusterroles: get list watch create patch delete',
    'clusterrolebindings: get list watch create patch delete',
    'namespaces: get list watch',
    'subjectaccessreviews: create',
    'leases: get list watch',
    'events: create patch',
    'validatingadmissionpolicies: get',
    'validatingadmissionpolicybindings: get',
    'leases: get create update patch',
    'configmaps: get create update patch',
    'sinkbindings: get list watch create patch delete',
    'containersources: get list watch',
    'sinkbindings/status: patch',
    'containersources/status: patch',
    'containersources/finalizers: update',
    // Of the webhook.
    'sinkbindings: get list watch',
    'mutatingwebhookconfigurations: get create patch',
    'pingsources: get list watch patch',
    'pingsources/status: patch',
    // Of the adapter of PingSources.
    'pingsources: get list watch',
  ]);
});

test('each rule of the controller says why it is there', () => {
  const [, role = ''] = /\nrules:\n(.*?)\n---/s.exec(readFileSync(join(FOLDER, 'controller.yaml'), 'utf8')) ?? [];
  const lines = role.split('\n');
  const bare = lines.filter((line, at) => line.startsWith('  - apiGroups') && !lines[at - 1]?.startsWith('  #'));
  assert.deepEqual(bare, []);
});

test('Knative’s source-observer role finds ours: get, list and watch on the plural', () => {
  const found = roles.filter(({ metadata }) => metadata.labels?.['duck.knative.dev/source'] === 'true');
  assert.deepEqual(
    found.map((role) => role.rules),
    [['apiserversources'], ['sinkbindings', 'containersources'], ['pingsources']].map((resources) => [
      { apiGroups: ['sources.knative.dev'], resources, verbs: ['get', 'list', 'watch'] },
    ]),
  );
});

test('who may edit, may edit sources, and who may view, view them', () => {
  const verbsOf = (role: string): readonly string[] =>
    roles
      .filter(({ metadata }) => metadata.labels?.[`rbac.authorization.k8s.io/aggregate-to-${role}`] === 'true')
      .flatMap((it) => it.rules?.flatMap(({ verbs }) => verbs) ?? []);
  const edit = ['create', 'update', 'patch', 'delete', 'deletecollection'];
  const view = ['get', 'list', 'watch'];
  // One role for ApiServerSources, one for what is bound, one for PingSources.
  assert.deepEqual(verbsOf('admin'), [...edit, ...view, ...edit, ...view, ...edit, ...view]);
  assert.deepEqual(verbsOf('edit'), [...edit, ...view, ...edit, ...view, ...edit, ...view]);
  assert.deepEqual(verbsOf('view'), [...view, ...view, ...view]);
});

test('every file of rbac/ is in its kustomization', () => {
  const listed = readFileSync(join(FOLDER, 'kustomization.yaml'), 'utf8');
  const files = readdirSync(FOLDER).filter((name) => name !== 'kustomization.yaml');
  assert.deepEqual(
    files.filter((name) => !listed.includes(`- ${name}`)),
    [],
  );
});
