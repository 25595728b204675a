import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dueTimes } from '../../../src/sources/ping/adapter/due-times.ts';
import { nextTime } from '../../../src/sources/ping/next-time.ts';
import { readSchedule } from '../../../src/sources/ping/schedule.ts';

const ROWS: readonly (readonly [
  what: string,
  schedule: string,
  from: string,
  now: string,
  send: string[],
  missed: number,
])[] = [
  ['nothing before its time', '* * * * *', '12:00:00', '12:00:59', [], 0],
  ['a time in time', '* * * * *', '12:00:30', '12:01:00', ['12:01:00'], 0],
  ['a time that is half a minute late', '* * * * *', '12:00:30', '12:01:30', ['12:01:00'], 0],
  ['every time of the last minute', '*/20 * * * * *', '12:00:00', '12:01:01', ['12:00:20', '12:00:40', '12:01:00'], 0],
  [
    'after a pause those of the last minute',
    '*/20 * * * * *',
    '12:00:00',
    '13:00:01',
    ['12:59:20', '12:59:40', '13:00:00'],
    100,
  ],
  ['after a pause the newest one', '*/5 * * * *', '12:00:00', '12:33:00', ['12:30:00'], 5],
  ['a daily time that is hours late', '0 2 * * *', '01:00:00', '23:30:00', ['02:00:00'], 0],
  ['times that come every second of one hour', '* * 3 * * *', '01:00:00', '23:30:00', ['03:59:59'], 100],
];

for (const [what, text, from, now, send, missed] of ROWS) {
  test(`${what}: ${text} from ${from} at ${now}`, () => {
    const read = readSchedule(text, undefined);
    assert.ok(read.is === 'schedule');
    const due = dueTimes((after) => nextTime(read.schedule, after), at(from), at(now));
    assert.deepEqual(due, { send: send.map(at), missed });
  });
}

test('a time that is more than a day late is missed', () => {
  const read = readSchedule('0 0 1 * *', undefined);
  assert.ok(read.is === 'schedule');
  const due = dueTimes((after) => nextTime(read.schedule, after), Date.UTC(2026, 0, 2), Date.UTC(2026, 2, 5));
  assert.deepEqual(due, { send: [], missed: 2 });
});

function at(time: string): number {
  return Date.parse(`2026-01-05T${time}Z`);
}
