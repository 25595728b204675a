import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { installWatchbridge, sourcesIn } from '../manifests/apply.ts';
import type { Body } from '../support/admin.ts';
import { deploymentsIn, makePlace, makeSource, reaches, runSources } from '../support/controller-stage.ts';
import type { RunningController } from '../support/running-controller.ts';
import { eventually } from '../support/eventually.ts';
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts';

/** Of its own, as the controller reconciles the sources of every namespace. */
let cluster: OwnCluster;
let controller: RunningController;

before(async () => {
  cluster = await startOwnCluster({ controllerManager: true });
  await installWatchbridge(cluster.admin);
  controller = await runSources(cluster);
});

after(async () => {
  await controller.stop();
  await cluster.stop();
});

const pods = { apiVersion: 'v1', kind: 'Pod' };
const letter = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
const service = (name: string): Body => ({ ref: { apiVersion: 'v1', kind: 'Service', name } });

/** What the API server takes, the condition that is False for it, and what that says: field or object, value, remedy. */
const ROWS: readonly (readonly [what: string, spec: Body, condition: string, says: readonly (string | RegExp)[]])[] = [
  ['a sink that is not there', { sink: service('later') }, 'SinkProvided', ['/later (v1) does not exist', 'create it']],
  [
    'a sink of a kind that is not served',
    { sink: { ref: { apiVersion: 'example.com/v1', kind: 'Thing', name: 'x' } } },
    'SinkProvided',
    ['does not serve example.com/v1', "sink's ref", 'install its CRD'],
  ],
  [
    'a sink that takes no events',
    { sink: { ref: { apiVersion: 'v1', kind: 'ServiceAccount', name: 'watcher' } } },
    'SinkProvided',
    [/ServiceAccount/],
  ],
  [
    'certificates that cannot be read',
    { sink: { uri: 'https://orders', CACerts: letter } },
    'SinkProvided',
    ['CACerts of the sink', 'cannot be read, number 1 of 1'],
  ],
  [
    'a dead letter sink that is not there',
    { delivery: { deadLetterSink: service('dead') } },
    'SinkProvided',
    ['spec.delivery.deadLetterSink', '/dead (v1) does not exist', 'create it'],
  ],
  [
    'a kind that is misspelt',
    { resources: [{ ...pods, kind: 'Pood' }] },
    'SufficientPermissions',
    ['spec.resources[0].kind', 'v1 has no kind Pood (it has Pod', 'correct it, or install its CRD'],
  ],
  [
    'a group that is not served',
    { resources: [pods, { apiVersion: 'example.com/v1', kind: 'Thing' }] },
    'SufficientPermissions',
    ['spec.resources[1].apiVersion', 'does not serve example.com/v1', 'install its CRD'],
  ],
  [
    'a kind that cannot be watched',
    { resources: [{ apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview' }] },
    'SufficientPermissions',
    ['spec.resources[0].kind', 'SubjectAccessReview cannot be watched, as it lacks list and watch', 'take it out'],
  ],
  [
    'a kind of the cluster, watched by an account of a namespace',
    { resources: [{ apiVersion: 'v1', kind: 'Node' }] },
    'SufficientPermissions',
    ['cannot get, list, watch resource "nodes" in API group "" in Namespace ""'],
  ],
  [
    'an account that is not there',
    { serviceAccountName: 'nobody' },
    'SufficientPermissions',
    ['spec.serviceAccountName', 'no ServiceAccount nobody in', 'create it'],
  ],
  [
    'a namespace that is not there',
    { namespaces: { include: ['nowhere'] } },
    'SufficientPermissions',
    ['in Namespace "nowhere"'],
  ],
  [
    'an expression that is none',
    { resources: [{ ...pods, when: 'object.spec.' }] },
    'Deployed',
    ['spec.resources[0].when', 'column 12', '"object.spec."'],
  ],
  ['a cesql that is none', { filters: [{ cesql: 'type =' }] }, 'Deployed', ['spec.filters[0].cesql', '"type ="']],
  [
    'a plural of another kind',
    { resources: [{ ...pods, resource: 'nodes' }] },
    'Deployed',
    ['spec.resources[0].resource', '"nodes"', 'served as pods', 'correct it, or leave it out'],
  ],
  [
    'more memory asked for than allowed',
    { adapter: { resources: { requests: { memory: '1Gi' }, limits: { memory: '64Mi' } } } },
    'Deployed',
    ['resources.requests', '"1Gi"', 'less than or equal to memory limit of 64Mi'],
  ],
  [
    'a priority that is not there',
    { adapter: { priorityClassName: 'no-such' } },
    'Deployed',
    ['Its Pods cannot be created', 'no PriorityClass with name no-such was found'],
  ],
];

for (const [at, [what, spec, condition, says]] of ROWS.entries()) {
  test(`taken, and told by ${condition}: ${what}`, async () => {
    const namespace = `bad-${at}`;
    await makePlace(cluster.admin, namespace, ['pods']);
    await makeSource(cluster.admin, namespace, spec);
    let message = '';
    await eventually(
      () => `${condition} to say ${says.join(', ')}: ${message}`,
      async () => {
        ({ message = '' } = await reaches(cluster.admin, namespace, condition, 'False'));
        return says.every((part) => (typeof part === 'string' ? message.includes(part) : part.test(message)));
      },
      30_000,
    );
    const ready = await reaches(cluster.admin, namespace, 'Ready', 'False');
    assert.equal(ready.message, message);
    // A controller that met a bug says so at level error.
    assert.deepEqual(
      controller.entries.filter((entry) => (entry as { level: string }).level === 'error'),
      [],
    );
  });
}

test('a selector that matches no namespace watches none, and nothing is wrong with that', async () => {
  await makePlace(cluster.admin, 'nowhere-yet', ['pods']);
  await makeSource(cluster.admin, 'nowhere-yet', { namespaceSelector: { matchLabels: { none: 'such' } } });
  await reaches(cluster.admin, 'nowhere-yet', 'SufficientPermissions', 'True');
  const [deployment] = await eventually('the Deployment', async () => {
    const found = await deploymentsIn(cluster.admin, 'nowhere-yet');
    return found.length > 0 && found;
  });
  assert.match(JSON.stringify(deployment), /\\"namespaces\\":\[\],\\"allNamespaces\\":false/);
});

test('a finalizer that somebody takes off comes back, and a status that somebody writes is put right', async () => {
  const { admin } = cluster;
  await makePlace(admin, 'meddled', ['pods']);
  await admin.create('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
    metadata: { name: 'grantable-nodes', labels: { 'watchbridge.dev/grantable': 'true' } },
    rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] }],
  });
  const node = { apiVersion: 'v1', kind: 'Node', resource: 'nodes' };
  await makeSource(admin, 'meddled', { rbac: 'Managed', resources: [node], namespaceSelector: {} });
  await reaches(admin, 'meddled', 'SufficientPermissions', 'True');
  const path = `${sourcesIn('meddled')}/web`;
  const finalizers = async (): Promise<unknown> => (await admin.get(path)).metadata['finalizers'];
  const wanted = await finalizers();
  assert.ok(Array.isArray(wanted) && wanted.length === 1);
  await admin.patch(`${path}/status`, { status: { sinkUri: 'http://elsewhere', conditions: [] } });
  await admin.patch(path, { metadata: { finalizers: null, annotations: { note: 'look' } } });
  await eventually('the finalizer', async () => JSON.stringify(await finalizers()) === JSON.stringify(wanted));
  await eventually('the status as it was', async () => {
    const { status } = await admin.get(path);
    return (status as { sinkUri?: string }).sinkUri === 'http://orders.meddled.svc.cluster.local';
  });
});
