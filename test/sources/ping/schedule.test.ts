import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextTime } from '../../../src/sources/ping/next-time.ts';
import { readSchedule } from '../../../src/sources/ping/schedule.ts';

/** The next times after 2026-01-01T00:00:00Z, a Thursday. */
const TAKEN: readonly (readonly [text: string, timezone: string | undefined, times: readonly string[]])[] = [
  ['* * * * *', undefined, ['2026-01-01T00:01:00Z', '2026-01-01T00:02:00Z']],
  ['*/1 * * * *', undefined, ['2026-01-01T00:01:00Z', '2026-01-01T00:02:00Z']],
  ['*/15 * * * *', undefined, ['2026-01-01T00:15:00Z', '2026-01-01T00:30:00Z']],
  ['10 0/1 * * * ?', undefined, ['2026-01-01T00:00:10Z', '2026-01-01T00:01:10Z']],
  ['*/20 * * * * *', undefined, ['2026-01-01T00:00:20Z', '2026-01-01T00:00:40Z', '2026-01-01T00:01:00Z']],
  ['58/1 * * * *', undefined, ['2026-01-01T00:58:00Z', '2026-01-01T00:59:00Z', '2026-01-01T01:58:00Z']],
  [
    '0 9-17/4 * * MON-fri',
    undefined,
    ['2026-01-01T09:00:00Z', '2026-01-01T13:00:00Z', '2026-01-01T17:00:00Z', '2026-01-02T09:00:00Z'],
  ],
  [
    '0 0 13 * 5',
    undefined,
    ['2026-01-02T00:00:00Z', '2026-01-09T00:00:00Z', '2026-01-13T00:00:00Z', '2026-01-16T00:00:00Z'],
  ],
  ['0 0 */2 * 5', undefined, ['2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z', '2026-01-05T00:00:00Z']],
  ['0 0 */1 * 5', undefined, ['2026-01-02T00:00:00Z', '2026-01-09T00:00:00Z']],
  ['0 0 29 feb *', undefined, ['2028-02-29T00:00:00Z']],
  ['0 0 1 JAN,jul ?', undefined, ['2026-07-01T00:00:00Z', '2027-01-01T00:00:00Z']],
  ['@yearly', undefined, ['2027-01-01T00:00:00Z']],
  ['@annually', undefined, ['2027-01-01T00:00:00Z']],
  ['@monthly', undefined, ['2026-02-01T00:00:00Z', '2026-03-01T00:00:00Z']],
  ['@weekly', undefined, ['2026-01-04T00:00:00Z', '2026-01-11T00:00:00Z']],
  ['@daily', undefined, ['2026-01-02T00:00:00Z']],
  ['@midnight', undefined, ['2026-01-02T00:00:00Z']],
  ['@hourly', undefined, ['2026-01-01T01:00:00Z']],
  ['  0   1 * * *  ', '', ['2026-01-01T01:00:00Z']],
  ['0 1 * * *', 'Europe/Berlin', ['2026-01-02T00:00:00Z']],
  ['@daily', 'Asia/Kolkata', ['2026-01-01T18:30:00Z']],
  ['CRON_TZ=America/New_York 0 1 * * *', undefined, ['2026-01-01T06:00:00Z']],
  ['TZ=UTC @daily', undefined, ['2026-01-02T00:00:00Z']],
  ['TZ= 0 1 * * *', undefined, ['2026-01-01T01:00:00Z']],
];

for (const [text, timezone, times] of TAKEN) {
  test(`"${text}"${timezone ? ` in ${timezone}` : ''} fires at ${times.join(', ')}`, () => {
    assert.deepEqual(timesOf(text, timezone, Date.UTC(2026), times.length), times);
  });
}

const REFUSED: readonly (readonly [text: string, timezone: string | undefined, sentence: RegExp])[] = [
  ['', undefined, /^spec\.schedule is no schedule: empty spec string: found ""; write five fields/],
  ['* * * *', undefined, /expected 5 to 6 fields, found 4: \[\* \* \* \*\]/],
  ['* * * * * * *', undefined, /expected 5 to 6 fields, found 7: /],
  ['60 * * * *', undefined, /end of range \(60\) above maximum \(59\): 60/],
  ['* 24 * * *', undefined, /end of range \(24\) above maximum \(23\): 24/],
  ['* * 0 * *', undefined, /beginning of range \(0\) below minimum \(1\): 0/],
  ['* * * 13 *', undefined, /end of range \(13\) above maximum \(12\): 13/],
  ['* * * * 7', undefined, /end of range \(7\) above maximum \(6\): 7/],
  ['5-1 * * * *', undefined, /beginning of range \(5\) beyond end of range \(1\): 5-1/],
  ['1-2-3 * * * *', undefined, /too many hyphens: 1-2-3/],
  ['*/2/3 * * * *', undefined, /too many slashes: \*\/2\/3/],
  ['*/0 * * * *', undefined, /step of range should be a positive number: \*\/0/],
  ['*/-1 * * * *', undefined, /negative number \(-1\) not allowed: -1/],
  ['x * * * *', undefined, /failed to parse int from x: /],
  ['1.5 * * * *', undefined, /failed to parse int from 1\.5: /],
  ['* * L * *', undefined, /failed to parse int from L: /],
  ['@every 1h', undefined, /unsupported descriptor @every/],
  ['@reboot', undefined, /unrecognized descriptor: @reboot/],
  ['@Daily', undefined, /unrecognized descriptor: @Daily/],
  ['TZ=UTC', undefined, /empty spec string/],
  ['TZ=Nowhere/Land * * * * *', undefined, /^spec\.schedule names no time zone: found "Nowhere\/Land"; /],
  ['* * * * *', 'Nowhere/Land', /^spec\.timezone names no time zone: found "Nowhere\/Land"; write an IANA name/],
  ['* * * * *', '+01:00', /^spec\.timezone names no time zone/],
  ['TZ=UTC * * * * *', 'UTC', /^spec\.timezone is "UTC", but spec\.schedule names a time zone as well/],
];

for (const [text, timezone, sentence] of REFUSED) {
  test(`"${text}"${timezone ? ` in ${timezone}` : ''} is refused with a sentence`, () => {
    const read = readSchedule(text, timezone);
    assert.equal(read.is, 'problem');
    if (read.is === 'problem') assert.match(read.sentence, sentence);
  });
}

test('a day that never comes is looked for in five years, and no longer', () => {
  assert.deepEqual(timesOf('0 0 30 2 *', undefined, Date.UTC(2026), 1), ['never']);
  assert.deepEqual(timesOf(', * * * *', undefined, Date.UTC(2026), 1), ['never']);
  assert.deepEqual(timesOf('0 0 29 2 *', undefined, Date.UTC(2096, 2, 1), 1), ['never']);
});

test('a local time that is skipped in spring does not fire, and one that comes twice in autumn fires twice', () => {
  const spring = timesOf('30 2 * * *', 'Europe/Berlin', Date.UTC(2026, 2, 28), 2);
  assert.deepEqual(spring, ['2026-03-28T01:30:00Z', '2026-03-30T00:30:00Z']);
  const autumn = timesOf('30 2 * * *', 'Europe/Berlin', Date.UTC(2026, 9, 24, 12), 3);
  assert.deepEqual(autumn, ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', '2026-10-26T01:30:00Z']);
});

function timesOf(text: string, timezone: string | undefined, after: number, count: number): string[] {
  const read = readSchedule(text, timezone);
  assert.ok(read.is === 'schedule', JSON.stringify(read));
  const times: string[] = [];
  for (let last: number | undefined = after; times.length < count && last !== undefined;) {
    last = nextTime(read.schedule, last);
    times.push(last === undefined ? 'never' : new Date(last).toISOString().replace('.000Z', 'Z'));
  }
  return times;
}
