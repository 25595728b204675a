import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { Admin } from '../support/admin.ts';
import { resource, startAdapter } from '../support/adapter-process.ts';
import { eventually } from '../support/eventually.ts';
import { bySubject, comparableEvents, goldenEvents } from '../support/golden.ts';
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts';
import { recordingSink } from '../support/recording-sink.ts';
import { allow, allowEverywhere, serviceAccount } from '../support/service-account.ts';
import { configMaps } from '../support/stage.ts';

/** Its own, because the recordings are of all namespaces of a cluster; with the controllers whose updates they show. */
let cluster: OwnCluster;
let kubeconfig: string;

const DEPLOYMENTS = '/apis/apps/v1/namespaces/shop/deployments';
const WATCHED = [
  resource('', 'v1', 'configmaps'),
  resource('apps', 'v1', 'deployments'),
  resource('', 'v1', 'namespaces'),
];

before(async () => {
  cluster = await startOwnCluster({ controllerManager: true });
  await cluster.admin.create('/api/v1/namespaces', { metadata: { name: 'shop' } });
  await eventually('the root certificate', () =>
    cluster.admin.get(`${configMaps('shop')}/kube-root-ca.crt`).catch(() => false),
  );
  kubeconfig = await serviceAccount(cluster, 'shop');
  await allow(cluster, 'shop', { apiGroups: ['', 'apps'], resources: ['configmaps', 'deployments'] });
});

after(() => cluster.stop());

test('the events of mode Resource are those of upstream', async (t) => {
  // The namespace shop-two was being deleted when the recording began.
  const golden = goldenEvents('events-resource-mode.json').filter(({ subject }) => !subject.endsWith('/shop-two'));
  await replay(t, golden, 'shop-a', { mode: 'Resource' });
});

test('the events of mode Reference with ceOverrides are those of upstream', async (t) => {
  const K_CE_OVERRIDES = JSON.stringify({ extensions: { cluster: 'blue' } });
  await replay(t, goldenEvents('events-reference-mode.json'), 'shop-b', { mode: 'Reference' }, { K_CE_OVERRIDES });
});

async function replay(
  t: TestContext,
  golden: ReturnType<typeof goldenEvents>,
  namespace: string,
  mode: { readonly mode: string },
  env: Record<string, string> = {},
): Promise<void> {
  await allowEverywhere(t, cluster, 'shop', { apiGroups: [''], resources: ['namespaces'] });
  const sink = await recordingSink(t);
  const source = { namespaces: ['shop'], resources: WATCHED, ...mode };
  const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, namespace: 'shop', source, env });
  await adapter.ready();

  const { admin } = cluster;
  await create(admin, namespace);
  await eventually('what the controllers make of the deployment', () => {
    const told = sink.accepted().filter(({ headers }) => headers['ce-kind'] === 'Deployment');
    return told.length === 3;
  });
  await admin.patch(`${configMaps('shop')}/settings?fieldManager=kubectl-patch`, { data: { color: 'é☁' } });
  await admin.delete(`${configMaps('shop')}/settings`);
  await admin.delete(`${DEPLOYMENTS}/web`);
  await admin.delete(`/api/v1/namespaces/${namespace}`);
  await eventually('as many events as upstream sent', () => sink.accepted().length >= golden.length);
  assert.deepEqual(bySubject(comparableEvents(sink.accepted())), bySubject(golden));
}

/** As kubectl does it: `create configmap`, `create deployment web --image=nginx:1.27 --replicas=0`, `create namespace`. */
async function create(admin: Admin, namespace: string): Promise<void> {
  const byKubectl = '?fieldManager=kubectl-create';
  const settings = { metadata: { name: 'settings' }, data: { color: 'blue' } };
  await admin.create(`${configMaps('shop')}${byKubectl}`, settings);
  const labels = { app: 'web' };
  const containers = [{ name: 'nginx', image: 'nginx:1.27', resources: {} }];
  const template = { metadata: { labels }, spec: { containers } };
  const spec = { replicas: 0, selector: { matchLabels: labels }, strategy: {}, template };
  await admin.create(`${DEPLOYMENTS}${byKubectl}`, { metadata: { name: 'web', labels }, spec });
  await admin.create(`/api/v1/namespaces${byKubectl}`, { metadata: { name: namespace } });
}
