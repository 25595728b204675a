import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cron } from 'croner';
import fc from 'fast-check';
import { nextTime } from '../../../src/sources/ping/next-time.ts';
import { readSchedule, type Schedule } from '../../../src/sources/ping/schedule.ts';

const MINUTE = 60_000;
const DAYS = 86_400_000;

function field(min: number, max: number): fc.Arbitrary<string> {
  const number = fc.integer({ min, max });
  const range = fc.tuple(number, number).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const part = fc.oneof(number.map(String), range);
  return fc.oneof(
    { arbitrary: fc.constant('*'), weight: 2 },
    fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(',')),
  );
}

function scheduleOf(text: string, timezone: string): Schedule {
  const read = readSchedule(text, timezone);
  assert.ok(read.is === 'schedule', JSON.stringify(read));
  return read.schedule;
}

test('in UTC the times are those of another cron library, for years on end', () => {
  const any = fc.tuple(field(0, 59), field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 6));
  fc.assert(
    fc.property(any, fc.integer({ min: Date.UTC(2020), max: Date.UTC(2040) }), (fields, after) => {
      const text = fields.join(' ');
      const theirs = new Cron(text, { timezone: 'UTC', paused: true }).nextRun(new Date(after))?.getTime();
      const ours = nextTime(scheduleOf(text, 'UTC'), after);
      // It looks further ahead than we do.
      assert.equal(ours, theirs !== undefined && theirs - after > 5 * 366 * DAYS ? undefined : theirs);
    }),
    { numRuns: 300 },
  );
});

test('what was asked before changes no answer', () => {
  const text = fc.constantFrom('* * * * *', '*/7 * * * * *', '5,50 2-4 * * *', '0 0 29 2 *');
  const anywhere = fc.record({ from: fc.constant('change'), by: fc.integer({ min: -3 * DAYS, max: 3 * DAYS }) });
  const near = fc.record({ from: fc.constantFrom('change', 'answer'), by: fc.integer({ min: -1_500, max: 1_500 }) });
  const next = fc.record({ from: fc.constant('answer'), by: fc.constantFrom(-1, 0, 1) });
  const asked = fc.array(fc.oneof(anywhere, near, next), { minLength: 2, maxLength: 40 });
  fc.assert(
    fc.property(text, fc.constantFrom(...CHANGES), asked, (schedule, [zone, around], questions) => {
      const same = scheduleOf(schedule, zone);
      let answer = around;
      for (const { from, by } of questions) {
        const after = (from === 'answer' ? answer : around) + by;
        const time = nextTime(same, after);
        assert.equal(time, nextTime(scheduleOf(schedule, zone), after));
        answer = time ?? around;
      }
    }),
  );
});

/** Around a change of the clocks, half an hour of change and a day that was left out among them. */
const CHANGES: readonly (readonly [zone: string, around: number])[] = [
  ['Europe/Berlin', Date.UTC(2026, 2, 29)],
  ['Europe/Berlin', Date.UTC(2026, 9, 25)],
  ['America/New_York', Date.UTC(2026, 10, 1)],
  ['Australia/Lord_Howe', Date.UTC(2026, 3, 4)],
  ['Australia/Lord_Howe', Date.UTC(2026, 9, 3)],
  ['America/Sao_Paulo', Date.UTC(2018, 10, 4)],
  ['Africa/Casablanca', Date.UTC(2026, 1, 15)],
  ['Pacific/Apia', Date.UTC(2011, 11, 30)],
  ['Asia/Kathmandu', Date.UTC(2026, 5, 1)],
];

test('in every zone the next time is the first minute whose local time the schedule holds', () => {
  const any = fc.tuple(
    field(0, 59),
    field(0, 5),
    fc.constantFrom('*', '1', '4', '30', '1-5'),
    fc.constantFrom('*', '0', '6', '1-5'),
  );
  const start = fc.integer({ min: -36 * 60, max: 36 * 60 });
  fc.assert(
    fc.property(any, fc.constantFrom(...CHANGES), start, ([minute, hour, day, weekday], [zone, around], minutes) => {
      const schedule = scheduleOf(`${minute} ${hour} ${day} * ${weekday}`, zone);
      const after = around + minutes * MINUTE;
      assert.equal(nextTime(schedule, after), firstByLooking(schedule, after));
    }),
    { numRuns: 150 },
  );
});

/** Looks at every minute of the next 60 days. */
function firstByLooking(schedule: Schedule, after: number): number | undefined {
  const end = nextTime(schedule, after) ?? after + 60 * DAYS;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: schedule.timeZone,
    hourCycle: 'h23',
    weekday: 'short',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
  const has = ({ low, high }: { low: number; high: number }, n: number): boolean =>
    ((n < 32 ? low >>> n : high >>> (n - 32)) & 1) === 1;
  for (let time = Math.floor(after / MINUTE) * MINUTE + MINUTE; time <= end; time += MINUTE) {
    const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, value]));
    const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
    if (!has(schedule.minute, number('minute')) || !has(schedule.hour, number('hour'))) continue;
    const byMonth = has(schedule.dayOfMonth, number('day'));
    const byWeek = has(schedule.dayOfWeek, weekdays.indexOf(parts.get('weekday') ?? ''));
    const restricted = !schedule.dayOfMonth.star && !schedule.dayOfWeek.star;
    if (restricted ? byMonth || byWeek : byMonth && byWeek) return time;
  }
  return undefined;
}
