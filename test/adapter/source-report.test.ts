import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { encodeReport, parseReport, type SourceReport } from '../../src/adapter/source-report.ts';

const LEAST: SourceReport = {
  streams: { total: 1, established: 1, problems: [] },
  delivery: { state: 'ok' },
  checkpoint: { state: 'off' },
  gaps: 0,
};

const sentence = fc.string({ maxLength: 100 });
const time = fc
  .date({ min: new Date(0), max: new Date('2200-01-01'), noInvalidDate: true })
  .map((it) => it.toISOString());
const anyReport = fc.record(
  {
    streams: fc.record({ total: fc.nat(), established: fc.nat(), problems: fc.array(sentence, { maxLength: 3 }) }),
    delivery: fc.record(
      { state: fc.constantFrom('ok', 'away', 'failing'), message: sentence },
      { requiredKeys: ['state'] },
    ),
    checkpoint: fc.record(
      { state: fc.constantFrom('ok', 'failing', 'off'), message: sentence },
      { requiredKeys: ['state'] },
    ),
    lastEventTime: time,
    lagSeconds: fc.nat(),
    gaps: fc.nat(),
    lastGap: fc.record({ time, reason: sentence, lost: sentence }),
    clearSecrets: fc.constant(true as const),
  },
  { requiredKeys: ['streams', 'delivery', 'checkpoint', 'gaps'], noNullPrototype: true },
);

test('what is reported is what is read', () => {
  fc.assert(
    fc.property(anyReport, (report) => {
      assert.deepEqual(parseReport(encodeReport(report)), { is: 'report', report: structuredClone(report) });
    }),
  );
});

test('a report is compact JSON with the members that were agreed upon', () => {
  const report: SourceReport = {
    ...LEAST,
    delivery: { state: 'away', message: 'The sink takes no events.' },
    lastEventTime: '2026-01-01T00:00:00.000Z',
    lagSeconds: 7,
    gaps: 1,
    lastGap: { time: '2026-01-01T00:00:00.000Z', reason: 'expired', lost: 'states' },
    clearSecrets: true,
  };
  assert.equal(
    encodeReport(report),
    '{"streams":{"total":1,"established":1,"problems":[]},"delivery":{"state":"away","message":"The sink takes no events."},' +
      '"checkpoint":{"state":"off"},"lastEventTime":"2026-01-01T00:00:00.000Z","lagSeconds":7,"gaps":1,' +
      '"lastGap":{"time":"2026-01-01T00:00:00.000Z","reason":"expired","lost":"states"},"clearSecrets":true}',
  );
});

test('of many problems the first three are told, and long texts are cut, so that a report stays under 4 KiB', () => {
  const long = 'x'.repeat(10_000);
  const text = encodeReport({
    ...LEAST,
    streams: { total: 9, established: 0, problems: Array.from({ length: 9 }, (_, i) => `${i}${long}`) },
    delivery: { state: 'failing', message: long },
    checkpoint: { state: 'failing', message: long },
  });
  assert.ok(text.length < 4_096, `${text.length} characters`);
  const read = parseReport(text);
  assert.ok(read.is === 'report');
  assert.deepEqual(
    read.report.streams.problems.map((it) => it[0]),
    ['0', '1', '2'],
  );
  assert.match(read.report.delivery.message ?? '', /^x{399}…$/);
});

test('what a newer adapter adds is left out, and what is no report is said to be none', () => {
  const newer = parseReport(JSON.stringify({ ...LEAST, mood: 'fine', delivery: { state: 'ok', since: 7 } }));
  assert.deepEqual(newer, { is: 'report', report: LEAST });
  assert.deepEqual(parseReport(undefined), { is: 'absent' });
  const rows: [text: string, why: RegExp][] = [
    ['', /it is not JSON/],
    ['[]', /expected object/],
    ['{}', /streams: /],
    [JSON.stringify({ ...LEAST, delivery: { state: 'odd' } }), /delivery\.state: /],
    [JSON.stringify({ ...LEAST, gaps: -1 }), /gaps: /],
    [JSON.stringify({ ...LEAST, lastEventTime: 'today' }), /lastEventTime: /],
  ];
  for (const [text, why] of rows) {
    const read = parseReport(text);
    assert.ok(read.is === 'unusable', text);
    assert.match(read.sentence, why);
  }
});
