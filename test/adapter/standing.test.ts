import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReport, type ReadReport, REPORT_ANNOTATION, type SourceReport } from '../../src/adapter/source-report.ts';
import { createStanding } from '../../src/adapter/standing.ts';
import { createStreamBoard } from '../../src/adapter/stream-board.ts';
import { RESET } from '../delivery/outcomes.ts';
import { fakeClock } from '../support/fake-clock.ts';

const EVENT = { id: '1', source: '/s', type: 't', extensions: {} };
const FOUND = { objects: 0, added: 0, updated: 0, deleted: 0 };

function stage(before: ReadReport = { is: 'absent' }) {
  const clock = fakeClock();
  const board = createStreamBoard(() => undefined);
  let heldSince: number | undefined;
  const standing = createStanding({ clock, board, heldSince: () => heldSince, clearSecrets: false, before });
  /** As a renewal does. @returns what was written, if anything was */
  const write = (): SourceReport | undefined => {
    const { annotations, written } = standing.due();
    written();
    const read = parseReport(annotations[REPORT_ANNOTATION]);
    return read.is === 'report' ? read.report : undefined;
  };
  return { clock, board, standing, write, hold: (since: number | undefined) => (heldSince = since) };
}

function retrying(reason: string) {
  return { is: 'retrying', event: EVENT, by: 'sink', attempt: 1, reason, afterMs: 1, outcome: RESET } as const;
}

test('the first report is news, and the same again is not', async () => {
  const { standing, write, clock } = stage();
  assert.equal(standing.isNews(), true);
  assert.equal(write()?.gaps, 0);
  assert.equal(standing.isNews(), false);
  await clock.advance(3_600_000);
  assert.equal(standing.isNews(), false);
  assert.equal(write(), undefined);
});

test('what was not written stays news', () => {
  const { standing } = stage();
  standing.due();
  assert.equal(standing.isNews(), true);
});

test('a report whose write was not answered is written again, though its state is what it was before', () => {
  const { standing, write } = stage();
  write();
  standing.delivery({ is: 'away' });
  standing.due();
  standing.delivery({ is: 'back' });
  assert.deepEqual(write()?.delivery, { state: 'ok' });
  assert.equal(write(), undefined);
});

test('every change of a state is news', async () => {
  const it = stage();
  const rows: [what: string, happen: () => unknown, told: (report: SourceReport) => unknown, expected: unknown][] = [
    ['a stream begins', () => it.board.set('a', { is: 'starting' }), (r) => r.streams.total, 1],
    ['it is watched', () => it.board.set('a', { is: 'established' }), (r) => r.streams.established, 1],
    [
      'it fails',
      () => it.board.set('a', { is: 'failing', why: 'The API server forbids it.' }),
      (r) => r.streams.problems,
      ['a: The API server forbids it.'],
    ],
    ['the sink goes', () => it.standing.delivery({ is: 'away' }), (r) => r.delivery.state, 'away'],
    ['it is back', () => it.standing.delivery({ is: 'back' }), (r) => r.delivery, { state: 'ok' }],
    ['the index cannot be written', () => it.standing.index('No.'), (r) => r.checkpoint.message, 'No.'],
    ['it can', () => it.standing.index(undefined), (r) => r.checkpoint, { state: 'ok' }],
    [
      'a gap',
      () =>
        it.standing.stream({
          is: 'listed',
          why: 'expired',
          since: '5',
          resourceVersion: '9',
          lost: 'states',
          found: FOUND,
        }),
      (r) => [r.gaps, r.lastGap],
      [1, { time: '2026-01-01T00:00:00.000Z', reason: 'expired', lost: 'states' }],
    ],
    [
      'a change waits for more than a minute',
      async () => {
        it.standing.delivery(retrying('500'));
        it.hold(0);
        await it.clock.advance(60_001);
      },
      (r) => [r.delivery.state, r.delivery.message, r.lagSeconds],
      ['failing', 'The oldest change waits for more than a minute; the last failure: 500.', 60],
    ],
    ['it does not any more', () => it.hold(undefined), (r) => [r.delivery.state, r.lagSeconds], ['ok', 0]],
    [
      'an event is dropped',
      () => {
        it.standing.delivery({ is: 'refused', event: EVENT, by: 'sink', reason: '413' });
        it.standing.settled('dropped');
      },
      (r) => r.delivery,
      { state: 'failing', message: 'Events were refused and dropped; the last reason: 413.' },
    ],
    ['that was five minutes ago', () => it.clock.advance(300_000), (r) => r.delivery.state, 'ok'],
  ];
  it.write();
  for (const [what, happen, told, expected] of rows) {
    await happen();
    assert.equal(it.standing.isNews(), true, what);
    const report = it.write();
    assert.ok(report !== undefined, what);
    assert.deepEqual(told(report), expected, what);
    assert.equal(it.standing.isNews(), false, what);
  }
});

test('that events flow is no news, and is told with a renewal once a minute', async () => {
  const { standing, write, clock } = stage();
  write();
  const told: (string | undefined)[] = [];
  for (let second = 0; second < 180; second += 5) {
    await clock.advance(5_000);
    standing.settled('delivered');
    assert.equal(standing.isNews(), false);
    const report = write();
    if (report !== undefined) told.push(report.lastEventTime);
  }
  assert.deepEqual(told, ['2026-01-01T00:01:00.000Z', '2026-01-01T00:02:00.000Z', '2026-01-01T00:03:00.000Z']);
});

test('the first list of a stream is no gap, and gaps are counted on from one process to the next', () => {
  const first = stage();
  const listed = { is: 'listed', since: undefined, resourceVersion: '9', lost: 'deletes', found: FOUND } as const;
  first.standing.stream({ ...listed, why: 'start' });
  first.standing.stream({ ...listed, why: 'rewound' });
  const report = first.write();
  assert.ok(report !== undefined);
  assert.equal(report.gaps, 1);
  const second = stage({ is: 'report', report });
  assert.deepEqual(second.write(), report);
  second.standing.stream({ ...listed, why: 'audit' });
  assert.deepEqual([second.write()?.gaps], [2]);
});
