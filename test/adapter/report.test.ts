import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '../../src/adapter/metrics.ts';
import { reportStream } from '../../src/adapter/report.ts';
import { createStreamBoard } from '../../src/adapter/stream-board.ts';
import type { DeliveryNews, SinkName } from '../../src/delivery/lanes.ts';
import { createDeliveryReport, type DeliveryReport } from '../../src/delivery/report.ts';
import { KubeError } from '../../src/kube/errors.ts';
import type { StreamNews } from '../../src/watch/stream-news.ts';
import { RESET, status } from '../delivery/outcomes.ts';
import { changeOf } from '../events/changes.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { recordedLog, type RecordedLog } from './recorded-log.ts';

const IDLE = { inFlight: 0, queued: 0, queuedBytes: 0 };
const EVENT = { id: '5ca1ab1e.0.u.7', source: '/s', type: 't', subject: '/apis/v1/x', extensions: {} };
const { object } = changeOf({});

/** Which series are not zero. */
async function counted({ registry }: ReturnType<typeof createMetrics>): Promise<string[]> {
  const lines = (await registry.metrics()).split('\n');
  return lines.filter((line) => /^watchbridge_.* [1-9]/.test(line)).map((line) => line.replace('watchbridge_', ''));
}

test('what a stream says becomes a log line, a count and a standing', async () => {
  const error = new KubeError('forbidden', 'The API server forbids it.');
  const found = { objects: 5, added: 1, updated: 2, deleted: 3 };
  const listed = { is: 'listed', since: '5', resourceVersion: '9', lost: 'states', found } as const;
  const gap = { since: '5', resourceVersion: '9', lost: 'states', ...found };
  const failing = [`pods.v1: ${error.message}`];
  const starting = ['pods.v1: starting'];
  const rows: [StreamNews, line: string, fields: object, counted: string[], lines: string[]][] = [
    [
      { is: 'established', resourceVersion: '7' },
      'debug: watch established',
      { resourceVersion: '7' },
      ['stream_established{stream="pods.v1"} 1'],
      ['pods.v1: established'],
    ],
    [
      { is: 'relearned', resourceVersion: '7', objects: 3 },
      'info: what exists was not known; it is now',
      { resourceVersion: '7', objects: 3 },
      [],
      starting,
    ],
    [
      { is: 'closed' },
      'debug: watch closed by the server',
      {},
      ['watch_interruptions_total{reason="closed"} 1'],
      starting,
    ],
    [
      { is: 'interrupted', error, waitMs: 1_234.5 },
      'warn: watch interrupted',
      { reason: 'forbidden', waitMs: 1_235, detail: error.message },
      ['watch_interruptions_total{reason="forbidden"} 1'],
      failing,
    ],
    [
      { is: 'rewound', position: '9', head: '5' },
      'error: the API server went back in time; every object is told again',
      { position: '9', head: '5' },
      [],
      starting,
    ],
    [{ is: 'listing', why: 'start' }, 'debug: listing objects', { why: 'start' }, [], starting],
    [{ is: 'listing', why: 'expired' }, 'warn: listing objects', { why: 'expired' }, [], starting],
    [
      { ...listed, why: 'start' },
      'info: objects listed',
      { objects: 5, resourceVersion: '9' },
      ['lists_total{why="start"} 1'],
      starting,
    ],
    [
      { ...listed, why: 'expired' },
      'warn: gap in the history closed by comparison',
      { why: 'expired', ...gap },
      [
        'lists_total{why="expired"} 1',
        'gaps_total{reason="expired",lost="states"} 1',
        'recovered_total{reason="expired",type="add"} 1',
        'recovered_total{reason="expired",type="update"} 2',
        'recovered_total{reason="expired",type="delete"} 3',
      ],
      starting,
    ],
    [
      { is: 'suppressed', reason: 'backInTime', object },
      'debug: object not told',
      { reason: 'backInTime', ...object },
      ['suppressed_total{reason="backInTime"} 1'],
      starting,
    ],
    [
      { is: 'audited', resourceVersion: '9', differences: 0 },
      'debug: audit found no difference',
      { resourceVersion: '9' },
      ['audits_total 1'],
      starting,
    ],
    [
      { is: 'audited', resourceVersion: '9', differences: 2 },
      'error: the API server kept changes from the watch; they are told now',
      { resourceVersion: '9', differences: 2 },
      ['audits_total 1', 'audit_differences_total 2'],
      starting,
    ],
    [
      { is: 'malformed', sentence: 'A line is no JSON.' },
      'error: answer not understood',
      { detail: 'A line is no JSON.' },
      ['malformed_total 1'],
      starting,
    ],
    [
      { is: 'gone', error },
      'warn: resource is not served any more',
      { detail: error.message },
      ['watch_interruptions_total{reason="notFound"} 1'],
      failing,
    ],
  ];
  for (const [news, line, fields, series, lines] of rows) {
    const { log, messages, entries } = recordedLog('debug');
    const metrics = createMetrics(() => IDLE);
    const board = createStreamBoard(metrics.established);
    board.set('pods.v1', { is: 'starting' });
    reportStream('pods.v1', { log, metrics, board })(news);
    assert.deepEqual(messages, [line]);
    const { level: _level, ts: _ts, logger: _logger, msg: _msg, ...rest } = entries[0] ?? {};
    assert.deepEqual(rest, { stream: 'pods.v1', ...fields });
    assert.deepEqual(await counted(metrics), series, line);
    assert.deepEqual(board.lines(), lines, line);
  }
});

interface Stage extends RecordedLog {
  readonly report: DeliveryReport;
  readonly metrics: ReturnType<typeof createMetrics>;
  readonly clock: FakeClock;
}

function stage(): Stage {
  const recorded = recordedLog();
  const metrics = createMetrics(() => IDLE);
  const clock = fakeClock();
  return { ...recorded, metrics, clock, report: createDeliveryReport({ log: recorded.log, metrics, clock }) };
}

function retrying(more: Partial<Extract<DeliveryNews, { is: 'retrying' }>> = {}): DeliveryNews {
  const common = { event: EVENT, by: 'sink', attempt: 1, reason: 'reset', afterMs: 250, asked: false } as const;
  return { is: 'retrying', ...common, outcome: RESET, ...more };
}

function fieldsOf({ entries }: Stage, index: number): Record<string, unknown> {
  const { level: _level, ts: _ts, logger: _logger, msg: _msg, ...fields } = entries[index] ?? {};
  return fields;
}

test('trouble with the sink is told when it begins, every ten seconds, and at its end', async () => {
  const it = stage();
  for (let second = 0; second < 25; second++) {
    it.report.tell(retrying({ attempt: second + 1 }));
    await it.clock.advance(1_000);
  }
  const trying = 'warn: sink does not take events; trying again';
  assert.deepEqual(it.messages, [trying, trying, trying]);
  const common = { by: 'sink', reason: 'reset', detail: 'ECONNRESET' };
  assert.deepEqual(fieldsOf(it, 0), { ...common, attempt: 1, retries: 1, lastedMs: 0 });
  assert.deepEqual(fieldsOf(it, 2), { ...common, attempt: 21, retries: 21, lastedMs: 20_000 });
  it.report.settled('dropped');
  it.report.settled('delivered');
  it.report.settled('delivered');
  assert.deepEqual(it.messages.slice(3), ['info: sink takes events again']);
  assert.deepEqual(fieldsOf(it, 3), { by: 'sink', retries: 25, lastedMs: 25_000 });
  assert.deepEqual(await counted(it.metrics), ['delivery_retries_total{reason="reset"} 25']);
});

test('a sink that takes every other event does not fill the log', async () => {
  const it = stage();
  for (let i = 0; i < 6_000; i++) {
    it.report.tell(retrying({ reason: '503', outcome: status(503) }));
    it.report.settled('delivered');
    if (i % 200 === 199) await it.clock.advance(1_000);
  }
  // Thirty seconds, and in each ten of them a begin and an end.
  assert.equal(it.messages.length, 6, it.messages.slice(0, 10).join());
  assert.equal(fieldsOf(it, 0)['detail'], 'status 503');
});

test('trouble with the dead letter sink is told apart from trouble with the sink', async () => {
  const it = stage();
  it.report.tell(retrying());
  it.report.tell(retrying({ by: 'deadLetterSink' }));
  it.report.settled('dropped');
  assert.equal(it.messages.length, 2);
  it.report.settled('deadLettered');
  it.report.settled('delivered');
  const told = it.entries.map((entry) => [entry['msg'], entry['by']]);
  assert.deepEqual(told, [
    ['sink does not take events; trying again', 'sink'],
    ['sink does not take events; trying again', 'deadLetterSink'],
    ['sink takes events again', 'deadLetterSink'],
    ['sink takes events again', 'sink'],
  ]);
});

test('every refused event is told and counted, but never shown', async () => {
  const it = stage();
  for (const by of ['sink', 'deadLetterSink'] satisfies SinkName[]) {
    it.report.tell({ is: 'refused', event: { ...EVENT, data: Buffer.from('secret') }, by, reason: '400' });
  }
  assert.deepEqual(it.messages, ['error: event refused', 'error: event refused']);
  assert.deepEqual(fieldsOf(it, 1), { id: EVENT.id, subject: EVENT.subject, by: 'deadLetterSink', reason: '400' });
  assert.deepEqual(await counted(it.metrics), [
    'refusals_total{by="sink",reason="400"} 1',
    'refusals_total{by="deadLetterSink",reason="400"} 1',
  ]);
});

test('a sink that is away is told, shown, and told again when it is back', async () => {
  const it = stage();
  it.report.tell({ is: 'away' });
  assert.deepEqual(await counted(it.metrics), ['sink_away 1']);
  it.report.tell({ is: 'back' });
  assert.deepEqual(await counted(it.metrics), []);
  assert.deepEqual(it.messages, [
    'warn: sink counts as away; single events are tried until one is taken',
    'info: sink is back',
  ]);
});
