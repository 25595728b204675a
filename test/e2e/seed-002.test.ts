import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { MYSQL_USERS, startSourcesDemo } from '../support/sources-demo.ts';
import { apply, kubectl } from './kubectl.ts';
import { target } from './target.ts';

/** Seen by the demo from the start. */
const PRESENT = ['present-a', 'present-b'];

test('the runnable demo of seed 002', { timeout: 600_000 }, async (t) => {
  t.after(async () => {
    const pods = [...PRESENT, 'nginx'].map((name) => `pod/${name}`);
    await kubectl(['delete', ...pods, '--namespace=default', '--ignore-not-found', '--now', '--timeout=180s']);
    await kubectl(['delete', `customresourcedefinition/${MYSQL_USERS.metadata.name}`, '--ignore-not-found']);
  });
  await apply('default', [MYSQL_USERS]);
  const established = [`customresourcedefinition/${MYSQL_USERS.metadata.name}`, '--for=condition=Established'];
  await kubectl(['wait', ...established, '--timeout=60s']);
  for (const name of PRESENT) {
    await kubectl(['run', name, '--namespace=default', '--image=busybox', '--', 'sleep', '3600']);
  }
  for (const name of PRESENT) {
    await kubectl(['wait', `pod/${name}`, '--namespace=default', '--for=condition=Ready', '--timeout=180s']);
  }
  const before = await everyPod();
  const lines = startSourcesDemo(t, target().kubeconfig);

  await t.test(
    'S002-9 (seed 002:192-213): every Pod is heard of, then the cache is ready, then the queue is read',
    async () => {
      const still = new Set(await everyPod());
      const pods = before.filter((name) => still.has(name));
      const read = (name: string): number => lines.indexOf(`got item\t{"item": {"Event":"Create","Name":"${name}"}}`);
      await eventually('an item of each', () => pods.every((name) => read(name) >= 0));
      const ready = lines.indexOf('kindWithCache is ready');
      assert.deepEqual(lines.slice(0, 3), ['source start', 'cache is created', 'cache is started']);
      for (const name of pods) {
        const heard = lines.flatMap((line, i) => (line === `CreateFunc is called\t{"object": "${name}"}` ? [i] : []));
        assert.equal(heard.length, 1, name);
        assert.ok((heard[0] ?? ready) < ready && ready < read(name), lines.join('\n'));
      }
    },
  );

  await t.test('S002-10 (seed 002:215-220): a custom resource that is applied is heard of once', async () => {
    const user = { apiVersion: 'mysql.nakamasato.com/v1alpha1', kind: 'MySQLUser', metadata: { name: 'sample-user' } };
    await apply('default', [user]);
    const about = (): string[] => lines.filter((line) => line.includes('sample-user'));
    await eventually('the item', () => about().length >= 2);
    assert.deepEqual(about(), [
      'CreateFunc is called\t{"object": "sample-user"}',
      'got item\t{"item": {"Event":"Create","Name":"sample-user"}}',
    ]);
  });

  await t.test(
    'S002-11 (seed 002:222-231): a Pod that runs is created once and then updated, with both its states',
    async () => {
      await kubectl(['run', 'nginx', '--namespace=default', '--image=nginx']);
      await kubectl(['wait', 'pod/nginx', '--namespace=default', '--for=condition=Ready', '--timeout=180s']);
      const count = (line: string): number => lines.filter((it) => it === line).length;
      const updated = 'UpdateFunc is called\t{"objectNew": "nginx", "objectOld": "nginx"}';
      const item = 'got item\t{"item": {"Event":"Update","Name":"nginx"}}';
      // Its binding to the node, its start and its readiness are writes of their own.
      await eventually(
        'the updates',
        () => count(updated) >= 3 && lines.lastIndexOf(item) > lines.lastIndexOf(updated),
      );
      assert.equal(count('CreateFunc is called\t{"object": "nginx"}'), 1);
      assert.equal(count('got item\t{"item": {"Event":"Create","Name":"nginx"}}'), 1);
      // What waits in the queue is there once.
      assert.ok(count(item) >= 1 && count(item) <= count(updated), `${count(item)} items of ${count(updated)} updates`);
    },
  );
});

async function everyPod(): Promise<string[]> {
  const names = await kubectl(['get', 'pods', '--all-namespaces', '--output=name']);
  return names.split('\n').flatMap((name) => (name === '' ? [] : name.replace('pod/', '')));
}
