import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import { parseAllDocuments, stringify } from 'yaml';
import { apply, sourceOf } from '../manifests/apply.ts';
import { sharedCluster, testNamespace } from '../support/cluster.ts';
import { startCommand } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { serviceAccount } from '../support/service-account.ts';
import type { Manifest } from '../../scripts/manifests.ts';

const cluster = sharedCluster();
const { admin } = cluster;
const directory = mkdtempSync(join(tmpdir(), 'watchbridge-'));
let files = 0;

after(() => rmSync(directory, { recursive: true }));
const configMaps = { apiVersion: 'v1', kind: 'ConfigMap' };

interface Asked {
  readonly resource: string;
  readonly group?: string;
  readonly namespace?: string;
  readonly verb?: string;
}

/** Whether the ServiceAccount `watcher` of a namespace may. */
async function may(home: string, { resource, group = '', namespace = '', verb = 'watch' }: Asked): Promise<boolean> {
  const review = await admin.create('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    spec: {
      user: `system:serviceaccount:${home}:watcher`,
      groups: ['system:serviceaccounts', 'system:authenticated'],
      resourceAttributes: { resource, group, namespace, verb },
    },
  });
  return (review['status'] as { allowed: boolean }).allowed;
}

function manifest(namespace: string, spec: Readonly<Record<string, unknown>>): string {
  const source = sourceOf('shop', { serviceAccountName: 'watcher', ...spec });
  const file = join(directory, `source-${files++}.yaml`);
  writeFileSync(file, stringify({ ...source, metadata: { ...source.metadata, namespace } }));
  return file;
}

async function rbac(t: TestContext, argv: readonly string[], kubeconfig = cluster.adminKubeconfig) {
  return await startCommand(t, ['rbac', ...argv], { env: { KUBECONFIG: kubeconfig } }).ended;
}

async function applyAll(t: TestContext, text: string): Promise<void> {
  for (const document of parseAllDocuments(text)) {
    const it = document.toJS() as Manifest;
    await apply(admin, it);
    if (it.metadata.namespace === undefined) {
      const path = `/apis/rbac.authorization.k8s.io/v1/${it.kind.toLowerCase()}s/${it.metadata.name}`;
      t.after(() => admin.request('DELETE', path));
    }
  }
}

test('what rbac prints lets the ServiceAccount watch what is listed where it is listed, and nothing else', async (t) => {
  const [home, other] = [await testNamespace(t, 'rbac'), await testNamespace(t, 'rbac-other')];
  await serviceAccount(cluster, home);
  const spec = {
    resources: [configMaps, { apiVersion: 'apps/v1', kind: 'Deployment' }, { apiVersion: 'v1', kind: 'Endpoints' }],
    namespaces: { include: [home, other] },
  };
  const { code, stdout, stderr } = await rbac(t, ['-f', manifest(home, spec)]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^# Nothing else is needed: for the adapter's own state .* Role apiserversource-shop-state\.$/m);
  await applyAll(t, stdout);
  const everywhere = [home, other];
  await eventually('the rights', async () => await may(home, { resource: 'configmaps', namespace: other }));
  for (const namespace of everywhere) {
    for (const verb of ['get', 'list', 'watch']) {
      assert.ok(await may(home, { resource: 'configmaps', namespace, verb }), `${verb} in ${namespace}`);
      assert.ok(await may(home, { resource: 'deployments', group: 'apps', namespace, verb }));
      assert.ok(await may(home, { resource: 'endpoints', namespace, verb }));
    }
    for (const resource of ['secrets', 'pods', 'deployments']) assert.ok(!(await may(home, { resource, namespace })));
    for (const verb of ['create', 'update', 'patch', 'delete', 'deletecollection']) {
      assert.ok(!(await may(home, { resource: 'configmaps', namespace, verb })), verb);
    }
  }
  assert.ok(!(await may(home, { resource: 'configmaps' })));
  assert.ok(!(await may(home, { resource: 'configmaps', namespace: 'kube-system' })));
});

test('rbac grants where namespaces match now, and with --cluster everywhere and that they are followed', async (t) => {
  const home = await testNamespace(t, 'rbac-selected');
  await serviceAccount(cluster, home);
  const label = `l${randomBytes(4).toString('hex')}`;
  const file = manifest(home, { resources: [configMaps], namespaceSelector: { matchLabels: { [label]: 'match' } } });
  const none = await rbac(t, ['-f', file]);
  assert.deepEqual([none.code, none.stdout], [1, '']);
  assert.match(none.stderr, /^shop: no namespace matches now; use --cluster/);

  await admin.patch(`/api/v1/namespaces/${home}`, { metadata: { labels: { [label]: 'match' } } });
  const some = await rbac(t, ['-f', file]);
  assert.equal(some.code, 0, some.stderr);
  assert.match(some.stdout, /^# These namespaces match now\./m);
  await applyAll(t, some.stdout);
  await eventually('the right', async () => await may(home, { resource: 'configmaps', namespace: home }));
  assert.ok(!(await may(home, { resource: 'configmaps' })));

  const all = await rbac(t, ['-f', file, '--cluster']);
  assert.equal(all.code, 0, all.stderr);
  await applyAll(t, all.stdout);
  await eventually('the right', async () => await may(home, { resource: 'configmaps' }));
  assert.ok(await may(home, { resource: 'namespaces' }));
  assert.ok(!(await may(home, { resource: 'namespaces', verb: 'get' })));
});

test('rbac says what is missing where the cluster does not have a kind, does not let us look, or is not there', async (t) => {
  const home = await testNamespace(t, 'rbac-unknown');
  const typo = await rbac(t, ['-f', manifest(home, { resources: [{ apiVersion: 'v1', kind: 'Configmap' }] })]);
  assert.deepEqual([typo.code, typo.stdout], [1, '']);
  assert.match(typo.stderr, /^shop: spec\.resources\[0\]: the API server has no Configmap in v1; it has ConfigMap, /);

  const weak = await serviceAccount(cluster, home);
  const selected = manifest(home, { resources: [configMaps], namespaceSelector: { matchLabels: { a: 'b' } } });
  const forbidden = await rbac(t, ['-f', selected], weak);
  assert.deepEqual([forbidden.code, forbidden.stdout], [1, '']);
  assert.match(forbidden.stderr, /which namespaces match is not known\. GET \/api\/v1\/namespaces was answered 403/);

  const offline = { env: {} };
  const unnamed = await startCommand(t, ['rbac', '-f', manifest(home, { resources: [configMaps] })], offline).ended;
  assert.deepEqual([unnamed.code, unnamed.stdout], [1, '']);
  assert.match(
    unnamed.stderr,
    /the plural name of ConfigMap is not known\. No Kubernetes cluster was found: .* Write it as spec\.resources\[0\]\.resource\./,
  );
  const named = manifest(home, { resources: [{ ...configMaps, resource: 'configmaps' }] });
  const guessed = await startCommand(t, ['rbac', '-f', named], offline).ended;
  assert.equal(guessed.code, 0, guessed.stderr);
  assert.match(guessed.stdout, /^# configmaps is taken to be in namespaces, as no cluster says otherwise\.$/m);
});
