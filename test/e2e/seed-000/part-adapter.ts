import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { kubectl, logs, podLog, table } from '../kubectl.ts';
import { attribute, printedEvents } from '../printed-events.ts';
import * as sample from '../sample-source.ts';

const SECOND = 'sample-source-with-extension';

/** 000:1-33, the receive adapter. The source is ready, and event-display its sink. */
export async function adapterOfSource(t: TestContext, source: sample.Named): Promise<void> {
  const { namespace } = source;
  const entries = await eventually('the first event is sent', async () => {
    const found = await sample.adapterEntries(source);
    return found.some(({ msg }) => msg === 'Sending new event') && found;
  });

  await t.test('S000-1 (seed 000:13): its component is called sample-source', () => {
    assert.ok(entries.every(({ logger }) => logger === 'sample-source'));
  });

  await t.test('S000-4 (seed 000:27-33): it says that it begins, and with which interval', () => {
    assert.equal(entries.find(({ msg }) => msg === 'Starting heartbeat')?.interval, '10s');
  });

  await t.test('S000-5 (seed 000:27-33): the first event is sent after one interval', () => {
    const at = (message: string): number => Date.parse(entries.find(({ msg }) => msg === message)?.ts ?? '');
    const waited = at('Sending new event') - at('Starting heartbeat');
    assert.ok(waited >= 9_990 && waited < 20_000, `${waited} ms`);
  });

  await t.test('S000-2 (seed 000:18-22): what its client sends comes to the sink, with the overrides', async () => {
    const bound = (event: string): boolean => attribute('sink', event) === 'bound';
    const events = await eventually(`events of both, ${SECOND} too`, async () => {
      const found = printedEvents(await logs(namespace, 'event-display'));
      return found.some(bound) && !found.every(bound) && found;
    });
    for (const [event, extensions] of [
      [events.find((it) => !bound(it)) ?? '', ''],
      [events.find(bound) ?? '', 'Extensions,\n  sink: bound\n'],
    ] as const) {
      assert.equal(event.replace(/^ {2}(id|time): .*$/gm, '  $1'), eventWith(extensions));
    }
  });
}

/** What it does where its sink refuses events, and when it is to stop. */
export async function adapterInTrouble(t: TestContext, source: sample.Named): Promise<void> {
  const { namespace, name } = source;

  await t.test('S000-4 (seed 000:27-33): an event that is refused is told, and the next one follows', async () => {
    await eventually('two refusals', async () => {
      const messages = (await sample.adapterEntries(source)).map(({ msg }) => msg);
      return messages.filter((msg) => msg === 'failed to send event').length >= 2;
    });
    const { rows } = await table(namespace, 'pods', `--selector=knative-eventing-source-name=${name}`);
    assert.ok(
      rows.every(({ RESTARTS }) => RESTARTS === '0'),
      JSON.stringify(rows),
    );
  });

  await t.test('S000-4 (seed 000:27-33): an adapter that is to stop says so and ends', async () => {
    const pod = await sample.runningPod(source);
    const followed = kubectl(['logs', '--follow', pod, `--namespace=${namespace}`]);
    await eventually('its log is read', async () => (await podLog(namespace, pod)) !== '');
    await kubectl(['delete', 'pod', pod, `--namespace=${namespace}`, '--timeout=180s']);
    assert.match(await followed, /"msg":"Shutting down\.\.\."/);
  });
}

function eventWith(extensions: string): string {
  return `☁️  cloudevents.Event
Context Attributes,
  specversion: 1.0
  type: dev.knative.sample
  source: http://sample.knative.dev/heartbeat-source
  id
  time
  datacontenttype: application/json
${extensions}Data,
  {
    "sequence": 0,
    "heartbeat": "10s"
  }
`;
}
