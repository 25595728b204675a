import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '../../src/adapter/metrics.ts';
import { type PipelineIo, runPipeline } from '../../src/adapter/pipeline.ts';
import { createLedger } from '../../src/checkpoint/ledger.ts';
import type { Outgoing } from '../../src/delivery/lanes.ts';
import { compileFilters } from '../../src/events/filters/compile-filters.ts';
import { createRecentIds } from '../../src/events/recent-ids.ts';
import type { Change } from '../../src/watch/change.ts';
import { createKnownObjects } from '../../src/watch/known-objects.ts';
import type { Stream } from '../../src/watch/requests.ts';
import { changeOf, originOf, PODS } from '../events/changes.ts';
import { fakeClock } from '../support/fake-clock.ts';

const ALL_PODS: Stream = {
  resource: PODS,
  namespace: undefined,
  labelSelector: undefined,
  carries: 'objects',
  initialEvents: 'none',
};

interface Told {
  readonly sent: readonly Outgoing[];
  readonly suppressed: (reason: string) => Promise<number | undefined>;
  readonly troubles: (kind: string) => Promise<number | undefined>;
  /** Where the stream would resume now. */
  readonly position: string | undefined;
}

/** One step with these changes, through a pipeline whose lanes deliver at once. */
async function tell(
  changes: readonly Change[],
  options: { filters?: unknown; overrides?: Record<string, string>; more?: Partial<PipelineIo> } = {},
): Promise<Told> {
  const filters = compileFilters(options.filters ?? []);
  if (filters.is === 'wrong') throw new Error(JSON.stringify(filters.problems));
  const clock = fakeClock();
  const metrics = createMetrics(() => ({ inFlight: 0, queued: 0, queuedBytes: 0 }));
  const sent: Outgoing[] = [];
  const io: PipelineIo = {
    lanes: {
      send: (outgoing) => {
        sent.push(outgoing);
        outgoing.settled('delivered');
      },
      room: () => undefined,
      wake: () => undefined,
      idle: async () => undefined,
      gauges: () => ({ inFlight: 0, queued: 0, queuedBytes: 0 }),
    },
    recent: undefined,
    clock,
    metrics,
    report: { tell: () => undefined, settled: () => undefined },
    whereabouts: { unselected: async () => new Set() },
    filters,
    isOwn: () => false,
    ...options.more,
  };
  const ledger = createLedger(createKnownObjects(), undefined);
  const steps = (async function* () {
    yield { changes, epoch: 0, resumeAt: '99' };
  })();
  const origin = originOf({ overrides: options.overrides ?? {} });
  await runPipeline(ALL_PODS, steps, origin, ledger, io, new AbortController().signal);
  const counted = async (name: string, label: string, value: string): Promise<number | undefined> => {
    const { values = [] } = (await metrics.registry.getSingleMetric(name)?.get()) ?? {};
    return values.find(({ labels }) => labels[label] === value)?.value;
  };
  return {
    sent,
    suppressed: (reason) => counted('watchbridge_suppressed_total', 'reason', reason),
    troubles: (kind) => counted('watchbridge_filter_troubles_total', 'kind', kind),
    position: ledger.position()?.resourceVersion,
  };
}

test('an event that a filter excludes is counted and settled, and never sent', async () => {
  const filters = [{ exact: { type: 'dev.knative.apiserver.resource.update' } }];
  const told = await tell([changeOf({ type: 'add' }), changeOf({ type: 'update' })], { filters });
  assert.deepEqual(
    told.sent.map(({ event }) => event.type),
    ['dev.knative.apiserver.resource.update'],
  );
  assert.equal(await told.suppressed('filtered'), 1);
  assert.equal(told.position, '99');
});

test('a filter judges the event before ceOverrides, and the sink gets it after them', async () => {
  const told = await tell([changeOf({})], { filters: [{ exact: { kind: 'Pod' } }], overrides: { kind: 'Thing' } });
  assert.equal(told.sent[0]?.event.extensions['kind'], 'Thing');
});

test('an expression that comes to nothing does not match, and is counted by its reason', async () => {
  const told = await tell([changeOf({})], { filters: [{ cesql: "missing = 'x'" }] });
  assert.equal(told.sent.length, 0);
  assert.equal(await told.troubles('missingAttribute'), 1);
});

test('a change that two streams see is sent once', async () => {
  const recent = createRecentIds(10);
  const change = changeOf({});
  const told = await tell([change, change], { more: { recent } });
  assert.equal(told.sent.length, 1);
  assert.equal(await told.suppressed('repeated'), 1);
});

test("the adapter's own objects are never told", async () => {
  const told = await tell([changeOf({})], { more: { isOwn: () => true } });
  assert.equal(told.sent.length, 0);
  assert.equal(await told.suppressed('own'), 1);
  assert.equal(told.position, '99');
});
