import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Registry } from 'prom-client';
import { type AdapterMetrics, createMetrics } from '../../src/adapter/metrics.ts';
import { changeOf } from '../events/changes.ts';

/** Everything that dashboards and alerts rely on: a name, its type, and the label values that exist from the start. */
const FAILURES = 'connect tls dns timeout reset protocol token 404 408 409 425 429 500 502 503 504';
const REFUSALS = '301 302 307 308 400 401 403 405 406 410 413 414 415 422 431';
const METRICS: Record<string, [type: string, labels: Record<string, string>]> = {
  watchbridge_changes_total: ['counter', { type: 'add update delete', found_by: 'watch list comparison' }],
  watchbridge_suppressed_total: [
    'counter',
    {
      reason:
        'duplicate backInTime unselected outside left repeated own unchanged when noTransition series debounced filtered',
    },
  ],
  watchbridge_filter_troubles_total: [
    'counter',
    { kind: 'notBoolean missingAttribute cast math functionEvaluation missingFunction' },
  ],
  watchbridge_when_troubles_total: ['counter', { kind: 'missing overload notBoolean cost malformed value' }],
  watchbridge_payload_lacks_total: ['counter', { what: 'tooLarge malformed extension' }],
  watchbridge_clear_secrets: ['gauge', {}],
  watchbridge_events_settled_total: ['counter', { as: 'delivered deadLettered dropped' }],
  watchbridge_delivery_retries_total: ['counter', { reason: FAILURES }],
  watchbridge_refusals_total: ['counter', { by: 'sink deadLetterSink', reason: `${REFUSALS} ${FAILURES}` }],
  watchbridge_sink_away: ['gauge', {}],
  watchbridge_watch_interruptions_total: [
    'counter',
    {
      reason:
        'closed unreachable timedOut silent unauthorized forbidden notFound expired tooLargeResourceVersion invalid throttled serverError malformed credentials',
    },
  ],
  watchbridge_lists_total: ['counter', { why: 'start expired unintelligible rewound audit' }],
  watchbridge_gaps_total: ['counter', { reason: 'expired unintelligible rewound audit', lost: 'states deletes' }],
  watchbridge_recovered_total: [
    'counter',
    { reason: 'expired unintelligible rewound audit', type: 'add update delete' },
  ],
  watchbridge_audits_total: ['counter', {}],
  watchbridge_audit_differences_total: ['counter', {}],
  watchbridge_malformed_total: ['counter', {}],
  watchbridge_checkpoint_writes_total: ['counter', { what: 'index lease' }],
  watchbridge_checkpoint_bytes_total: ['counter', {}],
  watchbridge_checkpoint_failures_total: [
    'counter',
    {
      what: 'index lease load',
      reason:
        'unreachable timedOut unauthorized forbidden notFound conflict alreadyExists invalid throttled serverError malformed credentials',
    },
  ],
  watchbridge_stream_established: ['gauge', {}],
  watchbridge_settle_seconds: ['histogram', {}],
  watchbridge_events_in_flight: ['gauge', {}],
  watchbridge_events_queued: ['gauge', {}],
  watchbridge_queued_bytes: ['gauge', {}],
  watchbridge_position_age_seconds: ['gauge', {}],
  watchbridge_checkpoint_age_seconds: ['gauge', {}],
};

const IDLE = { inFlight: 0, queued: 0, queuedBytes: 0 };

/** Every series and its value: `watchbridge_lists_total{why="start"}`. */
async function seriesOf(registry: Registry): Promise<Map<string, number>> {
  const text = await registry.metrics();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

/** All series that a metric with these label values has. */
function seriesNamed(name: string, labels: Record<string, string>): string[] {
  const combinations = Object.entries(labels).reduce<string[]>(
    (made, [label, values]) =>
      made.flatMap((one) => values.split(' ').map((value) => `${one}${one === '' ? '' : ','}${label}="${value}"`)),
    [''],
  );
  return combinations.map((it) => (it === '' ? name : `${name}{${it}}`));
}

test('there are exactly the metrics that are promised, with all their series, and all are born at zero', async () => {
  const { registry } = createMetrics(() => IDLE);
  const types = (await registry.getMetricsAsJSON()).map(({ name, type }) => [name, String(type)] as const);
  const wanted = Object.entries(METRICS).map(([name, [type]]) => [name, type] as const);
  assert.deepEqual(new Map(types), new Map(wanted));
  const series = await seriesOf(registry);
  const expected = Object.entries(METRICS).flatMap(([name, [type, labels]]) =>
    type === 'histogram' || name === 'watchbridge_stream_established' ? [] : seriesNamed(name, labels),
  );
  const found = [...series.keys()].filter((it) => !it.startsWith('watchbridge_settle_seconds'));
  assert.deepEqual(new Set(found), new Set(expected));
  for (const [name, value] of series) assert.equal(value, 0, name);
});

test('each happening moves its own series by one, and nothing else', async () => {
  const rows: [happen: (metrics: AdapterMetrics) => void, series: string[]][] = [
    [
      (it) => it.changed(changeOf({ type: 'delete', foundBy: 'comparison' })),
      ['watchbridge_changes_total{type="delete",found_by="comparison"}'],
    ],
    [(it) => it.suppressed('own'), ['watchbridge_suppressed_total{reason="own"}']],
    [(it) => it.whenTrouble('cost'), ['watchbridge_when_troubles_total{kind="cost"}']],
    [(it) => it.lacking('tooLarge'), ['watchbridge_payload_lacks_total{what="tooLarge"}']],
    [(it) => it.clearSecrets(true), ['watchbridge_clear_secrets']],
    [(it) => it.retried('503'), ['watchbridge_delivery_retries_total{reason="503"}']],
    [(it) => it.retried('599'), ['watchbridge_delivery_retries_total{reason="599"}']],
    [(it) => it.refused('deadLetterSink', '413'), ['watchbridge_refusals_total{by="deadLetterSink",reason="413"}']],
    [(it) => it.sinkAway(true), ['watchbridge_sink_away']],
    [(it) => it.interrupted('expired'), ['watchbridge_watch_interruptions_total{reason="expired"}']],
    [(it) => it.listed('rewound'), ['watchbridge_lists_total{why="rewound"}']],
    [
      (it) => it.gap('expired', 'states', { added: 1, updated: 0, deleted: 1 }),
      [
        'watchbridge_gaps_total{reason="expired",lost="states"}',
        'watchbridge_recovered_total{reason="expired",type="add"}',
        'watchbridge_recovered_total{reason="expired",type="delete"}',
      ],
    ],
    [(it) => it.audited(0), ['watchbridge_audits_total']],
    [(it) => it.audited(1), ['watchbridge_audit_differences_total', 'watchbridge_audits_total']],
    [(it) => it.malformed(), ['watchbridge_malformed_total']],
    [(it) => it.checkpointed('lease'), ['watchbridge_checkpoint_writes_total{what="lease"}']],
    [
      (it) => it.checkpointed('index', 1),
      ['watchbridge_checkpoint_bytes_total', 'watchbridge_checkpoint_writes_total{what="index"}'],
    ],
    [
      (it) => it.checkpointFailed('load', 'malformed'),
      ['watchbridge_checkpoint_failures_total{what="load",reason="malformed"}'],
    ],
    [(it) => it.established('pods.v1', true), ['watchbridge_stream_established{stream="pods.v1"}']],
  ];
  for (const [happen, expected] of rows) {
    const metrics = createMetrics(() => IDLE);
    happen(metrics);
    const moved = [...(await seriesOf(metrics.registry))].filter(([, value]) => value !== 0);
    assert.deepEqual(new Map(moved), new Map(expected.map((name) => [name, 1])));
  }
});

test('a settled event is counted and timed', async () => {
  const metrics = createMetrics(() => IDLE);
  metrics.settled('deadLettered', 0.02);
  metrics.settled('delivered', 4_000);
  const series = await seriesOf(metrics.registry);
  const valueOf = (name: string) => series.get(name);
  assert.equal(valueOf('watchbridge_events_settled_total{as="deadLettered"}'), 1);
  assert.equal(valueOf('watchbridge_settle_seconds_bucket{le="0.01"}'), 0);
  assert.equal(valueOf('watchbridge_settle_seconds_bucket{le="0.05"}'), 1);
  assert.equal(valueOf('watchbridge_settle_seconds_bucket{le="1800"}'), 1);
  assert.equal(valueOf('watchbridge_settle_seconds_count'), 2);
});

test('gauges tell the present', async () => {
  let gauges = { inFlight: 1, queued: 2, queuedBytes: 3 };
  const metrics = createMetrics(() => gauges);
  const told = async () => {
    const series = await seriesOf(metrics.registry);
    return ['events_in_flight', 'events_queued', 'queued_bytes'].map((name) => series.get(`watchbridge_${name}`));
  };
  assert.deepEqual(await told(), [1, 2, 3]);
  gauges = { inFlight: 4, queued: 5, queuedBytes: 6 };
  assert.deepEqual(await told(), [4, 5, 6]);
  metrics.sinkAway(true);
  metrics.sinkAway(false);
  assert.equal((await seriesOf(metrics.registry)).get('watchbridge_sink_away'), 0);
});

test('ages are those of the moment when they are asked for', async () => {
  let ages = { positionSeconds: 0, storedSeconds: 0 };
  const metrics = createMetrics(
    () => IDLE,
    () => ages,
  );
  ages = { positionSeconds: 7.5, storedSeconds: 5 };
  const series = await seriesOf(metrics.registry);
  assert.equal(series.get('watchbridge_position_age_seconds'), 7.5);
  assert.equal(series.get('watchbridge_checkpoint_age_seconds'), 5);
});

test('a stream that is no more has no series', async () => {
  const metrics = createMetrics(() => IDLE);
  const streams = async () => [...(await seriesOf(metrics.registry))].filter(([name]) => name.includes('established'));
  metrics.established('pods.v1', true);
  metrics.established('a"\n', false);
  assert.deepEqual(await streams(), [
    ['watchbridge_stream_established{stream="pods.v1"}', 1],
    ['watchbridge_stream_established{stream="a\\"\\n"}', 0],
  ]);
  metrics.established('pods.v1', undefined);
  metrics.established('never', undefined);
  assert.deepEqual(
    (await streams()).map(([name]) => name),
    ['watchbridge_stream_established{stream="a\\"\\n"}'],
  );
});

test('the documentation has each metric with its type and its labels', () => {
  const text = readFileSync(new URL('../../docs/reference/metrics.md', import.meta.url), 'utf8');
  const rows = text.split('\n').filter((line) => /^\| `watchbridge_(?!controller_|ping_|webhook_)/.test(line));
  const documented = rows.map((row) => {
    const [, name = '', type, labels = ''] = row.split('|').map((cell) => cell.trim());
    return [
      name.replaceAll('`', ''),
      type,
      labels
        .split(';')
        .map((label) => /^\s*`(\w+)`/.exec(label)?.[1] ?? '')
        .join(),
    ];
  });
  const real = Object.entries(METRICS).map(([name, [type, labels]]) => [
    name,
    type,
    name === 'watchbridge_stream_established' ? 'stream' : Object.keys(labels).join(),
  ]);
  assert.deepEqual(documented, real);
});
