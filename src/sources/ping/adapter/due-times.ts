/** What a source owes at a moment. Times in milliseconds since the epoch. */
export interface DueTimes {
  /** Those that are sent, in order. */
  readonly send: readonly number[];
  /** How many are not sent because they are too late; more than {@link MOST_COUNTED} are not counted. */
  readonly missed: number;
}

/** A time that is later than this is late: a process that was held up is, by less. */
export const LATE_MS = 60_000;
/** How late a time can be to be sent at all. */
const LATEST_MS = 24 * 3_600_000;
const MOST_COUNTED = 100;

/** The newest late time is looked for in what is near first, as a frequent schedule has many. */
const WINDOWS_MS = [3_600_000, LATEST_MS];

/**
 * The times after `from` up to `now`: each of the last minute is sent, and if there is none the newest of the last day.
 *
 * @param next the first time of the schedule after another one
 */
export function dueTimes(next: (after: number) => number | undefined, from: number, now: number): DueTimes {
  const first = next(from);
  if (first === undefined || first > now) return { send: [], missed: 0 };
  const send = newest(next, from, now);
  return { send, missed: countBefore(next, first, send[0] ?? now + 1) };
}

function newest(next: (after: number) => number | undefined, from: number, now: number): readonly number[] {
  const inTime = timesIn(next, Math.max(from, now - LATE_MS), now);
  if (inTime.length > 0) return inTime;
  for (const window of WINDOWS_MS) {
    const late = timesIn(next, Math.max(from, now - window), now);
    if (late.length > 0) return late.slice(-1);
  }
  return [];
}

function timesIn(next: (after: number) => number | undefined, from: number, to: number): number[] {
  const times: number[] = [];
  for (let time = next(from); time !== undefined && time <= to; time = next(time)) times.push(time);
  return times;
}

function countBefore(next: (after: number) => number | undefined, first: number, end: number): number {
  let count = 0;
  for (let time: number | undefined = first; time !== undefined && time < end; time = next(time)) {
    if (++count === MOST_COUNTED) break;
  }
  return count;
}
