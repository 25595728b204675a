import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { type Leadership, LeadershipLost } from '../../../src/kube/leadership.ts';
import type { InformerHandler } from '../../../src/reconcile/informer.ts';
import { FIRED_ANNOTATION, packMemory, unpackMemory } from '../../../src/sources/ping/adapter/memory.ts';
import { createPingMetrics } from '../../../src/sources/ping/adapter/metrics.ts';
import { createTerm } from '../../../src/sources/ping/adapter/term.ts';
import type { PingSource, PingSpec } from '../../../src/sources/ping/spec.ts';
import { recordedLog } from '../../adapter/recorded-log.ts';
import { eventually } from '../../support/eventually.ts';
import { type FakeClock, fakeClock } from '../../support/fake-clock.ts';
import { type RecordingSink, recordingSink } from '../../support/recording-sink.ts';
import { pingSource } from './firings.ts';

const MINUTE = 60_000;

interface Lease {
  readonly leadership: Leadership;
  /** What the last renewal wrote. */
  written: string | undefined;
  holds: boolean;
  lost: boolean;
  released: boolean;
}

function lease(stored?: string): Lease {
  const annotations = stored === undefined ? {} : { [FIRED_ANNOTATION]: stored };
  const it: Lease = {
    leadership: {
      taken: {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { namespace: 'a', name: 'b', annotations },
      },
      handedOver: false,
      uid: () => undefined,
      holds: () => it.holds,
      renew: (next) => {
        if (it.lost) return Promise.reject(new LeadershipLost('Somebody else has it.'));
        it.written = next[FIRED_ANNOTATION];
        return Promise.resolve('renewed');
      },
      release: (next) => {
        it.written = next[FIRED_ANNOTATION];
        it.released = true;
        return Promise.resolve();
      },
    },
    written: undefined,
    holds: true,
    lost: false,
    released: false,
  };
  return it;
}

interface Stage {
  readonly clock: FakeClock;
  readonly sink: RecordingSink;
  readonly messages: readonly string[];
  readonly lease: Lease;
  readonly outcome: Promise<'stopped' | 'lost'>;
  readonly stop: AbortController;
  /** The process sleeps for so long: nobody wakes on the way. */
  pause(ms: number): void;
  put(source: PingSource): void;
  metric(name: string): Promise<number>;
}

interface Given {
  readonly clock?: FakeClock;
  readonly sink?: RecordingSink;
  /** Default: everything before the start was sent. */
  readonly stored?: string | undefined;
  readonly sources: readonly (readonly [uid: string, spec?: PingSpec])[];
}

async function stage(t: TestContext, given: Given): Promise<Stage> {
  const { clock = fakeClock(), sources } = given;
  const sink = given.sink ?? (await recordingSink(t));
  const { log, messages } = recordedLog();
  const held = lease(given.stored ?? packMemory({ until: Date.UTC(2026), unsettled: [] }));
  let paused = 0;
  let handler: InformerHandler<PingSource> = () => undefined;
  const metrics = createPingMetrics(() => ({ sources: 0, queued: 0, sinksAway: 0 }));
  const term = createTerm(held.leadership, {
    clock: { ...clock, now: () => clock.now() + paused },
    log,
    metrics,
    sources: {
      subscribe: (subscriber) => {
        handler = subscriber;
        for (const [uid, spec] of sources)
          subscriber({ is: 'added', object: pingSource(uid, spec, sink.url), initial: true });
        return () => undefined;
      },
    },
    sinkTimeoutMs: 5_000,
  });
  const stop = new AbortController();
  const outcome = term.run(stop.signal);
  t.after(async () => {
    stop.abort();
    await clock.settle(outcome);
  });
  return {
    clock,
    sink,
    messages,
    lease: held,
    outcome,
    stop,
    pause: (ms) => (paused += ms),
    put: (object) => handler({ is: 'updated', object, old: object }),
    metric: async (name) => {
      const text = await metrics.registry.getSingleMetricAsString(`watchbridge_ping_${name}`);
      return Array.from(text.matchAll(/^[^#].* (\d+)$/gm)).reduce((sum, [, value]) => sum + Number(value), 0);
    },
  };
}

function idsOf(sink: RecordingSink): string[] {
  return sink
    .accepted()
    .map(({ headers }) => `${String(headers['ce-id']).split('.')[0]} ${String(headers['ce-time']).slice(11, 16)}`);
}

async function arrive(sink: RecordingSink, ids: readonly string[]): Promise<void> {
  await eventually(
    () => `${ids.join(', ')}; there are ${idsOf(sink).join(', ')}`,
    () => sink.accepted().length >= ids.length,
    5_000,
  );
  assert.deepEqual(idsOf(sink), ids);
}

test('each time of the schedule is sent within its second', async (t) => {
  const { clock, sink } = await stage(t, { sources: [['a']] });
  await clock.advance(59_999);
  assert.deepEqual(idsOf(sink), []);
  await clock.advance(1_001);
  await arrive(sink, ['a 00:01']);
  await clock.advance(MINUTE);
  await arrive(sink, ['a 00:01', 'a 00:02']);
});

test('what a crash left unwritten is sent again as the same events, and nothing else is', async (t) => {
  const first = await stage(t, { sources: [['a'], ['b']] });
  const { clock, sink } = first;
  await clock.advance(MINUTE + 1_000);
  await eventually('both', () => sink.accepted().length === 2);
  await clock.advance(10_000);
  const { written } = first.lease;
  assert.deepEqual(unpackMemory(written)?.unsettled, []);
  await clock.advance(50_000);
  await eventually('both again', () => sink.accepted().length === 4);
  first.lease.lost = true;
  await clock.advance(5_000);
  assert.equal(await first.outcome, 'lost');
  const second = await stage(t, { clock, sink, stored: written, sources: [['a'], ['b']] });
  await clock.advance(2_000);
  await eventually('both once more', () => sink.accepted().length === 6);
  const ids = sink.accepted().map(({ headers }) => String(headers['ce-id']));
  assert.deepEqual(new Set(ids.slice(4)), new Set(ids.slice(2, 4)));
  assert.equal(second.lease.lost, false);
});

test('what was not delivered is left to the next one', async (t) => {
  const first = await stage(t, { sources: [['a'], ['b']] });
  const { clock, sink } = first;
  sink.reply(({ headers }) => (String(headers['ce-id']).startsWith('a.') ? 503 : 204));
  await clock.advance(MINUTE + 10_000);
  await eventually('b', () => sink.accepted().length === 1);
  first.stop.abort();
  assert.equal(await clock.settle(first.outcome), 'stopped');
  assert.ok(first.lease.released);
  assert.ok(first.messages.includes('info: undelivered events are left to the next replica'));
  const memory = unpackMemory(first.lease.written);
  assert.deepEqual(memory?.unsettled, [{ uid: 'a', at: Date.UTC(2026) + MINUTE }]);
  sink.reply(() => 204);
  await stage(t, { clock, sink, stored: first.lease.written, sources: [['a'], ['b']] });
  await arrive(sink, ['b 00:01', 'a 00:01']);
});

test('while the Lease is not surely ours nothing is sent, and afterwards everything', async (t) => {
  const { clock, sink, lease: held } = await stage(t, { sources: [['a']] });
  await clock.advance(30_000);
  held.holds = false;
  await clock.advance(2 * MINUTE);
  assert.deepEqual(sink.received, []);
  held.holds = true;
  await clock.advance(1_000);
  await arrive(sink, ['a 00:01', 'a 00:02']);
});

test('of a sink that takes nothing ten events of a source wait, and the others are dropped and told', async (t) => {
  const it = await stage(t, { sources: [['a', { schedule: '* * * * * *' }]] });
  it.sink.reply(() => 'hang');
  await it.clock.advance(15_000);
  const { length: dropped } = it.messages.filter((message) => message === 'warn: ping dropped');
  assert.ok(dropped >= 4 && dropped <= 5, `${dropped}`);
  assert.equal(await it.metric('dropped_total'), dropped);
  assert.ok(it.sink.received.length <= 1);
});

test('an event that is refused is dropped and told, and the next one is sent', async (t) => {
  const { clock, sink, messages } = await stage(t, { sources: [['a']] });
  sink.reply((_request, number) => (number === 0 ? 400 : 204));
  await clock.advance(MINUTE + 1_000);
  await eventually('the refusal', () => messages.includes('warn: ping dropped'));
  await clock.advance(MINUTE);
  await arrive(sink, ['a 00:02']);
});

test('after a pause the newest time is sent late, and the others are counted', async (t) => {
  const it = await stage(t, {
    sources: [
      ['a', { schedule: '*/5 * * * *' }],
      ['b', { schedule: '0 12 * * *' }],
    ],
  });
  await it.clock.advance(1_000);
  it.pause(33 * MINUTE);
  await it.clock.advance(1_000);
  await arrive(it.sink, ['a 00:30']);
  assert.equal(await it.metric('missed_total'), 5);
  assert.ok(it.messages.includes('warn: pings missed'));
});

test('a source that is changed fires what it is now, and one that is not right any more fires nothing', async (t) => {
  const it = await stage(t, { sources: [['a', { data: 'old' }]] });
  await it.clock.advance(30_000);
  it.put(pingSource('a', { data: 'new' }, it.sink.url));
  await it.clock.advance(31_000);
  await arrive(it.sink, ['a 00:01']);
  assert.equal(it.sink.accepted()[0]?.body.toString(), 'new');
  it.put(pingSource('a', { schedule: 'x' }, it.sink.url));
  await it.clock.advance(2 * MINUTE);
  assert.equal(it.sink.received.length, 1);
});

test('a memory that cannot be read is told', async (t) => {
  const { messages } = await stage(t, { stored: '{', sources: [] });
  assert.deepEqual(messages.slice(0, 1), ['error: what was fired before cannot be read; it may be repeated']);
});

test('a memory of times that have not come is not believed', async (t) => {
  const it = await stage(t, {
    stored: packMemory({ until: Date.UTC(2026) + 24 * 60 * MINUTE, unsettled: [] }),
    sources: [['a']],
  });
  await it.clock.advance(2 * MINUTE);
  await arrive(it.sink, ['a 00:00', 'a 00:01']);
  assert.equal(it.messages.filter((message) => message.includes('have not come')).length, 1);
});

test('a clock that goes back fires from where it is, under the ids of the times', async (t) => {
  const it = await stage(t, { sources: [['a']] });
  await it.clock.advance(2 * MINUTE);
  await arrive(it.sink, ['a 00:01']);
  const DAY = 24 * 60 * MINUTE;
  it.pause(DAY);
  await it.clock.advance(2_000);
  const before = it.sink.received.length;
  it.pause(-DAY);
  await it.clock.advance(3 * MINUTE);
  await eventually('what comes after it', () => it.sink.received.length === before + 3);
  assert.deepEqual(idsOf(it.sink).slice(-3), ['a 00:03', 'a 00:04', 'a 00:05']);
  assert.equal(it.messages.filter((message) => message.includes('went back')).length, 1);
});
