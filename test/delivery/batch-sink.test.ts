import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createBatchSink } from '../../src/delivery/batch-sink.ts';
import type { Outcome } from '../../src/delivery/outcome.ts';
import type { Sink } from '../../src/delivery/sink.ts';
import type { CloudEvent } from '../../src/events/cloud-event.ts';
import { systemClock } from '../../src/process/clock.ts';
import { recordingSink } from '../support/recording-sink.ts';

function eventOf(id: string, data: string): CloudEvent {
  const attributes = { source: '/s', type: 't', datacontenttype: 'application/json' };
  return { ...attributes, id, extensions: { kind: 'Pod' }, data: Buffer.from(data) };
}

function sinkFor(t: TestContext, url: string): Sink {
  const options = { url: new URL(url), ca: [], connections: 4, timeoutMs: 10_000, headers: ['kn-namespace', 'shop'] };
  const sink = createBatchSink(options, systemClock);
  t.after(() => sink.close());
  return sink;
}

function post(sink: Sink, event: CloudEvent): Promise<string | number> {
  return new Promise((resolve) =>
    sink.post(event, (outcome: Outcome) => resolve(outcome.is === 'answered' ? outcome.status : outcome.reason)),
  );
}

test('events that are posted together are one request, each with its data as it came', async (t) => {
  const server = await recordingSink(t);
  const sink = sinkFor(t, server.url);
  const data = ['{"n":9007199254740993}', '{ "a": "\u2028\\ud800" }', '[]'];
  assert.deepEqual(await Promise.all(data.map((it, i) => post(sink, eventOf(String(i), it)))), [204, 204, 204]);
  assert.equal(server.received.length, 1);
  const { headers = {}, body = Buffer.of() } = server.received[0] ?? {};
  assert.equal(headers['content-type'], 'application/cloudevents-batch+json; charset=utf-8');
  assert.equal(headers['kn-namespace'], 'shop');
  const text = body.toString();
  for (const it of data) assert.ok(text.includes(`"data":${it}}`), it);
  const read = JSON.parse(text) as { id: string; specversion: string; kind: string }[];
  assert.deepEqual(
    read.map(({ id, specversion, kind }) => [id, specversion, kind]),
    ['0', '1', '2'].map((id) => [id, '1.0', 'Pod']),
  );
});

test('a sink that cannot stomach one event is told the others', async (t) => {
  const server = await recordingSink(t);
  server.reply(({ body }) => (body.includes('poison') ? 400 : 204));
  const sink = sinkFor(t, server.url);
  const answers = ['1', '"poison"', '2'].map((data, i) => post(sink, eventOf(String(i), data)));
  assert.deepEqual(await Promise.all(answers), [204, 400, 204]);
  assert.equal(server.received.length, 4);
});

test('what is on the wire and what is gathered fails when the sink is closed, and nothing more arrives', async (t) => {
  const server = await recordingSink(t);
  server.reply(() => 'hang');
  const sink = sinkFor(t, server.url);
  const first = post(sink, eventOf('a', '1'));
  while (server.received.length === 0) await systemClock.sleep(1, t.signal);
  const second = post(sink, eventOf('b', '1'));
  await sink.close();
  assert.deepEqual(await Promise.all([first, second]), ['reset', 'reset']);
  assert.equal(await post(sink, eventOf('c', '1')), 'reset');
  assert.equal(server.received.length, 1);
});
