import assert from 'node:assert/strict';
import { before, type TestContext, test } from 'node:test';
import { apply, installWatchbridge, sourceOf, sourcesIn } from '../manifests/apply.ts';
import { type Admin, type Answer, type Body, createAdmin } from '../support/admin.ts';
import { sharedCluster, testNamespace } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';

const cluster = sharedCluster();
const { admin } = cluster;
const GROUP = 'rbac.authorization.k8s.io';

before(() => installWatchbridge(admin));

/** An RBAC rule as `verbs resources`, in the core group; `resource.group` is in another, `resource/name` only of that name. */
type Rule = `${string} ${string}`;

const EDITS_SOURCES: Rule = 'get,create,update,patch,delete apiserversources.sources.knative.dev';
const CREATES_PODS: Rule = 'create pods';
const secrets = { apiVersion: 'v1', kind: 'Secret', resource: 'secrets' };
const deployments = { apiVersion: 'apps/v1', kind: 'Deployment', resource: 'deployments' };

test('a source runs as an account only for who may create Pods or use the account', async (t) => {
  const namespace = await testNamespace(t, 'authors');
  const spec = { serviceAccountName: 'watcher' };
  const [editor, podMaker, user, useOfAnother] = await Promise.all([
    author(t, namespace, [EDITS_SOURCES]),
    author(t, namespace, [EDITS_SOURCES, CREATES_PODS]),
    author(t, namespace, [EDITS_SOURCES, 'use serviceaccounts/watcher']),
    author(t, namespace, [EDITS_SOURCES, 'use serviceaccounts/another']),
  ]);
  for (const refused of [editor, useOfAnother]) {
    const { status, text } = await refused.create('a', spec);
    assert.equal(status, 403, text);
    assert.match(text, /may not let a source run as ServiceAccount watcher of namespace authors-\w+/);
    assert.match(text, /needs the right to create pods there, or the verb use on that serviceaccount/);
  }
  await allowed(() => podMaker.create('b', spec));
  await allowed(() => user.create('c', spec));
  assert.equal((await user.create('d', { serviceAccountName: 'default' })).status, 403);
});

test('what changes a spec is asked about, of whoever changes it; what does not is not', async (t) => {
  const namespace = await testNamespace(t, 'authors');
  const editor = await author(t, namespace, [
    EDITS_SOURCES,
    'update,patch apiserversources/status.sources.knative.dev',
  ]);
  await admin.create(sourcesIn(namespace), { ...sourceOf('it', {}) });
  const redirected = await editor.patch('it', { spec: { sink: { ref: { name: 'mine' } } } });
  assert.equal(redirected.status, 403, redirected.text);
  assert.equal((await editor.patch('it', { spec: { serviceAccountName: 'other' } })).status, 403);
  const labelled = await editor.patch('it', { metadata: { labels: { a: 'b' }, finalizers: ['example.com/a'] } });
  assert.equal(labelled.status, 200, labelled.text);
  const status = await editor.patch('it/status', { status: { observedGeneration: 1 } });
  assert.equal(status.status, 200, status.text);
  assert.equal((await editor.patch('it', { metadata: { finalizers: null } })).status, 200);
});

test('the older version is asked about, too', async (t) => {
  const namespace = await testNamespace(t, 'authors');
  const editor = await author(t, namespace, [EDITS_SOURCES]);
  const { status, text } = await editor.create('a', {}, 'v1beta1');
  assert.equal(status, 403, text);
  assert.match(text, /watchbridge-service-account-use/);
});

test('nobody gets a source with managed rights that he has not himself', async (t) => {
  const namespace = await testNamespace(t, 'authors');
  const author1 = await author(t, namespace, [EDITS_SOURCES, CREATES_PODS, 'get,list,watch deployments.apps']);
  const managed = (...resources: object[]): Body => ({ rbac: 'Managed', resources });
  await allowed(() => author1.create('mine', managed(deployments)));
  const refusals: readonly (readonly [spec: Body, says: RegExp])[] = [
    [managed(secrets), /list and watch on secrets in API group \\"\\"/],
    [managed(deployments, secrets), /list and watch on secrets/],
    [
      managed(deployments, ...Array.from({ length: 6 }, (_, at) => ({ ...deployments, kind: `K${at}` })), secrets),
      /on secrets/,
    ],
    // Deployments of another group, and another kind's name beside the plural.
    [managed({ ...deployments, apiVersion: 'example.com/v1' }), /deployments in API group \\"example.com\\"/],
    [managed({ ...secrets, kind: 'Deployment' }), /on secrets/],
    // What one may in one's own namespace says nothing of others.
    [{ ...managed(deployments), namespaceSelector: {} }, /in the whole cluster, which spec.namespaceSelector/],
    [{ ...managed(deployments), namespaces: { include: ['kube-system'] } }, /in the whole cluster/],
    [{ ...managed(deployments), namespaces: { include: [namespace] } }, /in the whole cluster/],
  ];
  for (const [spec, says] of refusals) {
    const { status, text } = await author1.create('refused', spec);
    assert.equal(status, 403, text);
    assert.match(text, says);
  }
  const wider = await author1.patch('mine', { spec: { resources: [deployments, secrets] } });
  assert.equal(wider.status, 403, wider.text);
  await allowed(() => author1.create('unmanaged', { resources: [secrets] }));
  assert.equal((await author1.patch('unmanaged', { spec: { rbac: 'Managed' } })).status, 403);
});

test('get, list and watch are all needed for managed rights', async (t) => {
  const namespace = await testNamespace(t, 'authors');
  for (const [verbs, missing] of [
    ['list,watch', /: get on secrets/],
    ['get,list', /: list and watch on secrets/],
    ['get,watch', /: list and watch on secrets/],
  ] as const) {
    const it = await author(t, namespace, [EDITS_SOURCES, CREATES_PODS, `${verbs} secrets`]);
    await eventually('the refusal for want of one verb', async () => {
      const { status, text } = await it.create('a', { rbac: 'Managed', resources: [secrets] });
      assert.equal(status, 403, text);
      return missing.test(text);
    });
  }
});

test('the most resources that managed rights may have are asked about within the policy’s cost', async (t) => {
  const namespace = await testNamespace(t, 'authors');
  const kinds = Array.from({ length: 8 }, (_, at) => ({ apiVersion: 'v1', kind: `K${at}`, resource: `k${at}s` }));
  const all = kinds.map(({ resource }) => resource).join(',');
  const it = await author(t, namespace, [EDITS_SOURCES, CREATES_PODS, `get,list,watch ${all}`]);
  await allowed(() => it.create('a', { rbac: 'Managed', resources: kinds }));
});

test('the controller can grant the adapter’s state and what the administrator opened, and nothing else', async (t) => {
  const namespace = await testNamespace(t, 'grants');
  const controller = await tokenOf(t, 'watchbridge-system', 'watchbridge-controller');
  const roles = `/apis/${GROUP}/v1/namespaces/${namespace}/roles`;
  const grant = (...rules: Body[]): Promise<Answer> =>
    controller.request('POST', `${roles}?dryRun=All`, { metadata: { name: 'a' }, rules });
  const verbs = ['create', 'get', 'patch', 'update'];
  await allowed(() =>
    grant(
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], resourceNames: ['apiserversource-a'], verbs },
      { apiGroups: [''], resources: ['configmaps'], resourceNames: ['apiserversource-a-index-0'], verbs },
    ),
  );
  const watch = ['get', 'list', 'watch'];
  const opened = { apiGroups: ['grants.example.com'], resources: ['things'], verbs: watch };
  for (const rule of [opened, { apiGroups: [''], resources: ['secrets'], verbs: watch }]) {
    const { status, text } = await grant(rule);
    assert.equal(status, 403, text);
    assert.match(text, /attempting to grant RBAC permissions not currently held/);
  }
  const name = 'watchbridge-test-grantable';
  t.after(() => admin.delete(`/apis/${GROUP}/v1/clusterroles/${name}`));
  const labels = { 'watchbridge.dev/grantable': 'true' };
  await apply(admin, { apiVersion: `${GROUP}/v1`, kind: 'ClusterRole', metadata: { name, labels }, rules: [opened] });
  await allowed(() => grant(opened));
});

interface Author {
  create(name: string, spec: Body, version?: string): Promise<Answer>;
  /** A merge patch. */
  patch(path: string, body: Body): Promise<Answer>;
}

/** A ServiceAccount with these rights in a namespace, which writes sources there with a token of its own. */
async function author(t: TestContext, namespace: string, rules: readonly Rule[]): Promise<Author> {
  const name = `author-${rules
    .join('-')
    .replaceAll(/[^a-z]+/g, '-')
    .slice(0, 200)}`;
  const subject = { kind: 'ServiceAccount', name, namespace };
  const metadata = { name, namespace };
  await apply(admin, { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
  await apply(admin, { apiVersion: `${GROUP}/v1`, kind: 'Role', metadata, rules: rules.map(ruleOf) });
  const roleRef = { apiGroup: GROUP, kind: 'Role', name };
  await apply(admin, { apiVersion: `${GROUP}/v1`, kind: 'RoleBinding', metadata, roleRef, subjects: [subject] });
  const client = await tokenOf(t, namespace, name);
  // What is refused from now on is refused by a policy.
  await eventually(
    'the author to have his rights',
    async () => (await client.request('GET', `${sourcesIn(namespace)}/no`)).status === 404,
  );
  return {
    create: (source, spec, version = 'v1') =>
      client.request('POST', sourcesIn(namespace, version), { ...sourceOf(source, spec, version) }),
    patch: (path, body) =>
      client.request('PATCH', `${sourcesIn(namespace)}/${path}`, body, {
        'content-type': 'application/merge-patch+json',
      }),
  };
}

async function tokenOf(t: TestContext, namespace: string, name: string): Promise<Admin> {
  const request = await admin.create(`/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3600 },
  });
  const { token } = request['status'] as { token: string };
  const client = createAdmin({ server: cluster.server, caPem: cluster.caPem, token });
  t.after(() => client.close());
  return client;
}

function ruleOf(rule: Rule): Body {
  const [verbs = '', resources = ''] = rule.split(' ');
  const [first = '', ...group] = resources.split('.');
  const [named = '', name] = first.includes('/status') ? [first] : first.split('/');
  return {
    verbs: verbs.split(','),
    apiGroups: [group.join('.')],
    resources: named.split(','),
    ...(name !== undefined && { resourceNames: [name] }),
  };
}

/** The API server learns of roles a moment after they are written. */
async function allowed(write: () => Promise<Answer>): Promise<void> {
  let last = '';
  await eventually(
    () => `the write to be allowed, which was refused: ${last}`,
    async () => {
      const { status, text } = await write();
      last = text;
      assert.notEqual(status, 409, text);
      return status === 201;
    },
    10_000,
  );
}
