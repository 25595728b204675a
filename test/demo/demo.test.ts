import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { eventually } from '../support/eventually.ts';
import { runDemo, running } from './run-demo.ts';

const INVITATION = 'Ctrl-C ends everything.';

test('with --exit it shows a source turning ready and what became of its changes, in plain text, and ends with 0', async (t) => {
  const demo = runDemo(t, { args: ['--exit'] });
  const begun = performance.now();
  await demo.says('☁️  cloudevents.Event');
  const seconds = (performance.now() - begun) / 1_000;
  t.diagnostic(`the first event after ${seconds.toFixed(1)} s`);
  assert.equal(await demo.exitCode, 0, demo.output());
  assert.match(
    demo.output(),
    /\n\$ kubectl get apiserversource\nNAME +SINK +AGE +READY +REASON\ntest-apiserver-source +http:\/\/event-display\.default\.svc\.cluster\.local +\d+s +True\n/,
  );
  const messages = Array.from(demo.output().matchAll(/^ {4}"message": "(.*)",$/gm), ([, message = '']) =>
    message.replaceAll(/web-[\w-]+/g, 'web-*'),
  );
  assert.deepEqual(messages.toSorted(), [
    'Created pod: web-*',
    'Deleted pod: web-*',
    'Scaled down replica set web-* from 1 to 0',
    'Scaled up replica set web-* from 0 to 1',
  ]);
  assert.equal(demo.output().match(/^☁️ {2}cloudevents\.Event$/gm)?.length, 4);
  assert.match(demo.output(), / {2}subject: \/apis\/v1\/namespaces\/default\/events\/web\.\w+\n/);
  assert.equal(stripVTControlCharacters(demo.output()), demo.output());
  assert.ok(!demo.output().includes(INVITATION) && !demo.output().includes('\n! '), demo.output());
});

test('Ctrl-C ends what it started, at once and with 0', async (t) => {
  const demo = runDemo(t);
  await demo.says(INVITATION);
  const started = await demo.descendants();
  const what = 'two keepers, three of the control plane, controller, adapter, event-display';
  assert.equal((await running(started)).length, 8, what);
  demo.signal('SIGINT');
  // As npm does: it passes on a signal that the terminal has sent to the demo too.
  demo.signal('SIGINT');
  assert.equal(await demo.exitCode, 0, demo.output());
  assert.deepEqual(await running(started), []);
});

test('nothing that it started outlives it when it is killed', async (t) => {
  const demo = runDemo(t);
  await demo.says('✓ The controller made an adapter');
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
    /✗ Controller and adapter\n[^]*The adapter ended with exit code 2\. [^]*\nNODE_TLS_REJECT_UNAUTHORIZED is 0, .*\n$/,
  );
});
