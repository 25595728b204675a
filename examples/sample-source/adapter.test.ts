import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createRecordingClient, openLog } from '../../src/sdk.ts';
import { newAdapter } from './adapter.ts';

const log = openLog('test', 'error');
const env = { interval: '20ms', intervalMs: 20 };

test('an event is sent each interval, numbered from 0, until the adapter is stopped', async () => {
  const client = createRecordingClient();
  const stop = new AbortController();
  const running = newAdapter({ env, client, log }).start(stop.signal);
  assert.equal(client.sent.length, 0);
  while (client.sent.length < 2) await delay(5);
  stop.abort();
  await running;
  const [first, second] = client.sent;
  assert.equal(first?.type, 'dev.knative.sample');
  assert.equal(first.source, 'http://sample.knative.dev/heartbeat-source');
  assert.deepEqual(
    [first.data, second?.data],
    [
      { sequence: 0, heartbeat: '20ms' },
      { sequence: 1, heartbeat: '20ms' },
    ],
  );
});

test('an event that the sink refuses is followed by the next one', async () => {
  const client = createRecordingClient();
  client.answer({ is: 'refused', reason: '400' });
  const stop = new AbortController();
  const running = newAdapter({ env, client, log }).start(stop.signal);
  while (client.sent.length < 2) await delay(5);
  stop.abort();
  await running;
});
