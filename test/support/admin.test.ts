import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdminError } from './admin.ts';
import { sharedCluster, testNamespace } from './cluster.ts';

const { admin } = sharedCluster();

test('what is created can be read, listed, patched, replaced and deleted', async (t) => {
  const path = `/api/v1/namespaces/${await testNamespace(t, 'admin')}/configmaps`;
  const created = await admin.create(path, { metadata: { name: 'a' }, data: { k: '1', l: '1' } });
  assert.deepEqual(await admin.get(`${path}/a`), created);

  const patched = await admin.patch(`${path}/a`, { data: { k: '2', l: null } });
  assert.deepEqual(patched['data'], { k: '2' });
  const replaced = await admin.replace(`${path}/a`, { metadata: { name: 'a' }, data: { m: '3' } });
  assert.deepEqual(replaced['data'], { m: '3' });

  const list = await admin.list(`${path}?fieldSelector=metadata.name=a`);
  assert.deepEqual(
    list.items.map((item) => item.metadata.uid),
    [created.metadata.uid],
  );
  assert.ok(Number(list.resourceVersion) >= Number(replaced.metadata.resourceVersion));

  await admin.delete(`${path}/a`);
  await assert.rejects(admin.get(`${path}/a`), (error) => error instanceof AdminError && error.status === 404);
});

test('a refusal is thrown with the request and the server’s own message', async (t) => {
  const path = `/api/v1/namespaces/${await testNamespace(t, 'admin')}/configmaps`;
  const refused = await admin.create(path, { metadata: { name: 'Not A Name' } }).catch((error: unknown) => error);
  assert.ok(refused instanceof AdminError);
  assert.equal(refused.status, 422);
  assert.equal(refused.reason, 'Invalid');
  assert.match(
    refused.message,
    /^POST \/api\/v1\/namespaces\/admin-\w{8}\/configmaps: 422 ConfigMap "Not A Name" is inv/,
  );
});

test('more writes than connections wait for their turn, and all are made', async (t) => {
  const path = `/api/v1/namespaces/${await testNamespace(t, 'admin')}/configmaps`;
  const names = Array.from({ length: 200 }, (_, index) => `n${index}`);
  await Promise.all(names.map((name) => admin.create(path, { metadata: { name } })));
  const { items } = await admin.list(`${path}?fieldSelector=metadata.name!=kube-root-ca.crt`);
  assert.deepEqual(new Set(items.map((item) => item.metadata.name)), new Set(names));
});

test('a namespace of a test is its own', async (t) => {
  const [first, second] = [await testNamespace(t, 'same'), await testNamespace(t, 'same')];
  assert.notEqual(first, second);
});
