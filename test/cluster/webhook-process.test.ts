import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { runWebhook } from '../../src/commands/run-webhook.ts';
import { systemClock } from '../../src/process/clock.ts';
import { makeAuthority, signServer } from '../../src/sources/sinkbinding/webhook/certificates.ts';
import { recordedLog } from '../adapter/recorded-log.ts';
import { claimPort } from '../controlplane/ports.ts';
import { installWatchbridge } from '../manifests/apply.ts';
import { accountClient } from '../support/account-client.ts';
import { bindingsIn, bindingTo } from '../support/bindings.ts';
import { sharedCluster, testNamespace } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';

const cluster = sharedCluster();

before(() => installWatchbridge(cluster.admin));

test('the webhook is ready once it has a certificate, binds, takes a new certificate, and answers a while after it was asked to stop', async (t) => {
  const namespace = await testNamespace(t, 'process');
  const folder = await mkdtemp(join(tmpdir(), 'watchbridge-webhook-'));
  t.after(() => rm(folder, { recursive: true }));
  const subject = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  await cluster.admin.create(bindingsIn(namespace), bindingTo('bind', subject, { sink: { uri: 'http://orders' } }));

  const kube = await accountClient(cluster, 'watchbridge-webhook');
  t.after(() => kube.close());
  const [port, probesPort, metricsPort] = [await claimPort(), await claimPort(), await claimPort()];
  const config = {
    certificates: folder,
    clusterDomain: 'cluster.local',
    logLevel: 'info',
    port,
    probesPort,
    metricsPort,
  } as const;
  const { log, entries } = recordedLog();
  const stop = new AbortController();
  t.after(() => stop.abort());
  // Looks for certificates come fast.
  const clock = {
    ...systemClock,
    sleep: (ms: number, signal: AbortSignal) => systemClock.sleep(ms === 30_000 ? 50 : ms, signal),
  };
  const text = async (name: string): Promise<string> => await readFile(join(folder, name), 'utf8');
  const readCertificate = async () => ({ cert: await text('tls.crt'), key: await text('tls.key') });
  const running = runWebhook(config, { kube, clock, log, readCertificate }, stop.signal);
  const readiness = async (): Promise<number> =>
    await fetch(`http://127.0.0.1:${probesPort}/readiness`).then(
      ({ status }) => status,
      () => 0,
    );

  await eventually('the bindings to be known', async () => {
    const lines = await fetch(`http://127.0.0.1:${probesPort}/readiness`).then(
      (it) => it.text(),
      () => '',
    );
    return lines === 'certificate: waiting for it\nbindings: known\n';
  });
  assert.equal(await readiness(), 503);
  const authority = await makeAuthority(Date.now());
  const renew = async (): Promise<void> => {
    const pair = await signServer(authority, ['127.0.0.1'], Date.now());
    await writeFile(join(folder, 'tls.crt'), pair.cert);
    await writeFile(join(folder, 'tls.key'), pair.key);
  };
  await renew();
  await eventually('the webhook to be ready', async () => (await readiness()) === 200);
  assert.match(await review(port, authority.cert, namespace), /"patchType":"JSONPatch"/);
  await renew();
  await eventually('the new certificate', () => entries.some(({ msg }) => msg === 'certificate renewed'));
  assert.match(await review(port, authority.cert, namespace), /"patchType":"JSONPatch"/);

  stop.abort();
  assert.equal(await readiness(), 500);
  assert.match(await review(port, authority.cert, namespace), /"patchType":"JSONPatch"/);
  await running;
  assert.equal(await readiness(), 0);
});

/** What the webhook answers about the Deployment `web`. */
async function review(port: number, ca: string, namespace: string): Promise<string> {
  const object = {
    metadata: { name: 'web', namespace },
    spec: { template: { spec: { containers: [{ name: 'web' }] } } },
  };
  const body = { request: { uid: 'x', kind: { group: 'apps', version: 'v1', kind: 'Deployment' }, namespace, object } };
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = { host: '127.0.0.1', port, ca, path: '/sinkbindings', method: 'POST', agent: false };
  request({ ...options, headers: { 'content-type': 'application/json' } }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => (text += chunk));
    response.on('end', () => resolve(text));
  })
    .on('error', reject)
    .end(JSON.stringify(body));
  return await promise;
}
