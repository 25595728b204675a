import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PayloadConfig } from '../../src/adapter/payload-config.ts';
import { type PipelineIo, runPipeline } from '../../src/adapter/pipeline.ts';
import { createLedger } from '../../src/checkpoint/ledger.ts';
import { createDebounce } from '../../src/delivery/debounce.ts';
import type { Outgoing } from '../../src/delivery/lanes.ts';
import type { Condition } from '../../src/events/conditions/condition.ts';
import type { Origin } from '../../src/events/from-change.ts';
import { compileFilters } from '../../src/events/filters/compile-filters.ts';
import { createRecentIds } from '../../src/events/recent-ids.ts';
import type { Change } from '../../src/watch/change.ts';
import { createKnownObjects } from '../../src/watch/known-objects.ts';
import type { Stream } from '../../src/watch/requests.ts';
import type { Step } from '../../src/watch/watch-stream.ts';
import { changeOf, originOf, PODS } from '../events/changes.ts';
import { deliveringIo } from './pipeline-io.ts';

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
  readonly lacks: (what: string) => Promise<number | undefined>;
  /** Where the stream would resume now. */
  readonly position: string | undefined;
}

/** One step with these changes, through a pipeline whose lanes deliver at once. */
async function tell(
  changes: readonly Change[],
  options: {
    filters?: unknown;
    overrides?: Record<string, string>;
    payload?: PayloadConfig;
    conditions?: Condition[];
    debounceMs?: number;
    origin?: Partial<Origin>;
    more?: Partial<PipelineIo>;
  } = {},
): Promise<Told> {
  const filters = compileFilters(options.filters ?? []);
  if (filters.is === 'wrong') throw new Error(JSON.stringify(filters.problems));
  const delivering = deliveringIo(options.payload);
  const { clock, metrics, sent } = delivering;
  const { signal } = new AbortController();
  const debounce = options.debounceMs === undefined ? undefined : createDebounce({ ...delivering, signal });
  const io: PipelineIo = { ...delivering, filters, debounce, ...options.more };
  const ledger = createLedger({ known: createKnownObjects(), start: undefined, clock });
  const steps = (async function* () {
    yield { changes, epoch: 0, resumeAt: '99' };
  })();
  const origin = originOf({ overrides: options.overrides ?? {}, ...options.origin });
  await runPipeline(ALL_PODS, steps, origin, ledger, io, signal, options);
  const counted = async (name: string, label: string, value: string): Promise<number | undefined> => {
    const { values = [] } = (await metrics.registry.getSingleMetric(name)?.get()) ?? {};
    return values.find(({ labels }) => labels[label] === value)?.value;
  };
  return {
    sent,
    suppressed: (reason) => counted('watchbridge_suppressed_total', 'reason', reason),
    troubles: (kind) => counted('watchbridge_filter_troubles_total', 'kind', kind),
    lacks: (what) => counted('watchbridge_payload_lacks_total', 'what', what),
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

test('a change that a condition stops is counted by its reason and settled, and another stream may still tell it', async () => {
  const recent = createRecentIds(10);
  const never: Condition = { reason: 'unchanged', holds: () => false };
  const told = await tell([changeOf({})], { conditions: [never], more: { recent } });
  assert.equal(told.sent.length, 0);
  assert.equal(await told.suppressed('unchanged'), 1);
  assert.equal(told.position, '99');
  const other = await tell([changeOf({})], { more: { recent } });
  assert.equal(other.sent.length, 1);
});

test('every condition sees every change, and the first that fails gives the reason', async () => {
  const seen: string[] = [];
  const condition = (reason: string, holds: boolean): Condition => ({
    reason,
    holds: ({ type }) => {
      seen.push(`${reason} ${type}`);
      return holds;
    },
  });
  const conditions = [condition('unchanged', false), condition('when', false), condition('other', true)];
  const told = await tell([changeOf({ type: 'update' })], { conditions });
  assert.equal(await told.suppressed('unchanged'), 1);
  assert.deepEqual(seen, ['unchanged update', 'when update', 'other update']);
});

test('an update that is debounced waits unsettled, and a delete takes its place and is sent at once', async () => {
  const object = (resourceVersion: string) => ({ ...changeOf({}).object, resourceVersion });
  const changes = [
    changeOf({ type: 'add', object: object('1') }),
    changeOf({ type: 'update', object: object('2') }),
    changeOf({ type: 'update', object: object('3') }),
    changeOf({ type: 'delete', object: object('4') }),
    changeOf({ type: 'update', object: { ...object('5'), name: 'other' } }),
  ];
  const told = await tell(changes, { debounceMs: 1_000 });
  assert.deepEqual(
    told.sent.map(({ event }) => [event.type.split('.').at(-1), event.extensions['resourceversion']]),
    [
      ['add', '1'],
      ['delete', '4'],
    ],
  );
  assert.equal(await told.suppressed('debounced'), 2);
  // The last one still waits, and holds the position.
  assert.equal(told.position, undefined);
});

test('of two streams that see one object, an update that either holds back is not sent after a newer change', async () => {
  for (const second of [1_000, 5_000, undefined]) {
    const delivering = deliveringIo();
    const { clock, sent } = delivering;
    const { signal } = new AbortController();
    const debounce = createDebounce({ ...delivering, signal });
    const io = { ...delivering, debounce, recent: createRecentIds(10) };
    const [update, gone] = (['update', 'delete'] as const).map((type, i) =>
      changeOf({ type, object: { ...changeOf({}).object, resourceVersion: `1${i}` } }),
    );
    assert.ok(update !== undefined && gone !== undefined);
    const read = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    const first = async function* () {
      yield { changes: [update], epoch: 0, resumeAt: '10' };
      read[0].resolve();
      await read[1].promise;
      yield { changes: [gone], epoch: 0, resumeAt: '11' };
    };
    const other = async function* () {
      await read[0].promise;
      yield { changes: [update], epoch: 0, resumeAt: '10' };
      yield { changes: [gone], epoch: 0, resumeAt: '11' };
      read[1].resolve();
    };
    const ledgers = [1, 2].map(() => createLedger({ known: createKnownObjects(), start: undefined, clock }));
    const run = (steps: AsyncIterable<Step>, i: number, debounceMs: number | undefined) =>
      runPipeline(ALL_PODS, steps, originOf({}), ledgers[i] ?? assert.fail(), io, signal, { debounceMs });
    await Promise.all([run(first(), 0, 1_000), run(other(), 1, second)]);
    await clock.advance(10_000);
    assert.deepEqual(
      sent.map(({ event }) => event.type.split('.').at(-1)),
      ['delete'],
      String(second),
    );
    assert.deepEqual(
      ledgers.map((ledger) => ledger.position()?.resourceVersion),
      ['11', '11'],
    );
  }
});

test('a filter sees the extensions that labels give', async () => {
  const payload = { labelExtensions: { app: 'app' } };
  const change = (app: string) => changeOf({ body: Buffer.from(JSON.stringify({ metadata: { labels: { app } } })) });
  const told = await tell([change('a'), change('b')], { payload, filters: [{ exact: { app: 'b' } }] });
  assert.deepEqual(
    told.sent.map(({ event }) => event.extensions['app']),
    ['b'],
  );
});

test('the data of a Secret is redacted without a word in the configuration', async () => {
  const resource = { ...PODS, plural: 'secrets', kind: 'Secret' };
  const body = Buffer.from('{"kind":"Secret","data":{"p":"Q0FOQVJZ"}}');
  const told = await tell([changeOf({ body })], { origin: { resource } });
  assert.equal(Buffer.from(told.sent[0]?.event.data ?? '').toString(), '{"kind":"Secret","data":{"p":"cmVkYWN0ZWQ="}}');
});

test('an event that carries less than was asked for is sent and counted', async () => {
  const payload = { maxBytes: 1_024, managedFields: 'Drop', annotationExtensions: { note: 'note' } } as const;
  const large = Buffer.from(JSON.stringify({ metadata: { annotations: { note: '\n' } }, spec: 'x'.repeat(1_024) }));
  const told = await tell([changeOf({ body: large }), changeOf({ body: Buffer.from('{"metadata"') })], { payload });
  assert.equal(told.sent.length, 2);
  for (const what of ['tooLarge', 'malformed', 'extension']) assert.equal(await told.lacks(what), 1, what);
});

test('an event that passes alone does not keep the others alive that were read with it', async () => {
  const piece = Buffer.alloc(4_000, ' ');
  const changes = ['add', 'update', 'update', 'update'].map((type, number) => {
    const body = piece.subarray(number * 1_000, (number + 1) * 1_000);
    body.write('{}');
    return changeOf({ type: type as Change['type'], body });
  });
  const all = await tell(changes);
  assert.deepEqual(
    all.sent.map(({ event }) => event.data?.buffer.byteLength),
    [4_000, 4_000, 4_000, 4_000],
  );
  const one = await tell(changes, { filters: [{ exact: { type: 'dev.knative.apiserver.resource.add' } }] });
  assert.deepEqual(
    one.sent.map(({ event }) => event.data?.buffer.byteLength),
    [1_000],
  );
});
