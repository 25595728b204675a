import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createAdmin } from '../support/admin.ts';
import { startControlPlane } from './control-plane.ts';

const controlPlane = await startControlPlane();
const { server, caPem, adminToken } = controlPlane;
const admin = createAdmin({ server, caPem, token: adminToken });
after(async () => {
  await admin.close();
  await controlPlane.stop();
});

const LATER_CHANGES = 200;
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

test('after a restore the API server knows nothing of what came after the snapshot, and counts on from there', async () => {
  const kept = await admin.create(CONFIG_MAPS, { metadata: { name: 'kept' }, data: { state: 'old' } });
  const snapshot = controlPlane.snapshot();
  // An API server writes some objects of its own when it starts, each of which is a version.
  for (let i = 0; i < LATER_CHANGES; i++) await admin.patch(`${CONFIG_MAPS}/kept`, { data: { state: `new ${i}` } });
  const phantom = await admin.create(CONFIG_MAPS, { metadata: { name: 'phantom' } });
  await controlPlane.restore(snapshot);

  assert.deepEqual(await admin.get(`${CONFIG_MAPS}/kept`), kept);
  assert.equal((await admin.request('GET', `${CONFIG_MAPS}/phantom`)).status, 404);
  const { resourceVersion } = await admin.list(CONFIG_MAPS);
  assert.ok(Number(resourceVersion) < Number(phantom.metadata.resourceVersion), 'versions begin again');
});
