import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logLine } from '../../examples/sources-demo/log.ts';
import { apply } from '../manifests/apply.ts';
import { eventually } from '../support/eventually.ts';
import { startOwnCluster } from '../support/own-cluster.ts';
import { MYSQL_USERS, startSourcesDemo } from '../support/sources-demo.ts';

const PODS = '/api/v1/namespaces/shop/pods';

test('the demo prints what it hears of Pods and custom resources, and what comes out of the queue', async (t) => {
  const cluster = await startOwnCluster();
  t.after(() => cluster.stop());
  const { admin } = cluster;
  await admin.create('/api/v1/namespaces', { metadata: { name: 'shop' } });
  await admin
    .create('/api/v1/namespaces/shop/serviceaccounts', { metadata: { name: 'default' } })
    .catch(() => undefined);
  for (const name of ['old-a', 'old-b']) await admin.create(PODS, pod(name));

  const lines = startSourcesDemo(t, cluster.adminKubeconfig);
  await eventually('the queue to be read', () => lines.some((line) => line.startsWith('got item')));
  await eventually('both items', () => lines.length === 8);
  const [start, ...rest] = lines;
  assert.equal(start, 'source start');
  assert.deepEqual(rest, [
    'cache is created',
    'cache is started',
    'CreateFunc is called\t{"object": "old-a"}',
    'CreateFunc is called\t{"object": "old-b"}',
    'kindWithCache is ready',
    'got item\t{"item": {"Event":"Create","Name":"old-a"}}',
    'got item\t{"item": {"Event":"Create","Name":"old-b"}}',
  ]);

  await admin.create(PODS, pod('nginx'));
  await eventually('the new Pod', () => lines.includes('got item\t{"item": {"Event":"Create","Name":"nginx"}}'));
  await admin.patch(`${PODS}/nginx`, { metadata: { labels: { app: 'web' } } });
  await eventually('the update', () => lines.includes('got item\t{"item": {"Event":"Update","Name":"nginx"}}'));
  assert.ok(lines.includes('UpdateFunc is called\t{"objectNew": "nginx", "objectOld": "nginx"}'));

  // Installed after the demo began.
  await apply(admin, MYSQL_USERS);
  const users = '/apis/mysql.nakamasato.com/v1alpha1/namespaces/shop/mysqlusers';
  await eventually('the kind', async () => (await admin.request('GET', users)).status === 200);
  await admin.create(users, {
    apiVersion: 'mysql.nakamasato.com/v1alpha1',
    kind: 'MySQLUser',
    metadata: { name: 'sample-user' },
  });
  await eventually('the user', () => lines.includes('got item\t{"item": {"Event":"Create","Name":"sample-user"}}'));
  assert.ok(lines.includes('CreateFunc is called\t{"object": "sample-user"}'));
});

test('a line has the columns of zap’s development logger', () => {
  const line = logLine('source-examples', 'got item', { item: { Event: 'Create', Name: 'a' }, n: 1 }, new Date(0));
  assert.match(
    line,
    /^19(69|70)-\d\d-\d\dT\d\d:\d\d:00\.000[+-]\d{4}\tINFO\tsource-examples\tgot item\t\{"item": \{"Event":"Create","Name":"a"\}, "n": 1\}\n$/,
  );
});

function pod(name: string) {
  return { metadata: { name }, spec: { containers: [{ name: 'main', image: name }] } };
}
