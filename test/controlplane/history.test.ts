import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Agent, request } from 'undici';
import { createAdmin } from '../support/admin.ts';
import { startControlPlane } from './control-plane.ts';

const controlPlane = await startControlPlane();
const { caPem, adminToken } = controlPlane;
// Without a watch cache it asks etcd for each watch, so that it remembers no more than etcd does.
const second = await controlPlane.startSecondApiServer(['--watch-cache=false']);
const admin = createAdmin({ server: controlPlane.server, caPem, token: adminToken });
const secondAdmin = createAdmin({ server: second.server, caPem, token: adminToken });
const agent = new Agent({ connect: { ca: caPem } });
after(async () => {
  await Promise.all([admin.close(), secondAdmin.close(), agent.destroy()]);
  await controlPlane.stop();
});

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

test('a second API server sees and continues what the first one wrote', async () => {
  const written = await admin.create(CONFIG_MAPS, { metadata: { name: 'shared' }, data: { by: 'first' } });
  assert.deepEqual(await secondAdmin.get(`${CONFIG_MAPS}/shared`), written);
  const { resourceVersion } = written.metadata;
  const patched = await secondAdmin.patch(`${CONFIG_MAPS}/shared`, { data: { by: 'second' } });
  assert.deepEqual(await firstChange(controlPlane.server, String(resourceVersion)), {
    type: 'MODIFIED',
    object: { ...patched, kind: 'ConfigMap', apiVersion: 'v1' },
  });
});

test('after a compaction, etcd’s history before it is gone: a watch from there is answered with 410', async () => {
  const old = await admin.create(CONFIG_MAPS, { metadata: { name: 'compacted' } });
  // Two, as etcd still serves the change at the compacted revision itself, but not the object before it, and an API server
  // without a watch cache then answers 500 ("etcd event received with PrevKv=nil").
  await admin.patch(`${CONFIG_MAPS}/compacted`, { data: { a: '1' } });
  const newer = await admin.patch(`${CONFIG_MAPS}/compacted`, { data: { a: '2' } });
  const from = String(old.metadata.resourceVersion);
  assert.equal((await firstChange(second.server, from)).type, 'MODIFIED');

  const revision = await controlPlane.compactEtcd();
  assert.ok(revision >= Number(newer.metadata.resourceVersion));
  const refused = await firstChange(second.server, from);
  assert.deepEqual([refused.type, refused.object['reason'], refused.object['code']], ['ERROR', 'Expired', 410]);
  assert.equal((await firstChange(controlPlane.server, from)).type, 'MODIFIED', 'the watch cache still has it');

  await controlPlane.apiServer.kill();
  await controlPlane.apiServer.start();
  assert.equal((await firstChange(controlPlane.server, from)).object['code'], 410, 'a new watch cache has not');
});

/** The first line of a watch from `resourceVersion` on. */
async function firstChange(
  server: string,
  resourceVersion: string,
): Promise<{ type: string; object: Record<string, unknown> }> {
  const watch = await request(`${server}${CONFIG_MAPS}?watch=1&resourceVersion=${resourceVersion}`, {
    dispatcher: agent,
    headers: { authorization: `Bearer ${adminToken}` },
  });
  let text = '';
  for await (const chunk of watch.body.setEncoding('utf8')) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  return JSON.parse(text.slice(0, text.indexOf('\n'))) as { type: string; object: Record<string, unknown> };
}
