import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { containerSources } from '../../src/sources/container/controller.ts';
import { sinkBindings } from '../../src/sources/sinkbinding/controller.ts';
import { installWatchbridge } from '../manifests/apply.ts';
import type { Body, KubeObject } from '../support/admin.ts';
import { bindingsIn, K_SINK, variablesOf } from '../support/bindings.ts';
import { type Condition, conditionReached } from '../support/conditions.ts';
import { eventually } from '../support/eventually.ts';
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts';
import { type RunningController, runController } from '../support/running-controller.ts';

/** Of its own, as the controllers reconcile the sources of every namespace. */
let cluster: OwnCluster;
let controllers: RunningController;

before(async () => {
  cluster = await startOwnCluster({ controllerManager: true });
  await installWatchbridge(cluster.admin);
  controllers = await runController(cluster, (io, signal) =>
    Promise.all([sinkBindings(io, signal), containerSources(io, signal)]),
  );
});

after(async () => {
  await controllers.stop();
  await cluster.stop();
});

function sourcesIn(namespace: string, version = 'v1'): string {
  return `/apis/sources.knative.dev/${version}/namespaces/${namespace}/containersources`;
}

function deploymentPath(namespace: string): string {
  return `/apis/apps/v1/namespaces/${namespace}/deployments/beats-deployment`;
}

async function place(name: string): Promise<string> {
  await cluster.admin.create('/api/v1/namespaces', { metadata: { name } });
  return name;
}

async function makeSink(namespace: string, name = 'orders'): Promise<void> {
  const metadata = { name };
  await cluster.admin.create(`/api/v1/namespaces/${namespace}/services`, { metadata, spec: { ports: [{ port: 80 }] } });
}

/** The ContainerSource of the seeds, in their version. */
async function makeSource(namespace: string, spec: Body = {}, version = 'v1beta1'): Promise<void> {
  await cluster.admin.create(sourcesIn(namespace, version), {
    apiVersion: `sources.knative.dev/${version}`,
    kind: 'ContainerSource',
    metadata: { name: 'beats' },
    spec: {
      template: {
        spec: {
          containers: [
            {
              image: 'docker.io/coldtea214/heartbeats:1.0',
              name: 'heartbeats',
              args: ['--period=1'],
              env: [
                { name: 'POD_NAME', value: 'mypod' },
                { name: 'POD_NAMESPACE', value: 'event-test' },
              ],
            },
          ],
        },
      },
      sink: { ref: { apiVersion: 'v1', kind: 'Service', name: 'orders' } },
      ...spec,
    },
  });
}

async function statusOf(namespace: string): Promise<{ conditions?: readonly Condition[]; sinkUri?: string }> {
  return (await cluster.admin.get(`${sourcesIn(namespace)}/beats`))['status'] ?? {};
}

async function reaches(namespace: string, type: string, status: string, reason?: string): Promise<Condition> {
  return await conditionReached(
    cluster.admin,
    `${sourcesIn(namespace)}/beats`,
    { type, status, reason },
    controllers.entries,
  );
}

/** What a kubelet does with the Pods of a namespace. */
async function runPods(namespace: string): Promise<void> {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const [pod] = await eventually('a Pod', async () => {
    const { items } = await cluster.admin.list(pods);
    return items.length > 0 && items;
  });
  await cluster.admin.patch(`${pods}/${pod?.metadata.name}/status`, {
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  });
}

async function deploymentSuch(namespace: string, what: string, is: (it: KubeObject) => boolean): Promise<KubeObject> {
  return await eventually(
    () => `a Deployment with ${what}: ${JSON.stringify(controllers.entries.slice(-5))}`,
    async () => {
      const { status, text } = await cluster.admin.request('GET', deploymentPath(namespace));
      if (status !== 200) return undefined;
      const deployment = JSON.parse(text) as KubeObject;
      return is(deployment) && deployment;
    },
  );
}

test('a source becomes Ready: its Pods know the sink from the first one on, and nothing is rolled out twice', async () => {
  const namespace = await place('ready');
  await makeSink(namespace);
  await makeSource(namespace);
  await reaches(namespace, 'SinkBindingReady', 'True');
  await runPods(namespace);
  await reaches(namespace, 'Ready', 'True');
  const deployment = await cluster.admin.get(deploymentPath(namespace));
  assert.deepEqual(variablesOf(deployment), [
    { name: 'POD_NAME', value: 'mypod' },
    { name: 'POD_NAMESPACE', value: 'event-test' },
    K_SINK(namespace),
    { name: 'K_CE_OVERRIDES' },
  ]);
  assert.equal(deployment.metadata['generation'], 1);
  const { items } = await cluster.admin.list(`/apis/apps/v1/namespaces/${namespace}/replicasets`);
  assert.equal(items.length, 1);
  const { conditions = [], sinkUri } = await statusOf(namespace);
  assert.equal(sinkUri, 'http://orders.ready.svc.cluster.local');
  assert.deepEqual(
    conditions.map(({ type, status }) => `${type} ${status}`),
    ['Ready True', 'ReceiveAdapterReady True', 'SinkBindingReady True'],
  );
});

test('a source that is made before its sink starts no Pods, and is Ready within seconds once that is there', async () => {
  const namespace = await place('early');
  await makeSource(namespace);
  const { message = '' } = await reaches(namespace, 'Ready', 'False', 'NoAddressable');
  assert.match(message, /^Addressable could not be extracted from destination: /);
  await reaches(namespace, 'ReceiveAdapterReady', 'Unknown', 'SinkNotKnown');
  assert.equal((await cluster.admin.request('GET', deploymentPath(namespace))).status, 404);
  await makeSink(namespace);
  const began = performance.now();
  await deploymentSuch(namespace, 'a sink', (it) => variablesOf(it).some(({ name }) => name === 'K_SINK'));
  await runPods(namespace);
  await reaches(namespace, 'Ready', 'True');
  assert.ok(performance.now() - began < 10_000);
});

test('a sink that is named anew is told by one roll-out, and never taken back', async () => {
  const namespace = await place('moved');
  await makeSink(namespace);
  await makeSink(namespace, 'other');
  await makeSource(namespace);
  await deploymentSuch(namespace, 'a sink', () => true);
  await reaches(namespace, 'SinkBindingReady', 'True');
  await cluster.admin.patch(`${sourcesIn(namespace)}/beats`, {
    spec: { sink: { ref: { name: 'other' } }, ceOverrides: { extensions: { a: 'b' } } },
  });
  const uri = 'http://other.moved.svc.cluster.local';
  await deploymentSuch(namespace, 'the other sink', (it) => variablesOf(it).some(({ value }) => value === uri));
  await delay(1_500);
  const deployment = await cluster.admin.get(deploymentPath(namespace));
  assert.equal(deployment.metadata['generation'], 2);
  assert.deepEqual(variablesOf(deployment).slice(2), [
    { name: 'K_SINK', value: uri },
    { name: 'K_CE_OVERRIDES', value: '{"extensions":{"a":"b"}}' },
  ]);
  await cluster.admin.patch(`${sourcesIn(namespace)}/beats`, { spec: { ceOverrides: null } });
  await deploymentSuch(namespace, 'no overrides', (it) => variablesOf(it).at(-1)?.value === undefined);
});

test('what is taken out of the template goes: variables, arguments, labels and annotations', async () => {
  const namespace = await place('less');
  await makeSink(namespace);
  const container = { name: 'heartbeats', image: 'a' };
  const metadata = { labels: { team: 'shop', keep: 'me' }, annotations: { note: 'x' } };
  await makeSource(namespace, {
    template: {
      metadata,
      spec: { containers: [{ ...container, args: ['--a', '--b'], env: [{ name: 'A', value: '1' }] }] },
    },
  });
  await deploymentSuch(namespace, 'a label', (it) => it.metadata.labels?.['team'] === 'shop');
  await cluster.admin.patch(`${sourcesIn(namespace)}/beats`, {
    spec: {
      template: {
        metadata: { labels: { team: null }, annotations: { note: null } },
        spec: { containers: [{ ...container, args: ['--a'] }] },
      },
    },
  });
  const deployment = await deploymentSuch(namespace, 'no such label', (it) => !('team' in (it.metadata.labels ?? {})));
  const { template } = deployment['spec'] as { template: { metadata: Body; spec: { containers: readonly Body[] } } };
  assert.deepEqual(template.metadata['labels'], {
    keep: 'me',
    'sources.knative.dev/containerSource': 'beats',
    'sources.knative.dev/source': 'container-source-controller',
  });
  assert.equal(template.metadata['annotations'], undefined);
  assert.deepEqual(template.spec.containers[0]?.['args'], ['--a']);
  assert.deepEqual(
    variablesOf(deployment).map(({ name }) => name),
    ['K_SINK', 'K_CE_OVERRIDES'],
  );
});

test('what somebody changes in the Deployment is changed back, and replicas are left to others', async () => {
  const namespace = await place('drift');
  await makeSink(namespace);
  await makeSource(namespace);
  await deploymentSuch(namespace, 'a sink', () => true);
  await reaches(namespace, 'SinkBindingReady', 'True');
  const containers = [{ name: 'heartbeats', image: 'theirs' }];
  await cluster.admin.patch(deploymentPath(namespace), { spec: { replicas: 3, template: { spec: { containers } } } });
  const deployment = await deploymentSuch(namespace, 'the image of the source', (it) => {
    return JSON.stringify(it['spec']).includes('coldtea214') && variablesOf(it).length === 4;
  });
  assert.equal((deployment['spec'] as { replicas: number }).replicas, 3);
});

test('a Deployment of the name that is somebody else’s is left alone, and named', async () => {
  const namespace = await place('taken');
  await makeSink(namespace);
  const labels = { app: 'x' };
  await cluster.admin.create(`/apis/apps/v1/namespaces/${namespace}/deployments`, {
    metadata: { name: 'beats-deployment' },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'x', image: 'x' }] } },
    },
  });
  await makeSource(namespace);
  const { message = '' } = await reaches(namespace, 'ReceiveAdapterReady', 'False', 'DeploymentRefused');
  assert.match(message, /beats-deployment is needed and exists already, but was not made by Watchbridge/);
});

test('Pods that cannot be are told as the Deployment tells them', async () => {
  const namespace = await place('pending');
  await makeSink(namespace);
  await makeSource(namespace);
  await reaches(namespace, 'ReceiveAdapterReady', 'False', 'MinimumReplicasUnavailable');
  await reaches(namespace, 'Ready', 'False', 'MinimumReplicasUnavailable');
});

test('what is made for a source goes with it', async () => {
  const namespace = await place('goes');
  await makeSink(namespace);
  await makeSource(namespace);
  await reaches(namespace, 'SinkBindingReady', 'True');
  await cluster.admin.delete(`${sourcesIn(namespace)}/beats`);
  await eventually('all of it to be gone', async () => {
    const { items } = await cluster.admin.list(bindingsIn(namespace));
    const { status } = await cluster.admin.request('GET', deploymentPath(namespace));
    return items.length === 0 && status === 404;
  });
});

test('a sink of a kind that is not served makes the source not Ready, and says so', async () => {
  const namespace = await place('serving');
  const ref = { apiVersion: 'serving.knative.dev/v1', kind: 'Service', name: 'example-service' };
  await makeSource(namespace, { sink: { ref } }, 'v1');
  const { message = '' } = await reaches(namespace, 'Ready', 'False', 'NoAddressable');
  assert.match(message, /The API server does not serve serving.knative.dev\/v1/);
});
