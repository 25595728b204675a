import { type CronField, firstFrom, holds } from './cron-field.ts';
import type { Schedule } from './schedule.ts';
import { offsetAt, QUARTER_MS } from './time-zone.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** How far upstream looks ahead. */
const LONGEST_MS = 5 * 366 * DAY;

/** Between `after` and `time` the schedule holds no time. */
interface Gap {
  readonly after: number;
  readonly time: number;
}

/** The last two that were found: sources have schedules in common, and all of one ask about the same times. */
const gaps = new WeakMap<Schedule, readonly Gap[]>();

/**
 * The first time after `after` whose local time the schedule holds; undefined where there is none within five years.
 * A local time that does not exist on a day is left out, and one that a day has twice comes twice, as upstream
 * (github.com/robfig/cron v3, spec.go). Milliseconds since the epoch; the answer is a full second.
 */
export function nextTime(schedule: Schedule, after: number): number | undefined {
  const known = gaps.get(schedule) ?? [];
  for (const gap of known) if (gap.after <= after && after < gap.time) return gap.time;
  const time = search(schedule, after);
  if (time !== undefined) gaps.set(schedule, [{ after, time }, ...known.slice(0, 1)]);
  return time;
}

function search(schedule: Schedule, after: number): number | undefined {
  const { second, minute, hour, month, timeZone } = schedule;
  if ([second, minute, hour, month].some(isEmpty) || hasNoDay(schedule)) return undefined;
  let time = Math.floor(after / SECOND) * SECOND + SECOND;
  const limit = time + LONGEST_MS;
  while (time <= limit) {
    const local = new Date(time + offsetAt(timeZone, time));
    if (!holds(month, local.getUTCMonth() + 1)) time = jump(schedule, time, [untilMonth(local), untilDay(local)]);
    else if (!isDay(schedule, local)) time = jump(schedule, time, [untilDay(local)]);
    else if (!holds(hour, local.getUTCHours())) time = jump(schedule, time, []);
    else {
      const inMinute = untilNumber(minute, local.getUTCMinutes(), MINUTE, local.getTime() % MINUTE);
      if (inMinute === undefined) time = jump(schedule, time, []);
      else if (inMinute > 0) time = jump(schedule, time, [inMinute]);
      else {
        const inSecond = untilNumber(second, local.getUTCSeconds(), SECOND, 0);
        if (inSecond === 0) return time;
        time += inSecond ?? MINUTE - (local.getTime() % MINUTE);
      }
    }
  }
  return undefined;
}

/** A field of commas alone holds nothing: to look for that through five years takes seconds. */
function isEmpty({ low, high }: CronField): boolean {
  return low === 0 && high === 0;
}

function hasNoDay({ dayOfMonth, dayOfWeek }: Schedule): boolean {
  const [byMonth, byWeek] = [!isEmpty(dayOfMonth), !isEmpty(dayOfWeek)];
  return dayOfMonth.star || dayOfWeek.star ? !(byMonth && byWeek) : !(byMonth || byWeek);
}

/** When both kinds of day are restricted, one of them is enough. */
function isDay({ dayOfMonth, dayOfWeek }: Schedule, local: Date): boolean {
  const byMonth = holds(dayOfMonth, local.getUTCDate());
  const byWeek = holds(dayOfWeek, local.getUTCDay());
  return dayOfMonth.star || dayOfWeek.star ? byMonth && byWeek : byMonth || byWeek;
}

/**
 * Goes on by the first of `distances` within which the clocks are not changed, or to the end of the local hour, or
 * of the quarter: never past a local time that nobody looked at.
 */
function jump({ timeZone }: Schedule, time: number, distances: readonly number[]): number {
  const offset = offsetAt(timeZone, time);
  const toHour = HOUR - mod(time + offset, HOUR);
  const safe = [...distances, toHour].find((distance) => offsetAt(timeZone, time + distance) === offset);
  return time + (safe ?? QUARTER_MS - mod(time, QUARTER_MS));
}

function untilMonth(local: Date): number {
  return Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + 1) - local.getTime();
}

function untilDay(local: Date): number {
  return DAY - mod(local.getTime(), DAY);
}

/** How long until the field holds the number, from `past` its beginning; 0: it does, undefined: not before its end. */
function untilNumber(field: CronField, number: number, unit: number, past: number): number | undefined {
  const next = firstFrom(field, number, 59);
  if (next === undefined) return undefined;
  return next === number ? 0 : (next - number) * unit - past;
}

function mod(value: number, by: number): number {
  return ((value % by) + by) % by;
}
