import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { sampleSource } from '../../examples/sample-source/reconciler.ts';
import { MANIFESTS, readManifests } from '../../scripts/manifests.ts';
import { systemClock } from '../../src/process/clock.ts';
import type { ExitCode } from '../../src/process/exit.ts';
import { runControllerProgram } from '../../src/sdk/run-controller.ts';
import { recordedLog } from '../adapter/recorded-log.ts';
import { apply } from '../manifests/apply.ts';
import { accountClient, telling } from '../support/account-client.ts';
import type { Body, KubeObject } from '../support/admin.ts';
import { eventually } from '../support/eventually.ts';
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts';

const SAMPLE = join(import.meta.dirname, '..', '..', 'examples', 'sample-source', 'manifests');
const NAMESPACE = 'shop';
const SOURCES = `/apis/samples.knative.dev/v1alpha1/namespaces/${NAMESPACE}/samplesources`;
const DEPLOYMENTS = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`;
const BINDINGS = `/apis/sources.knative.dev/v1/namespaces/${NAMESPACE}/sinkbindings`;

/** Of its own, without a controller manager: the test plays all other controllers. */
let cluster: OwnCluster;
let running: Promise<ExitCode>;
const stop = new AbortController();
const { log, messages, entries } = recordedLog();
/** Writes of the controller. */
const writes: string[] = [];

before(async () => {
  cluster = await startOwnCluster();
  const kinds = [join(SAMPLE, 'crd.yaml'), join(MANIFESTS, 'crds', 'sinkbindings.yaml')];
  // With the rights that the manifests give, and no more.
  for (const manifest of [...kinds, join(SAMPLE, 'controller.yaml')].flatMap(readManifests)) {
    if (manifest.kind !== 'Deployment') await apply(cluster.admin, manifest);
  }
  for (const path of [SOURCES, BINDINGS]) {
    await eventually(`${path} to be served`, async () => (await cluster.admin.request('GET', path)).status === 200);
  }
  await cluster.admin.create('/api/v1/namespaces', { metadata: { name: NAMESPACE } });
  const client = await accountClient(cluster, 'controller', 'sample-source');
  const program = {
    component: 'sample-source-controller',
    readEnv: () => ({ image: 'example.com/sample:1', loggingConfig: '{}' }),
    reconcilers: (env: { image: string; loggingConfig: string }) => [sampleSource(env)],
    options: {},
  };
  const io = {
    env: { SYSTEM_NAMESPACE: 'sample-source', WATCHBRIDGE_PROBES_PORT: '0', WATCHBRIDGE_METRICS_PORT: '0' },
    clock: systemClock,
    openLog: () => log,
    openKube: () =>
      Promise.resolve(
        telling(client, ({ method = 'GET', path }) => {
          if (method !== 'GET' && !path.includes('/leases/')) writes.push(`${method} ${path}`);
        }),
      ),
    complain: (sentence: string) => assert.fail(sentence),
    identity: 'one',
  };
  running = runControllerProgram(program, io, stop.signal);
});

after(async () => {
  stop.abort();
  assert.equal(await running, 0);
  await cluster.stop();
});

test('a source gets a Deployment and a SinkBinding that are its own, and says what it waits for', async () => {
  await createSource('waits');
  const [deployment, binding] = await children('waits');
  const { metadata } = await cluster.admin.get(`${SOURCES}/waits`);
  for (const { metadata: child } of [deployment, binding]) {
    assert.deepEqual(child['ownerReferences'], [
      {
        apiVersion: 'samples.knative.dev/v1alpha1',
        kind: 'SampleSource',
        name: 'waits',
        uid: metadata.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
  }
  assert.equal(deployment.metadata.name, `samplesource-waits-${metadata.uid}`.slice(0, 63));
  const { subject } = binding['spec'] as { subject: Body };
  assert.deepEqual(subject, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    namespace: NAMESPACE,
    name: deployment.metadata.name,
  });
  const conditions = await eventually('the conditions', () => conditionsOf('waits'));
  assert.deepEqual(conditions, [
    'Deployed Unknown DeploymentUnavailable',
    'Ready Unknown SinkEmpty',
    'SinkProvided Unknown SinkEmpty',
  ]);
});

test('a source is ready once its sink is bound and its adapter runs, and tells what was done', async () => {
  await createSource('ready');
  await makeReady('ready');
  const { status } = await cluster.admin.get(`${SOURCES}/ready`);
  const { sinkUri, observedGeneration } = status as { sinkUri: string; observedGeneration: number };
  assert.deepEqual([sinkUri, observedGeneration], ['http://orders.shop.svc.cluster.local', 1]);
  await eventually('the notices', async () => {
    const { items } = await cluster.admin.list(`/api/v1/namespaces/${NAMESPACE}/events`);
    const about = items.filter((it) => (it['involvedObject'] as { name: string }).name === 'ready');
    const reasons = new Set(about.map((it) => String(it['reason'])));
    return ['DeploymentCreated', 'SinkBindingCreated', 'SampleSourceReconciled'].every((it) => reasons.has(it));
  });
});

test('what somebody changes of a Deployment is put right, and what others own of it stays', async () => {
  await createSource('drift');
  const [deployment] = await children('drift');
  const path = `${DEPLOYMENTS}/${deployment.metadata.name}`;
  // As a SinkBinding does.
  await cluster.admin.request(
    'PATCH',
    path,
    [
      { op: 'add', path: '/spec/template/spec/containers/0/env/-', value: { name: 'K_SINK', value: 'http://sink' } },
      { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'example.com/other' },
    ] as unknown as Body,
    { 'content-type': 'application/json-patch+json' },
  );
  await eventually('the image to be as wanted', async () => (await containerOf(path)).image === 'example.com/sample:1');
  assert.ok((await containerOf(path)).env.some(({ name }) => name === 'K_SINK'));
  await cluster.admin.delete(path);
  await eventually('the Deployment to be back', async () => (await cluster.admin.request('GET', path)).status === 200);
});

test('a changed spec reaches the Deployment, and one that is the same costs no write', async () => {
  await createSource('changed');
  await makeReady('changed');
  const [deployment] = await children('changed');
  const path = `${DEPLOYMENTS}/${deployment.metadata.name}`;
  await cluster.admin.patch(`${SOURCES}/changed`, { spec: { interval: '1m' } });
  await eventually('the interval', async () =>
    (await containerOf(path)).env.some(({ name, value }) => name === 'INTERVAL' && value === '1m'),
  );
  await eventually('the generation to be observed', async () => {
    const { status } = await cluster.admin.get(`${SOURCES}/changed`);
    return (status as { observedGeneration: number }).observedGeneration === 2;
  });
  await delay(1_000);
  const sofar = writes.length;
  await cluster.admin.patch(`${SOURCES}/changed`, { metadata: { annotations: { note: 'nothing to do' } } });
  await delay(1_000);
  assert.deepEqual(writes.slice(sofar), []);
  assert.deepEqual(
    messages.filter((message) => message.startsWith('error')),
    [],
  );
});

test('an interval that is none is refused by the schema', async () => {
  for (const interval of ['soon', '0s']) {
    await assert.rejects(createSource('wrong', { interval }), /spec.interval/);
  }
});

/** The two children of a source, once they are there. */
async function children(source: string): Promise<[KubeObject, KubeObject]> {
  const ownedBy = async (path: string): Promise<KubeObject | undefined> => {
    const { items } = await cluster.admin.list(path);
    return items.find(({ metadata: { labels } }) => labels?.['knative-eventing-source-name'] === source);
  };
  return await eventually(
    () => `the children; log: ${messages.slice(-5).join()} ${JSON.stringify(entries.slice(-3))}`,
    async () => {
      const [deployment, binding] = [await ownedBy(DEPLOYMENTS), await ownedBy(BINDINGS)];
      return deployment && binding ? [deployment, binding] : undefined;
    },
  );
}

/** What the other controllers do. */
async function makeReady(source: string): Promise<void> {
  const [deployment, binding] = await children(source);
  const at = new Date().toISOString();
  await cluster.admin.patch(`${BINDINGS}/${binding.metadata.name}/status`, {
    status: { sinkUri: 'http://orders.shop.svc.cluster.local' },
  });
  await cluster.admin.patch(`${DEPLOYMENTS}/${deployment.metadata.name}/status`, {
    status: {
      observedGeneration: 1,
      conditions: [{ type: 'Available', status: 'True', lastUpdateTime: at, lastTransitionTime: at }],
    },
  });
  await eventually('the source to be ready', async () => (await conditionsOf(source))?.includes('Ready True '));
}

async function conditionsOf(source: string): Promise<string[] | undefined> {
  const { status } = await cluster.admin.get(`${SOURCES}/${source}`);
  const { conditions } = (status ?? {}) as { conditions?: { type: string; status: string; reason?: string }[] };
  return conditions?.map(({ type, status: is, reason = '' }) => `${type} ${is} ${reason}`);
}

async function containerOf(path: string): Promise<{ image: string; env: { name: string; value?: string }[] }> {
  const { spec } = await cluster.admin.get(path);
  const { template } = spec as { template: { spec: { containers: { image: string; env: { name: string }[] }[] } } };
  return template.spec.containers[0] ?? assert.fail('no container');
}

async function createSource(name: string, spec: Body = {}): Promise<void> {
  await cluster.admin.create(SOURCES, {
    apiVersion: 'samples.knative.dev/v1alpha1',
    kind: 'SampleSource',
    metadata: { name },
    spec: { sink: { ref: { apiVersion: 'v1', kind: 'Service', name: 'orders' } }, ...spec },
  });
}
