import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { installWatchbridge, sourcesIn } from '../manifests/apply.ts';
import type { KubeObject } from '../support/admin.ts';
import {
  bindWatcher,
  deploymentsIn,
  makePlace,
  makeSource,
  reaches,
  runAllPods,
  runSources,
} from '../support/controller-stage.ts';
import type { RunningController } from '../support/running-controller.ts';
import { eventually } from '../support/eventually.ts';
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts';

/** Of its own, as the controller reconciles the sources of every namespace. */
let cluster: OwnCluster;
let controller: RunningController;
let pods: Promise<void>;
const stop = new AbortController();
/** The promise is 2 s, and each test prints what it took; a machine that does other things beside needs longer. */
const LIMIT_MS = 10_000;
const RBAC = '/apis/rbac.authorization.k8s.io/v1';

before(async () => {
  cluster = await startOwnCluster({ controllerManager: true });
  await installWatchbridge(cluster.admin);
  // Its garbage collector looks for new kinds at its start, and then every 30 s.
  await cluster.controllerManager?.kill();
  await cluster.controllerManager?.start();
  pods = runAllPods(cluster.admin, stop.signal);
  controller = await runSources(cluster);
});

after(async () => {
  stop.abort();
  await pods;
  await controller.stop();
  await cluster.stop();
});

/** A source that is Ready. */
async function readySource(namespace: string, spec: Record<string, unknown> = {}): Promise<void> {
  await makePlace(cluster.admin, namespace, ['pods']);
  await makeSource(cluster.admin, namespace, spec);
  await reaches(cluster.admin, namespace, 'Ready', 'True');
}

/** Waits for what is to come of `deed`, and tells how long it took. */
async function heals<T>(
  t: TestContext,
  what: string,
  deed: () => Promise<unknown>,
  check: () => T | Promise<T>,
): Promise<Exclude<T, undefined | false>> {
  await deed();
  const begun = performance.now();
  const outcome = await eventually(what, check, LIMIT_MS);
  t.diagnostic(`${what}: ${(performance.now() - begun).toFixed(0)} ms`);
  return outcome;
}

async function isGone(path: string): Promise<boolean> {
  return (await cluster.admin.request('GET', path)).status === 404;
}

async function theDeployment(namespace: string): Promise<KubeObject> {
  const [deployment] = await deploymentsIn(cluster.admin, namespace);
  assert.ok(deployment !== undefined);
  return deployment;
}

interface Env {
  readonly name: string;
  readonly value?: string;
}

function envOf({ spec }: KubeObject): readonly Env[] {
  const { template } = spec as { template: { spec: { containers: [{ env: Env[] }] } } };
  return template.spec.containers[0].env;
}

test('deleting a source removes everything that was made for it', async (t) => {
  const { admin } = cluster;
  await admin.create(`${RBAC}/clusterroles`, {
    metadata: { name: 'grantable-nodes', labels: { 'watchbridge.dev/grantable': 'true' } },
    rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] }],
  });
  const node = { apiVersion: 'v1', kind: 'Node', resource: 'nodes' };
  await readySource('gone', { rbac: 'Managed', resources: [node], namespaceSelector: {} });
  const { metadata } = await theDeployment('gone');
  const granted = [`${RBAC}/clusterroles/watchbridge:gone:web`, `${RBAC}/clusterrolebindings/watchbridge:gone:web`];
  const owned = [
    `/apis/apps/v1/namespaces/gone/deployments/${metadata.name}`,
    `${RBAC}/namespaces/gone/roles/apiserversource-web-state`,
    `${RBAC}/namespaces/gone/rolebindings/apiserversource-web-state`,
  ];
  const areGone = async (paths: readonly string[]) => (await Promise.all(paths.map(isGone))).every((it) => it);
  for (const path of [...granted, ...owned]) assert.ok(!(await isGone(path)), path);
  await heals(
    t,
    'the source and what is granted to be gone',
    () => admin.delete(`${sourcesIn('gone')}/web`),
    () => areGone([...granted, `${sourcesIn('gone')}/web`]),
  );
  // By the garbage collector of the control plane.
  await eventually('what it owned to be gone', () => areGone(owned));
});

test('a Deployment that is deleted is made again', async (t) => {
  await readySource('deployment');
  const { metadata } = await theDeployment('deployment');
  await heals(
    t,
    'another Deployment',
    () => cluster.admin.delete(`/apis/apps/v1/namespaces/deployment/deployments/${metadata.name}`),
    async () => {
      const [found] = await deploymentsIn(cluster.admin, 'deployment');
      return found !== undefined && found.metadata.uid !== metadata.uid;
    },
  );
  await heals(
    t,
    'Ready',
    () => Promise.resolve(),
    () => reaches(cluster.admin, 'deployment', 'Ready', 'True'),
  );
});

test('an environment that somebody edits is set again', async (t) => {
  await readySource('env');
  const deployment = await theDeployment('env');
  const wanted = envOf(deployment);
  const path = `/apis/apps/v1/namespaces/env/deployments/${deployment.metadata.name}`;
  const env = wanted.map((it) => (it.name === 'K_SINK' ? { ...it, value: 'http://elsewhere' } : it));
  await heals(
    t,
    'K_SINK as it was',
    () =>
      cluster.admin.request(
        'PATCH',
        path,
        { spec: { template: { spec: { containers: [{ name: 'receive-adapter', env }] } } } },
        { 'content-type': 'application/strategic-merge-patch+json' },
      ),
    async () => {
      const now = await cluster.admin.get(path);
      return Number(now.metadata['generation']) >= 3 && JSON.stringify(envOf(now)) === JSON.stringify(wanted);
    },
  );
});

test('a binding that is taken away shows, and one that is made makes it Ready', async (t) => {
  await readySource('binding');
  const binding = `${RBAC}/namespaces/binding/rolebindings/watcher`;
  await heals(
    t,
    'SufficientPermissions False',
    () => cluster.admin.delete(binding),
    () => reaches(cluster.admin, 'binding', 'SufficientPermissions', 'False'),
  );
  await reaches(cluster.admin, 'binding', 'Ready', 'False');
  await heals(
    t,
    'Ready again',
    () => bindWatcher(cluster.admin, 'binding'),
    () => reaches(cluster.admin, 'binding', 'Ready', 'True'),
  );
});

test('a source without rights is Ready within 2 s of its first binding', async (t) => {
  await makePlace(cluster.admin, 'first', ['pods']);
  await cluster.admin.delete(`${RBAC}/namespaces/first/rolebindings/watcher`);
  await makeSource(cluster.admin, 'first');
  await reaches(cluster.admin, 'first', 'SufficientPermissions', 'False');
  assert.deepEqual(await deploymentsIn(cluster.admin, 'first'), []);
  await heals(
    t,
    'Ready',
    () => bindWatcher(cluster.admin, 'first'),
    () => reaches(cluster.admin, 'first', 'Ready', 'True'),
  );
});

test('the right to keep the state that somebody takes away is given again', async (t) => {
  await readySource('state');
  const paths = ['roles', 'rolebindings'].map((kind) => `${RBAC}/namespaces/state/${kind}/apiserversource-web-state`);
  for (const path of paths) {
    await heals(
      t,
      path,
      () => cluster.admin.delete(path),
      async () => !(await isGone(path)),
    );
  }
});

test('a sink that is deleted shows, what runs goes on, and it is found again', async (t) => {
  await readySource('sink');
  const services = '/api/v1/namespaces/sink/services';
  await heals(
    t,
    'SinkProvided False',
    () => cluster.admin.delete(`${services}/orders`),
    () => reaches(cluster.admin, 'sink', 'SinkProvided', 'False'),
  );
  assert.equal((await deploymentsIn(cluster.admin, 'sink')).length, 1);
  await heals(
    t,
    'Ready again',
    () => cluster.admin.create(services, { metadata: { name: 'orders' }, spec: { ports: [{ port: 80 }] } }),
    () => reaches(cluster.admin, 'sink', 'Ready', 'True'),
  );
});

test('a sink of another name is where events go next', async (t) => {
  await readySource('renamed');
  const services = '/api/v1/namespaces/renamed/services';
  const sink = { ref: { apiVersion: 'v1', kind: 'Service', name: 'invoices' } };
  await cluster.admin.delete(`${services}/orders`);
  await cluster.admin.patch(`${sourcesIn('renamed')}/web`, { spec: { sink } });
  await heals(
    t,
    'the new K_SINK',
    () => cluster.admin.create(services, { metadata: { name: 'invoices' }, spec: { ports: [{ port: 80 }] } }),
    async () => {
      const sinkOf = envOf(await theDeployment('renamed')).find(({ name }) => name === 'K_SINK');
      return sinkOf?.value === 'http://invoices.renamed.svc.cluster.local';
    },
  );
  await reaches(cluster.admin, 'renamed', 'Ready', 'True');
});

test('a namespace whose labels change enters and leaves the sources that select it', async (t) => {
  const { admin } = cluster;
  const role = { name: 'labels-watcher' };
  await admin.create(`${RBAC}/clusterroles`, {
    metadata: role,
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }],
  });
  await admin.create(`${RBAC}/clusterrolebindings`, {
    metadata: role,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', ...role },
    subjects: [{ kind: 'ServiceAccount', name: 'watcher', namespace: 'labels' }],
  });
  await admin.create('/api/v1/namespaces', { metadata: { name: 'team-a' } });
  await readySource('labels', { namespaceSelector: { matchLabels: { team: 'a' } } });
  const namespaces = async (): Promise<string> => {
    const { status } = await admin.get(`${sourcesIn('labels')}/web`);
    return ((status as { namespaces?: string[] }).namespaces ?? []).join();
  };
  const label = (team: string | null) => admin.patch('/api/v1/namespaces/team-a', { metadata: { labels: { team } } });
  await heals(
    t,
    'team-a to enter',
    () => label('a'),
    async () => (await namespaces()) === 'team-a',
  );
  await heals(
    t,
    'team-a to leave',
    () => label(null),
    async () => (await namespaces()) === '',
  );
});

test('a namespace that no source can concern reconciles none', async () => {
  await readySource('bystander');
  // Until the others have come to rest.
  const rest = async (): Promise<number> => {
    for (let last = -1; ; await delay(700)) {
      const now = await controller.reconciles();
      if (now === last) return now;
      last = now;
    }
  };
  await cluster.admin.delete(`${sourcesIn('labels')}/web`);
  const atRest = await rest();
  await cluster.admin.create('/api/v1/namespaces', { metadata: { name: 'newcomer' } });
  await cluster.admin.patch('/api/v1/namespaces/newcomer', { metadata: { labels: { team: 'b' } } });
  await delay(1_000);
  assert.equal(await controller.reconciles(), atRest);
});
