import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { installWatchbridge } from '../manifests/apply.ts';
import { CONTROLLER_ENV, startController } from '../support/controller-process.ts';
import { eventually } from '../support/eventually.ts';
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts';

/** Of its own: there is one controller a cluster. */
let cluster: OwnCluster;
const LEASE = '/apis/coordination.k8s.io/v1/namespaces/watchbridge-system/leases/watchbridge-controller';
const CRD = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/apiserversources.sources.knative.dev';

before(async () => {
  cluster = await startOwnCluster({ controllerManager: true });
  await installWatchbridge(cluster.admin);
});

after(() => cluster.stop());

/** As in its Pod, with the rights of its ServiceAccount. */
async function environment(podName: string): Promise<Record<string, string>> {
  const kubeconfig = await cluster.kubeconfigForServiceAccount('watchbridge-system', 'watchbridge-controller');
  return { ...CONTROLLER_ENV, KUBECONFIG: kubeconfig, POD_NAME: podName };
}

async function holder(): Promise<string> {
  const { spec } = await cluster.admin.get(LEASE);
  return (spec as { holderIdentity?: string }).holderIdentity ?? '';
}

test('one replica reconciles and the other stands by; a stop hands over before the Lease runs out and ends with 0', async (t) => {
  const first = await startController(t, await environment('first'));
  await first.ready('apiserversources: running');
  const second = await startController(t, await environment('second'));
  await second.ready('lease: standing by for first_');
  assert.match(await holder(), /^first_/);
  const begun = performance.now();
  assert.equal(await first.end('SIGTERM'), 0, first.stderr());
  assert.equal(first.logged('Lease released').length, 1);
  await second.ready('apiserversources: running');
  const took = performance.now() - begun;
  t.diagnostic(`handed over after ${took.toFixed(0)} ms`);
  assert.ok(took < 10_000, `${took} ms`);
  assert.match(await holder(), /^second_/);
  assert.equal(await second.end('SIGTERM'), 0);
  assert.equal(await holder(), '');
  const troubles = [...first.log, ...second.log].filter(({ level }) => level !== 'info');
  assert.deepEqual(troubles, []);
});

test('probes and metrics are served, and the metrics have the reconciles', async (t) => {
  const controller = await startController(t, await environment('served'));
  await controller.ready('running');
  for (const kind of ['pingsources', 'containersources', 'sinkbindings']) await controller.ready(`${kind}: running`);
  assert.match(await controller.metrics(), /watchbridge_controller_reconciles_total\{controller="apiserversource"/);
  await controller.end('SIGTERM');
});

test('whoever lost the Lease ends its work, stands by, and goes on when it is free', async (t) => {
  const controller = await startController(t, await environment('loser'));
  await controller.ready('running');
  const taken = {
    holderIdentity: 'somebody',
    leaseDurationSeconds: 15,
    renewTime: new Date().toISOString().replace('Z', '000Z'),
  };
  await cluster.admin.patch(LEASE, { spec: taken });
  await controller.ready('lease: standing by for somebody');
  // What it logs comes by another way than what its probe says.
  await eventually('the end of its work', () =>
    controller.logged('controller stopped').some((line) => line['controller'] === 'apiserversource'),
  );
  await cluster.admin.patch(LEASE, { spec: { holderIdentity: '' } });
  await controller.ready('apiserversources: running');
  await controller.end('SIGTERM');
});

test('a kind whose CRD is not installed holds up nothing, and begins when it is', async (t) => {
  const { metadata: _, ...crd } = await cluster.admin.get(CRD);
  await cluster.admin.delete(CRD);
  await eventually('the CRD to be gone', async () => (await cluster.admin.request('GET', CRD)).status === 404);
  const controller = await startController(t, await environment('early'));
  await controller.ready('apiserversources: not installed');
  await cluster.admin.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    ...crd,
    metadata: { name: 'apiserversources.sources.knative.dev' },
    status: undefined,
  });
  await controller.ready('apiserversources: running');
});

test('a wrong environment ends it with 2 and every problem', async (t) => {
  const controller = await startController(t, { WATCHBRIDGE_METRICS_PORT: 'x' });
  assert.equal(await controller.ended, 2);
  assert.match(
    controller.stderr(),
    /^APISERVER_RA_IMAGE [^\n]*\nSYSTEM_NAMESPACE [^\n]*\nWATCHBRIDGE_METRICS_PORT [^\n]*\n$/,
  );
});
