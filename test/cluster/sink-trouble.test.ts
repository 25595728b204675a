import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resource, startAdapter } from '../support/adapter-process.ts';
import { eventually } from '../support/eventually.ts';
import { inParallel } from '../support/in-parallel.ts';
import type { Reply } from '../support/recording-sink.ts';
import { assertAllTold, stage } from '../support/stage.ts';

const CONFIG_MAPS = [resource('', 'v1', 'configmaps')];

const FAILURES: readonly Reply[] = [500, 503, { status: 429, headers: { 'retry-after': '1' } }, 'reset', 'hang'];

test('a sink that fails in every way for a while costs time and no event, and the order is kept', async (t) => {
  const { namespace, kubeconfig, sink, writer } = await stage(t, 'sink-fails');
  const adapter = await startAdapter(t, {
    kubeconfig,
    sink: sink.url,
    source: { namespaces: [namespace], resources: CONFIG_MAPS },
    env: { K_SINK_TIMEOUT: '1' },
  });
  await adapter.ready();
  const retried = (reason: string): Promise<unknown> =>
    eventually(`a retry because of ${reason}`, async () => {
      const retries = await adapter.metric(`watchbridge_delivery_retries_total{reason="${reason}"}`);
      return retries !== undefined && retries > 0;
    });

  sink.reply((_, number) => FAILURES[number % FAILURES.length] ?? 500);
  const names = Array.from({ length: 100 }, (_, index) => `object-${index}`);
  await inParallel(names, 8, async (name) => {
    await writer.create(name);
    await writer.update(name);
    if (name.endsWith('0')) await writer.delete(name);
  });
  for (const reason of ['500', '503', '429', 'reset', 'timeout']) await retried(reason);
  await sink.refuse();
  await retried('connect');
  assert.deepEqual(sink.accepted(), []);
  assert.equal((await adapter.readiness()).status, 200, 'it watches, and keeps what it sees');

  sink.reply(() => 204);
  await sink.listen();
  await assertAllTold(t, writer.truth, sink);
  assert.ok(adapter.logged('sink does not take events; trying again').length > 0);
  assert.equal(adapter.logged('sink takes events again').length, 1);
});

test('an event that the sink rejects is counted and logged, and blocks nothing', async (t) => {
  const { namespace, kubeconfig, sink, writer } = await stage(t, 'rejected');
  const source = { namespaces: [namespace], resources: CONFIG_MAPS };
  const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, source });
  await adapter.ready();
  sink.reply(({ headers }) => (String(headers['ce-name']).startsWith('bad') && isAdd(headers) ? 400 : 204));
  await inParallel(['bad-1', 'good-1', 'bad-2', 'good-2'], 4, async (name) => {
    await writer.create(name);
    await writer.update(name);
  });
  await eventually('all but two of the events', () => sink.accepted().length === 6);
  assert.equal(sink.received.length, 8, 'a rejected event is not sent again');

  const rejected = sink.received.filter(({ status }) => status === 400).map(({ headers }) => headers);
  assert.equal(await adapter.metric('watchbridge_events_settled_total{as="dropped"}'), 2);
  assert.equal(await adapter.metric('watchbridge_refusals_total{by="sink",reason="400"}'), 2);
  assert.deepEqual(
    new Set(
      adapter
        .logged('event refused')
        .map(({ id, subject, reason }) => `${String(id)} ${String(subject)} ${String(reason)}`),
    ),
    new Set(rejected.map((headers) => `${String(headers['ce-id'])} ${String(headers['ce-subject'])} 400`)),
  );
});

/** Few enough that all are on the wire at once, and enough failures for the sink to count as away. */
const OBJECTS = 12;

test('an event comes back no sooner than Retry-After says, however many others fail', async (t) => {
  const { namespace, kubeconfig, sink, writer } = await stage(t, 'retry-after');
  const source = { namespaces: [namespace], resources: CONFIG_MAPS };
  const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, source });
  await adapter.ready();
  const refusedAt = new Map<unknown, number>();
  const waits: number[] = [];
  sink.reply(({ headers, at }) => {
    const before = refusedAt.get(headers['ce-id']);
    if (before !== undefined) waits.push(at - before);
    if (sink.received.length > OBJECTS) return 204;
    refusedAt.set(headers['ce-id'], at);
    return { status: 429, headers: { 'retry-after': '2' } };
  });
  await inParallel(
    Array.from({ length: OBJECTS }, (_, index) => `object-${index}`),
    8,
    writer.create,
  );
  await assertAllTold(t, writer.truth, sink);
  // Node.js counts timers in whole milliseconds, so that one can be early by a part of one.
  assert.deepEqual(
    waits.filter((ms) => ms <= 1_999),
    [],
  );
});

function isAdd(headers: Readonly<Record<string, unknown>>): boolean {
  return String(headers['ce-type']).endsWith('.add');
}
