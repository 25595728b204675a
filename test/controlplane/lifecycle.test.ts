import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Agent, request } from 'undici';
import { createAdmin } from '../support/admin.ts';
import { startControlPlane } from './control-plane.ts';

const controlPlane = await startControlPlane();
const admin = createAdmin({ server: controlPlane.server, caPem: controlPlane.caPem, token: controlPlane.adminToken });
after(async () => {
  await admin.close();
  await controlPlane.stop();
});

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

test('an API server that was killed serves the same objects at the same address after its next start', async () => {
  const before = await admin.create(CONFIG_MAPS, { metadata: { name: 'killed-api-server' }, data: { a: '1' } });
  await controlPlane.apiServer.kill();
  assert.equal(controlPlane.apiServer.pid, undefined);
  await assert.rejects(admin.get(`${CONFIG_MAPS}/killed-api-server`), /ECONNREFUSED|other side closed|ECONNRESET/);
  await controlPlane.apiServer.start();
  assert.deepEqual(await admin.get(`${CONFIG_MAPS}/killed-api-server`), before);
});

test('an etcd that was killed has kept what was written', async () => {
  await admin.create(CONFIG_MAPS, { metadata: { name: 'killed-etcd' } });
  await controlPlane.etcd.kill();
  await controlPlane.etcd.start();
  assert.equal((await admin.get(`${CONFIG_MAPS}/killed-etcd`)).metadata.name, 'killed-etcd');
});

test('a paused API server is silent but connected, and answers once it continues', async () => {
  controlPlane.apiServer.pause();
  const answer = admin.request('GET', '/readyz');
  const silence = new Promise((resolve) => setTimeout(resolve, 300, 'silence'));
  const first = await Promise.race([answer, silence]);
  controlPlane.apiServer.continue();
  assert.equal(first, 'silence');
  assert.deepEqual(await answer, { status: 200, text: 'ok' });
});

test('a paused API server can be stopped, and an open watch does not hold up the stop for long', async (t) => {
  const agent = new Agent({ connect: { ca: controlPlane.caPem } });
  t.after(() => agent.destroy());
  const headers = { authorization: `Bearer ${controlPlane.adminToken}` };
  const watch = await request(`${controlPlane.server}${CONFIG_MAPS}?watch=1`, { dispatcher: agent, headers });
  controlPlane.apiServer.pause();
  const begun = performance.now();
  const [ended] = await Promise.all([watch.body.text().then(undefined, () => 'broken'), controlPlane.apiServer.stop()]);
  assert.equal(ended, 'broken');
  assert.ok(performance.now() - begun < 10_000);
  await controlPlane.apiServer.start();
});

test('a component that runs cannot be started a second time', async () => {
  await assert.rejects(controlPlane.etcd.start(), /^Error: etcd runs already, as process \d+\.$/);
});

test('a component that cannot start says so with the end of its log, and nothing of it is left', async () => {
  const told: string[] = [];
  await assert.rejects(
    startControlPlane({ apiServerFlags: ['--no-such-flag'], tell: (line) => told.push(line) }),
    /^Error: kube-apiserver ended with exit code 1 before it was ready\. The end of its log:\n[^]*unknown flag: --no-such-flag/,
  );
  assert.match(told.join('\n'), /^etcd is ready after [\d.]+ s$/);
});

test('a directory of one’s own is kept, and a later control plane serves what it holds to the same administrator', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'watchbridge-kept-'));
  t.after(() => rm(directory, { recursive: true }));
  const first = await startControlPlane({ directory });
  await using firstAdmin = createAdmin({ server: first.server, caPem: first.caPem, token: first.adminToken });
  await firstAdmin.create(CONFIG_MAPS, { metadata: { name: 'kept' } });
  await first.stop();
  assert.deepEqual([first.etcd.pid, first.apiServer.pid], [undefined, undefined]);

  await using second = await startControlPlane({ directory });
  assert.deepEqual([second.adminToken, second.caPem], [first.adminToken, first.caPem]);
  await using secondAdmin = createAdmin({ server: second.server, caPem: second.caPem, token: second.adminToken });
  assert.equal((await secondAdmin.get(`${CONFIG_MAPS}/kept`)).metadata.name, 'kept');
  assert.ok(existsSync(second.adminKubeconfig));
  assert.match(await readFile(second.apiServer.logFile, 'utf8'), /\S/);
});
