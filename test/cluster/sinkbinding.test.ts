import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { sinkBindings } from '../../src/sources/sinkbinding/controller.ts';
import { installWatchbridge } from '../manifests/apply.ts';
import type { Body } from '../support/admin.ts';
import { bindingsIn, bindingTo, deploymentOf, K_SINK, variablesOf } from '../support/bindings.ts';
import { type Condition, conditionReached } from '../support/conditions.ts';
import { eventually } from '../support/eventually.ts';
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts';
import { type RunningController, runController } from '../support/running-controller.ts';

/** Of its own, as the controller binds in every namespace. */
let cluster: OwnCluster;
let controller: RunningController;

before(async () => {
  cluster = await startOwnCluster({ controllerManager: true });
  await installWatchbridge(cluster.admin);
  controller = await runController(cluster, sinkBindings);
});

after(async () => {
  await controller.stop();
  await cluster.stop();
});

/** A namespace; with the sink `orders`, unless it is to come later. */
async function place(name: string, withSink = true): Promise<string> {
  await cluster.admin.create('/api/v1/namespaces', { metadata: { name } });
  if (withSink) await makeSink(name);
  return name;
}

async function makeSink(namespace: string): Promise<void> {
  await cluster.admin.create(`/api/v1/namespaces/${namespace}/services`, {
    metadata: { name: 'orders' },
    spec: { ports: [{ port: 80 }] },
  });
}

async function bindTo(namespace: string, subject: Body, spec: Body = {}, name = 'bind'): Promise<void> {
  await cluster.admin.create(bindingsIn(namespace), bindingTo(name, subject, spec));
}

const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };

async function makeDeployment(namespace: string, name = 'web', labels: Body = {}): Promise<void> {
  await cluster.admin.create(`/apis/apps/v1/namespaces/${namespace}/deployments`, deploymentOf(name, labels));
}

async function variables(namespace: string, name = 'web', kind = 'apps/v1/deployments') {
  const [group, version, plural] = kind.split('/');
  return variablesOf(await cluster.admin.get(`/apis/${group}/${version}/namespaces/${namespace}/${plural}/${name}`));
}

async function reaches(
  namespace: string,
  type: string,
  status: string,
  reason?: string,
  name = 'bind',
): Promise<Condition> {
  return await conditionReached(
    cluster.admin,
    `${bindingsIn(namespace)}/${name}`,
    { type, status, reason },
    controller.entries,
  );
}

test('a Deployment is told the sink, and the binding says so as upstream’s does', async () => {
  const namespace = await place('bound');
  await makeDeployment(namespace);
  await bindTo(namespace, DEPLOYMENT, { ceOverrides: { extensions: { hello: 'world' } } });
  await reaches(namespace, 'Ready', 'True');
  assert.deepEqual(await variables(namespace), [
    { name: 'A', value: '1' },
    { name: 'K_SINK', value: 'http://orders.bound.svc.cluster.local' },
    { name: 'K_CE_OVERRIDES', value: '{"extensions":{"hello":"world"}}' },
  ]);
  const { status } = (await cluster.admin.get(`${bindingsIn(namespace)}/bind`)) as unknown as {
    status: { sinkUri: string; observedGeneration: number; conditions: readonly Condition[] };
  };
  assert.equal(status.sinkUri, 'http://orders.bound.svc.cluster.local');
  assert.equal(status.observedGeneration, 1);
  assert.deepEqual(
    status.conditions.map(({ type, status: is, reason }) => [type, is, reason]),
    [
      ['OIDCIdentityCreated', 'True', 'authentication-oidc feature disabled'],
      ['OIDCTokenSecretCreated', 'True', 'authentication-oidc feature disabled'],
      ['Ready', 'True', undefined],
      ['SinkBindingAvailable', 'True', undefined],
      ['SinkProvided', 'True', undefined],
      ['TrustBundlePropagated', 'True', undefined],
    ],
  );
});

test('a binding that is done costs no request', async () => {
  const namespace = await place('idle');
  await makeDeployment(namespace);
  await bindTo(namespace, DEPLOYMENT);
  await reaches(namespace, 'Ready', 'True');
  await delay(1_000);
  const { length } = controller.requests;
  await cluster.admin.patch(`/apis/apps/v1/namespaces/${namespace}/deployments/web`, {
    metadata: { labels: { other: 'label' } },
  });
  await delay(1_000);
  assert.deepEqual(
    controller.requests.slice(length).filter((it) => it.includes(namespace)),
    [],
  );
});

test('what was written while the patch was on its way is kept: the patch tests what it relies on', async () => {
  const namespace = await place('tested');
  const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  await makeDeployment(namespace);
  const patch = (value: unknown) => [
    { op: 'test', path: '/spec/template/spec/containers/0/env', value },
    { op: 'replace', path: '/spec/template/spec/containers/0/env', value: [] },
  ];
  const send = async (value: unknown) =>
    await controller.kube
      .json({
        method: 'PATCH',
        path: `${deployments}/web`,
        contentType: 'application/json-patch+json',
        body: patch(value),
        signal: AbortSignal.timeout(5_000),
      })
      .catch((error: unknown) => error);
  const error = (await send([{ name: 'A', value: '2' }])) as { code: string; message: string };
  assert.equal(error.code, 'invalid');
  assert.match(error.message, /the server rejected our request due to an error in our request/);
  assert.deepEqual(await variables(namespace), [{ name: 'A', value: '1' }]);
});

test('a sink that comes after the binding is told within seconds', async () => {
  const namespace = await place('late', false);
  await makeDeployment(namespace);
  await bindTo(namespace, DEPLOYMENT);
  const { message = '' } = await reaches(namespace, 'SinkProvided', 'False', 'NoAddressable');
  assert.match(message, /^Addressable could not be extracted from destination: Service late\/orders/);
  assert.deepEqual(await variables(namespace), [{ name: 'A', value: '1' }]);
  await makeSink(namespace);
  await reaches(namespace, 'Ready', 'True');
  assert.deepEqual((await variables(namespace)).at(1), K_SINK(namespace));
});

test('a sink that goes leaves what runs as it is', async () => {
  const namespace = await place('gone');
  await makeDeployment(namespace);
  await bindTo(namespace, DEPLOYMENT);
  await reaches(namespace, 'Ready', 'True');
  await cluster.admin.delete(`/api/v1/namespaces/${namespace}/services/orders`);
  await reaches(namespace, 'SinkProvided', 'False', 'NoAddressable');
  assert.deepEqual((await variables(namespace)).at(1), K_SINK(namespace));
});

test('what somebody takes away comes back', async () => {
  const namespace = await place('stripped');
  await makeDeployment(namespace);
  await bindTo(namespace, DEPLOYMENT);
  await reaches(namespace, 'Ready', 'True');
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/web`;
  const { spec } = deploymentOf('web', {});
  await cluster.admin.patch(path, { spec });
  await eventually('K_SINK to be back', async () => (await variables(namespace)).some((it) => it.name === 'K_SINK'));
});

const KINDS = [
  ['apps/v1', 'Deployment', 'deployments'],
  ['apps/v1', 'StatefulSet', 'statefulsets'],
  ['apps/v1', 'DaemonSet', 'daemonsets'],
  ['apps/v1', 'ReplicaSet', 'replicasets'],
  ['batch/v1', 'CronJob', 'cronjobs'],
] as const;

for (const [apiVersion, kind, plural] of KINDS) {
  test(`each ${kind} with the label is told, also one that comes later, and undone when the label goes`, async () => {
    const namespace = await place(plural);
    const path = `/apis/${apiVersion}/namespaces/${namespace}/${plural}`;
    const labels = { app: 'mine' };
    const make = async (name: string, own: Body) => {
      const { metadata, spec } = deploymentOf(name, own);
      const { replicas: _, ...bare } = spec;
      const job = { spec: { template: { ...spec.template, spec: { ...spec.template.spec, restartPolicy: 'Never' } } } };
      const byKind =
        kind === 'CronJob'
          ? { schedule: '@yearly', jobTemplate: job }
          : { ...bare, ...(kind === 'StatefulSet' && { serviceName: 'x' }) };
      await cluster.admin.create(path, { metadata, spec: byKind });
    };
    const isBound = async (name: string) =>
      (await variables(namespace, name, `${apiVersion}/${plural}`)).some((it) => it.name === 'K_SINK');
    await make('first', labels);
    await make('stranger', {});
    await bindTo(namespace, { apiVersion, kind, selector: { matchLabels: labels } });
    await reaches(namespace, 'Ready', 'True');
    assert.equal(await isBound('first'), true);
    assert.equal(await isBound('stranger'), false);
    await make('second', labels);
    await eventually('the second to be bound', async () => await isBound('second'));
    await cluster.admin.patch(`${path}/first`, { metadata: { labels: { app: 'other' } } });
    await eventually('the first to be undone', async () => !(await isBound('first')));
    assert.equal(await isBound('second'), true);
    await cluster.admin.delete(`${bindingsIn(namespace)}/bind`);
    await eventually('the second to be undone', async () => !(await isBound('second')));
  });
}

test('a binding that is deleted leaves the Deployment as it was', async () => {
  const namespace = await place('deleted');
  await makeDeployment(namespace);
  await bindTo(namespace, DEPLOYMENT);
  await reaches(namespace, 'Ready', 'True');
  await cluster.admin.delete(`${bindingsIn(namespace)}/bind`);
  await eventually('the binding to be gone', async () => {
    return (await cluster.admin.request('GET', `${bindingsIn(namespace)}/bind`)).status === 404;
  });
  const { metadata, spec } = await cluster.admin.get(`/apis/apps/v1/namespaces/${namespace}/deployments/web`);
  assert.deepEqual(variablesOf({ metadata, spec }), [{ name: 'A', value: '1' }]);
  assert.equal(metadata.annotations?.['watchbridge.dev/bound-by'], undefined);
});

test('a binding whose subject is gone can be deleted', async () => {
  const namespace = await place('nothing');
  await bindTo(namespace, DEPLOYMENT);
  const { message } = await reaches(namespace, 'SinkBindingAvailable', 'False', 'SubjectMissing');
  assert.equal(message, 'deployments.apps "web" not found');
  await cluster.admin.delete(`${bindingsIn(namespace)}/bind`);
  await eventually('the binding to be gone', async () => {
    return (await cluster.admin.request('GET', `${bindingsIn(namespace)}/bind`)).status === 404;
  });
});

test('of two bindings on one Deployment the older one has it, and then the other', async () => {
  const namespace = await place('two');
  await makeDeployment(namespace);
  await bindTo(namespace, DEPLOYMENT, { sink: { uri: 'http://first' } }, 'z-first');
  await reaches(namespace, 'Ready', 'True', undefined, 'z-first');
  await delay(1_100);
  await bindTo(namespace, DEPLOYMENT, { sink: { uri: 'http://second' } }, 'a-second');
  const { message } = await reaches(namespace, 'SinkBindingAvailable', 'False', 'SubjectAlreadyBound', 'a-second');
  assert.equal(
    message,
    'Deployment web is bound by SinkBinding z-first, which is older; let only one of them mean it.',
  );
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/web`;
  const { generation } = (await cluster.admin.get(path)).metadata;
  await delay(500);
  assert.equal((await cluster.admin.get(path)).metadata['generation'], generation);
  assert.equal((await variables(namespace)).at(1)?.value, 'http://first');
  await cluster.admin.delete(`${bindingsIn(namespace)}/z-first`);
  await reaches(namespace, 'Ready', 'True', undefined, 'a-second');
  assert.equal((await variables(namespace)).at(1)?.value, 'http://second');
});

test('a kind that is not served, or cannot be read, is named', async () => {
  const namespace = await place('kinds');
  await bindTo(namespace, { apiVersion: 'serving.knative.dev/v1', kind: 'Service', name: 'web' });
  const { message } = await reaches(namespace, 'SinkBindingAvailable', 'False', 'SubjectUnavailable');
  assert.equal(
    message,
    'The API server does not serve serving.knative.dev/v1, the apiVersion of the subject; install its CRD, or correct it.',
  );
  await bindTo(namespace, { apiVersion: 'v1', kind: 'ReplicationController', name: 'web' }, {}, 'forbidden');
  const forbidden = await reaches(namespace, 'SinkBindingAvailable', 'False', 'SubjectUnavailable', 'forbidden');
  assert.match(forbidden.message ?? '', /forbidden/i);
  // Nobody has to wait for what can never be undone.
  for (const name of ['bind', 'forbidden']) await cluster.admin.delete(`${bindingsIn(namespace)}/${name}`);
  await eventually(
    'the bindings to be gone',
    async () => (await cluster.admin.list(bindingsIn(namespace))).items.length === 0,
  );
});

test('a Job that was there before is told apart: nothing can be done for it', async () => {
  const namespace = await place('job');
  const { template } = deploymentOf('web', {}).spec;
  await cluster.admin.create(`/apis/batch/v1/namespaces/${namespace}/jobs`, {
    metadata: { name: 'web', labels: { app: 'job' } },
    spec: { template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } },
  });
  const job = { apiVersion: 'batch/v1', kind: 'Job' };
  await bindTo(namespace, { ...job, name: 'web' });
  await reaches(namespace, 'SinkBindingAvailable', 'False', 'SubjectImmutable');
  await bindTo(namespace, { ...job, selector: { matchLabels: { app: 'job' } } }, {}, 'selecting');
  await cluster.admin.delete(`${bindingsIn(namespace)}/bind`);
  await reaches(namespace, 'Ready', 'True', undefined, 'selecting');
});

test('a binding keeps the kind of its subject, so that what it bound can be undone', async () => {
  const namespace = await place('kept');
  await bindTo(namespace, DEPLOYMENT);
  const change = async (subject: Body) => {
    const path = `${bindingsIn(namespace)}/bind`;
    const headers = { 'content-type': 'application/merge-patch+json' };
    const { status, text } = await cluster.admin.request('PATCH', path, { spec: { subject } }, headers);
    return [status, /cannot be changed; delete the binding/.test(text)];
  };
  assert.deepEqual(await change({ kind: 'StatefulSet' }), [422, true]);
  assert.deepEqual(await change({ apiVersion: 'example.com/v1' }), [422, true]);
  assert.deepEqual(await change({ apiVersion: 'apps/v2', name: 'other' }), [200, false]);
});
