import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { eventually } from '../support/eventually.ts';
import { runDemo, running } from './run-demo.ts';

const INVITATION = 'Ctrl-C ends everything.';

test('with --exit it shows what became of its changes, in their order and in plain text, and ends with 0', async (t) => {
  const demo = runDemo(t, { args: ['--exit'] });
  assert.equal(await demo.exitCode, 0, demo.output());
  const headers = demo.output().match(/^\d\d:\d\d:\d\d\.\d{3} .*$/gm) ?? [];
  assert.deepEqual(
    headers.map((line) => line.split(/\s+/).slice(1).join(' ')),
    [
      'add /apis/v1/namespaces/shop/configmaps/settings',
      'add /apis/apps/v1/namespaces/shop/deployments/web',
      'update /apis/v1/namespaces/shop/configmaps/settings',
      'delete /apis/v1/namespaces/shop/configmaps/settings',
    ],
  );
  assert.equal(demo.output().match(/^☁️ {2}cloudevents\.Event$/gm)?.length, 4);
  assert.match(demo.output(), / {2}type: dev\.knative\.apiserver\.resource\.delete\n/);
  assert.match(demo.output(), /"color": "blue"[^]*"color": "green"/);
  assert.equal(stripVTControlCharacters(demo.output()), demo.output());
  assert.ok(!demo.output().includes(INVITATION));
});

test('Ctrl-C ends what it started, at once and with 0', async (t) => {
  const demo = runDemo(t);
  await demo.says(INVITATION);
  const started = await demo.descendants();
  assert.equal((await running(started)).length, 6, 'two keepers, etcd, the API server, the adapter, event-display');
  demo.signal('SIGINT');
  // As npm does: it passes on a signal that the terminal has sent to the demo too.
  demo.signal('SIGINT');
  assert.equal(await demo.exitCode, 0, demo.output());
  assert.deepEqual(await running(started), []);
});

test('nothing that it started outlives it when it is killed', async (t) => {
  const demo = runDemo(t);
  await demo.says('✓ Adapter');
  const started = await demo.descendants();
  demo.signal('SIGKILL');
  await demo.exitCode;
  await eventually('all of its processes end', async () => (await running(started)).length === 0);
});

test('the death of the adapter ends it, with the last lines of the adapter and without a stack trace', async (t) => {
  // The adapter refuses to run like this; the rest does not care.
  const demo = runDemo(t, { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' } });
  assert.equal(await demo.exitCode, 1, demo.output());
  assert.match(
    demo.output(),
    /✗ Adapter\n[^]*The adapter ended with exit code 2\. [^]*\nNODE_TLS_REJECT_UNAUTHORIZED is 0, .*\n$/,
  );
});
