import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { runHeartbeats } from '../heartbeats-pod.ts';
import { apply, logs, openNamespace, podLog, table, waitUntilAvailable } from '../kubectl.ts';
import { eventDisplay } from '../manifests.ts';
import { attribute, printedEvents } from '../printed-events.ts';
import { target } from '../target.ts';

/** 003:12-156, the program. */
export async function heartbeatsProgram(t: TestContext): Promise<void> {
  const namespace = await openNamespace(t, 'heartbeats');
  const sink = `http://event-display.${namespace}.svc.cluster.local`;
  await apply(namespace, eventDisplay(target().image));
  await waitUntilAvailable(namespace, 'event-display');
  const named = { POD_NAME: 'a', POD_NAMESPACE: 'b' };
  const once = { ...named, ONE_SHOT: 'true' };
  const eventOf = async (type: string): Promise<readonly string[]> =>
    printedEvents(await logs(namespace, 'event-display')).filter((event) => attribute('type', event) === type);

  await Promise.all([
    t.test('S003-3 (seed 003:61-78): without POD_NAME it says so and ends with 1', async () => {
      const ended = await runHeartbeats(namespace, 'nameless', { env: { POD_NAMESPACE: 'b', K_SINK: sink } });
      assert.equal(ended.code, 1);
      assert.match(ended.log, /\[ERROR\] Failed to process env var: .*POD_NAME/);
    }),
    t.test('S003-3 (seed 003:82-91): overrides that are no JSON end it with 1', async () => {
      const env = { ...once, K_SINK: sink, K_CE_OVERRIDES: '{' };
      const ended = await runHeartbeats(namespace, 'overrides', { env });
      assert.equal(ended.code, 1);
      assert.match(ended.log, /\[ERROR\] Unpars\w+ CloudEvents overrides \{: /);
    }),
    t.test('S003-3 (seed 003:53-55, 78-80): K_SINK wins over -sink, and a type may be given', async () => {
      const args = ['-sink', 'http://nobody.invalid', '--eventType=org.example.typed', '-eventSource=/beats'];
      assert.equal((await runHeartbeats(namespace, 'env-wins', { args, env: { ...once, K_SINK: sink } })).code, 0);
      const [event = ''] = await eventOf('org.example.typed');
      assert.equal(attribute('source', event), '/beats');
    }),
    t.test('S003-3 (seed 003:45-51): -sink is where events go without K_SINK', async () => {
      const args = ['-sink', sink, '-eventType', 'org.example.flag'];
      assert.equal((await runHeartbeats(namespace, 'flag', { args, env: once })).code, 0);
      assert.equal((await eventOf('org.example.flag')).length, 1);
    }),
    t.test('S003-3 (seed 003:104-109): a period that is none ends it with 1', async () => {
      const args = ['--period=often'];
      const ended = await runHeartbeats(namespace, 'often', { args, env: { ...once, K_SINK: sink } });
      assert.equal(ended.code, 1);
      assert.match(ended.log, /Invalid period interval provided: "often"/);
    }),
    t.test('S003-6 (seed 003:116-118): a label in quotes is taken out of them', async () => {
      const args = ['--label="two words"', '--eventType=org.example.label'];
      assert.equal((await runHeartbeats(namespace, 'label', { args, env: { ...once, K_SINK: sink } })).code, 0);
      const [event = ''] = await eventOf('org.example.label');
      assert.match(event, /^ {4}"label": "two words"$/m);
    }),
    t.test('S003-5 (seed 003:150-156): a single shot sends one event at once and ends with 0', async () => {
      const args = ['--period=3600', '--eventType=org.example.once'];
      assert.equal((await runHeartbeats(namespace, 'once', { args, env: { ...once, K_SINK: sink } })).code, 0);
      assert.equal((await eventOf('org.example.once')).length, 1);
    }),
    t.test('S003-5 (seed 003:122-148): a failure is told, and the next event is sent in its time', async () => {
      // Nobody listens there.
      const args = ['--period=1', '-sink', 'http://127.0.0.1:9'];
      await runHeartbeats(namespace, 'failing', { args, env: named, wait: false });
      await eventually('an event after a failure', async () => {
        const log = await podLog(namespace, 'failing').catch(() => '');
        return /failed to send cloudevent: [^]*sending cloudevent to /.test(log);
      });
      const [row] = (await table(namespace, 'pods', 'failing')).rows;
      assert.deepEqual([row?.['STATUS'], row?.['RESTARTS']], ['Running', '0']);
    }),
  ]);
}
