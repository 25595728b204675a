import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, request } from 'undici';
import { AdminError } from '../support/admin.ts';
import { sharedCluster, testNamespace } from '../support/cluster.ts';

const cluster = sharedCluster();
const { admin } = cluster;

test('a ServiceAccount may do what RBAC says: nothing without a binding, what the role names with one', async (t) => {
  const namespace = await testNamespace(t, 'identities');
  const path = `/api/v1/namespaces/${namespace}`;
  await admin.create(`${path}/serviceaccounts`, { metadata: { name: 'reader' } });
  const kubeconfig = await cluster.kubeconfigForServiceAccount(namespace, 'reader');
  assert.equal(await statusOf(t, kubeconfig, `${path}/configmaps`), 403);

  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }];
  await admin.create(`${rbac}/roles`, { metadata: { name: 'reader' }, rules });
  await admin.create(`${rbac}/rolebindings`, {
    metadata: { name: 'reader' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
    subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace }],
  });
  await eventually(async () => (await statusOf(t, kubeconfig, `${path}/configmaps`)) === 200);
  assert.equal(await statusOf(t, kubeconfig, `${path}/secrets`), 403);
});

test('a ServiceAccount that does not exist has no kubeconfig', async (t) => {
  const namespace = await testNamespace(t, 'identities');
  const refused = cluster.kubeconfigForServiceAccount(namespace, 'nobody');
  await assert.rejects(refused, (error) => error instanceof AdminError && error.reason === 'NotFound');
});

test('a user is known to the API server by its name and groups, whatever characters they have', async (t) => {
  const user = 'Zoë, O="x"/é@example.com';
  const kubeconfig = await cluster.kubeconfigForUser(user, ['team:ünit', 'system:masters']);
  const { userInfo } = await whoAmI(t, kubeconfig);
  assert.equal(userInfo.username, user);
  assert.deepEqual(userInfo.groups.toSorted(), ['system:authenticated', 'system:masters', 'team:ünit']);
});

test('a user of no group may read nothing', async (t) => {
  const kubeconfig = await cluster.kubeconfigForUser('nobody', []);
  assert.equal(await statusOf(t, kubeconfig, '/api/v1/namespaces'), 403);
});

test('the administrator’s kubeconfig is that of a cluster administrator', async (t) => {
  assert.equal(await statusOf(t, cluster.adminKubeconfig, '/api/v1/secrets'), 200);
});

test('a namespace gets what the controller manager makes: its account and the authority’s certificate', async (t) => {
  const namespace = await testNamespace(t, 'identities');
  const path = `/api/v1/namespaces/${namespace}`;
  await eventually(async () => (await admin.request('GET', `${path}/serviceaccounts/default`)).status === 200);
  await eventually(async () => (await admin.request('GET', `${path}/configmaps/kube-root-ca.crt`)).status === 200);
  const { data } = await admin.get(`${path}/configmaps/kube-root-ca.crt`);
  assert.deepEqual(data, { 'ca.crt': cluster.caPem });
});

async function statusOf(t: TestContext, kubeconfig: string, path: string): Promise<number> {
  return (await send(t, kubeconfig, 'GET', path)).statusCode;
}

async function whoAmI(
  t: TestContext,
  kubeconfig: string,
): Promise<{ userInfo: { username: string; groups: readonly string[] } }> {
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const response = await send(t, kubeconfig, 'POST', path, JSON.stringify(review));
  const { status } = (await response.body.json()) as {
    status: { userInfo: { username: string; groups: readonly string[] } };
  };
  return status;
}

/** Sends a request as the user of a kubeconfig, which another library reads. */
async function send(t: TestContext, file: string, method: 'GET' | 'POST', path: string, body?: string) {
  const kubeconfig = new KubeConfig();
  kubeconfig.loadFromString(await readFile(file, 'utf8'));
  const clusterEntry = kubeconfig.getCurrentCluster();
  const user = kubeconfig.getCurrentUser();
  assert.ok(clusterEntry?.caData !== undefined && user !== null);
  const agent = new Agent({
    connect: {
      ca: decode(clusterEntry.caData),
      ...(user.certData === undefined ? {} : { cert: decode(user.certData) }),
      ...(user.keyData === undefined ? {} : { key: decode(user.keyData) }),
    },
  });
  t.after(() => agent.destroy());
  return request(`${clusterEntry.server}${path}`, {
    method,
    dispatcher: agent,
    headers: {
      'content-type': 'application/json',
      ...(user.token === undefined ? {} : { authorization: `Bearer ${user.token}` }),
    },
    ...(body === undefined ? {} : { body }),
  });
}

function decode(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}

/** Asks again until it is so: the API server's authorizer and the controllers learn of a write a moment later. */
async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await isSo())) assert.ok(performance.now() < deadline, 'it did not become so within 10 s');
}
