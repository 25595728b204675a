import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { KubeClient } from '../../src/kube/client.ts';
import { systemClock } from '../../src/process/clock.ts';
import type { Listening } from '../../src/process/serve.ts';
import { createControllerMetrics } from '../../src/reconcile/metrics.ts';
import { keepWebhook } from '../../src/sources/sinkbinding/webhook/keep-configuration.ts';
import { createWebhookMetrics } from '../../src/sources/sinkbinding/webhook/metrics.ts';
import { createReviewer } from '../../src/sources/sinkbinding/webhook/reviewer.ts';
import { reviewHandler } from '../../src/sources/sinkbinding/webhook/serve-reviews.ts';
import { serveTls } from '../../src/sources/sinkbinding/webhook/serve-tls.ts';
import { recordedLog } from '../adapter/recorded-log.ts';
import { claimPort } from '../controlplane/ports.ts';
import { installWatchbridge } from '../manifests/apply.ts';
import { accountClient, telling } from '../support/account-client.ts';
import type { Body } from '../support/admin.ts';
import { bindingsIn, bindingTo, deploymentOf, K_SINK, variablesOf } from '../support/bindings.ts';
import { eventually } from '../support/eventually.ts';
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts';

const SECRET = '/api/v1/namespaces/watchbridge-system/secrets/watchbridge-webhook-certificates';
const CONFIGURATION =
  '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/sinkbindings.watchbridge.dev';

/** Of its own: its API server asks us. The controller half does not run, so that what is bound, the webhook bound. */
let cluster: OwnCluster;
let port: number;
let listening: Listening | undefined;
let running: Promise<void>;
const stop = new AbortController();
const clients: KubeClient[] = [];
const { log, entries } = recordedLog();
const metrics = createControllerMetrics();
const webhook = createWebhookMetrics(metrics.registry);
/** Milliseconds that each answer took. */
const took: number[] = [];
/** What the webhook asked the API server, but for its watches. */
const requests: string[] = [];

async function clientOf(account: string): Promise<KubeClient> {
  const client = await accountClient(cluster, account);
  clients.push(client);
  return client;
}

async function listen(): Promise<void> {
  const io = { clock: systemClock, log };
  const kube = telling(await clientOf('watchbridge-webhook'), ({ path }) => requests.push(path));
  const reviewer = createReviewer({ ...io, kube, metrics, clusterDomain: 'cluster.local' }, stop.signal);
  const counted = {
    reviewed: (...[outcome, seconds]: Parameters<typeof webhook.reviewed>) => {
      took.push(seconds * 1_000);
      webhook.reviewed(outcome, seconds);
    },
  };
  const handler = reviewHandler(reviewer, { ...io, metrics: counted });
  const read = async () => {
    const { data } = (await cluster.admin.get(SECRET)) as unknown as { data: Record<string, string> };
    const text = (field: string): string => Buffer.from(data[field] ?? '', 'base64').toString();
    return { cert: text('tls.crt'), key: text('tls.key') };
  };
  listening = await serveTls({ port, handler }, { ...io, read }, stop.signal);
}

before(async () => {
  cluster = await startOwnCluster({ controllerManager: true });
  await installWatchbridge(cluster.admin);
  port = await claimPort();
  const kube = await clientOf('watchbridge-controller');
  const address = { client: { url: `https://127.0.0.1:${port}/sinkbindings` }, names: ['127.0.0.1'] };
  const io = { kube, clock: systemClock, log, metrics, countNotice: () => undefined, clusterDomain: 'cluster.local' };
  running = keepWebhook(io, 'watchbridge-system', address, stop.signal);
  await listen();
});

after(async () => {
  stop.abort();
  await running;
  await listening?.close();
  await Promise.all(clients.map((it) => it.close()));
  await cluster.stop();
});

const JOB = { apiVersion: 'batch/v1', kind: 'Job' };
const SELECTED = { ...JOB, selector: { matchLabels: { app: 'heartbeat-cron' } } };

async function place(name: string, subject: Body, labels: Body = {}): Promise<string> {
  const { admin } = cluster;
  await admin.create('/api/v1/namespaces', { metadata: { name, labels } });
  await admin.create(`/api/v1/namespaces/${name}/services`, {
    metadata: { name: 'orders' },
    spec: { ports: [{ port: 80 }] },
  });
  const overrides = { ceOverrides: { extensions: { hello: 'world' } } };
  await admin.create(bindingsIn(name, 'v1beta1'), {
    ...bindingTo('bind', subject, overrides),
    apiVersion: 'sources.knative.dev/v1beta1',
  });
  return name;
}

let jobs = 0;

async function makeJob(namespace: string, labels: Body) {
  const { template } = deploymentOf('x', {}).spec;
  return await cluster.admin.create(`/apis/batch/v1/namespaces/${namespace}/jobs`, {
    metadata: { name: `job-${(jobs += 1)}`, labels },
    spec: { template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } },
  });
}

/** The API server hears of a changed configuration a moment later. */
async function boundJob(namespace: string, labels: Body = { app: 'heartbeat-cron' }) {
  return await eventually(
    () => `a Job in ${namespace} to be bound: ${JSON.stringify(entries.slice(-5))}`,
    async () => {
      const job = await makeJob(namespace, labels);
      return variablesOf(job).some(({ name }) => name === 'K_SINK') && job;
    },
  );
}

test('a Job that is created knows its sink from the start, byte for byte as the seeds have it', async () => {
  const namespace = await place('hooked', SELECTED);
  const job = await boundJob(namespace);
  assert.deepEqual(variablesOf(job).slice(1), [
    K_SINK(namespace),
    { name: 'K_CE_OVERRIDES', value: '{"extensions":{"hello":"world"}}' },
  ]);
  assert.equal(job.metadata.annotations?.['watchbridge.dev/bound-by'], undefined);
});

test('a Job of a CronJob is told, too, by the labels of its template', async () => {
  const namespace = await place('cron', SELECTED);
  await boundJob(namespace);
  const { template } = deploymentOf('x', {}).spec;
  const jobTemplate = {
    metadata: { labels: { app: 'heartbeat-cron' } },
    spec: { template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } },
  };
  const cronJob = `/apis/batch/v1/namespaces/${namespace}/cronjobs`;
  await cluster.admin.create(cronJob, {
    metadata: { name: 'heartbeat-cron' },
    spec: { schedule: '* * * * *', suspend: true, jobTemplate },
  });
  // A time that was missed is made up for at once.
  const lastScheduleTime = new Date(Date.now() - 90_000).toISOString().replace(/\.\d+/, '');
  await cluster.admin.patch(`${cronJob}/heartbeat-cron/status`, { status: { lastScheduleTime } });
  await cluster.admin.patch(`${cronJob}/heartbeat-cron`, { spec: { suspend: false } });
  const path = `/apis/batch/v1/namespaces/${namespace}/jobs`;
  const job = await eventually(
    'a Job of the CronJob',
    async () => (await cluster.admin.list(path)).items.find((it) => it.metadata.name.startsWith('heartbeat-cron-')),
    90_000,
  );
  assert.deepEqual(variablesOf(job).at(1), K_SINK(namespace));
});

test('nobody is asked about other labels, other namespaces and what is excluded', async () => {
  const namespace = await place('scoped', SELECTED);
  await boundJob(namespace);
  await cluster.admin.create('/api/v1/namespaces', { metadata: { name: 'elsewhere' } });
  const excluded = await place('excluded', SELECTED, { 'bindings.knative.dev/exclude': 'true' });
  const asked = took.length;
  const labels = { app: 'heartbeat-cron' };
  for (const job of [
    await makeJob(namespace, { app: 'other' }),
    await makeJob(namespace, { ...labels, 'bindings.knative.dev/exclude': 'true' }),
    await makeJob('elsewhere', labels),
    await makeJob(excluded, labels),
  ]) {
    assert.deepEqual(variablesOf(job), [{ name: 'A', value: '1' }]);
  }
  assert.equal(took.length, asked);
});

test('a Deployment that is applied anew without its sink keeps it, in the same request', async () => {
  const namespace = await place('again', { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' });
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  await cluster.admin.create(path, deploymentOf('web', {}));
  const replace = async () => await cluster.admin.replace(`${path}/web`, deploymentOf('web', {}));
  await eventually('the webhook to be asked', async () => variablesOf(await replace()).length > 1);
  const { spec } = await cluster.admin.get(`${path}/web`);
  const replaced = await replace();
  assert.deepEqual(variablesOf(replaced).at(1), K_SINK(namespace));
  assert.deepEqual(replaced['spec'], spec);
});

test('when the last binding goes nothing is asked any more', async () => {
  const namespace = await place('last', SELECTED);
  await boundJob(namespace);
  const names = async (): Promise<string> => JSON.stringify((await cluster.admin.get(CONFIGURATION))['webhooks'] ?? []);
  assert.match(await names(), /"last"/);
  await cluster.admin.delete(`${bindingsIn(namespace)}/bind`);
  await eventually('the namespace to be left out', async () => !(await names()).includes('"last"'));
});

test('an answer asks nobody, and can be had in less than 20 ms', async () => {
  const namespace = await place('fast', SELECTED);
  await boundJob(namespace);
  took.length = 0;
  requests.length = 0;
  for (let i = 0; i < 50; i++) await makeJob(namespace, { app: 'heartbeat-cron' });
  assert.equal(took.length, 50);
  assert.deepEqual(requests, []);
  // The machine may be busy with other tests: the slower ones would tell more of it than of us.
  const fifth = took.toSorted((a, b) => a - b)[10] ?? Infinity;
  assert.ok(fifth < 20, `four fifths of the answers take ${fifth} ms and more`);
});

test('a certificate that is renewed is trusted without a gap', async () => {
  const namespace = await place('renewed', SELECTED);
  await boundJob(namespace);
  const old = await cluster.admin.get(SECRET);
  // As if it were about to end: there is none, so that another one is signed.
  await cluster.admin.patch(SECRET, { data: { 'tls.crt': '', 'tls.key': '' } });
  await place('renewing', SELECTED);
  await eventually('another certificate', async () => {
    const { data } = (await cluster.admin.get(SECRET)) as unknown as { data: Record<string, string> };
    return data['tls.crt'] !== '' && data['tls.crt'] !== (old['data'] as Record<string, string>)['tls.crt'];
  });
  await listening?.close();
  assert.deepEqual(variablesOf(await makeJob(namespace, { app: 'heartbeat-cron' })), [{ name: 'A', value: '1' }]);
  await listen();
  await boundJob(namespace);
});

test('a webhook that is dead stops nothing', async () => {
  const namespace = await place('dead', SELECTED);
  await boundJob(namespace);
  await listening?.close();
  const began = performance.now();
  const job = await makeJob(namespace, { app: 'heartbeat-cron' });
  assert.deepEqual(variablesOf(job), [{ name: 'A', value: '1' }]);
  // The API server waits 2 s for each of its asks.
  assert.ok(performance.now() - began < 10_000);
});
