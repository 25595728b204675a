import type { Firing } from '../firing.ts';
import { nextTime } from '../next-time.ts';
import { dueTimes, LATE_MS } from './due-times.ts';
import { createTimetable } from './timetable.ts';

/** A source that is to be sent now. */
export interface Due {
  readonly firing: Firing;
  /** By the schedule, in milliseconds since the epoch and in order. */
  readonly times: readonly number[];
  /** How many were too late to be sent. */
  readonly missed: number;
}

/** Which source fires when, each time once. Takes no clock: whoever asks says what time it is. */
export interface Rota {
  readonly size: number;
  /**
   * The source fires from now on, or fires something else; a schedule that stayed goes on where it was.
   *
   * @param known it was there before we were asked to take its times, so it owes all since its sink was known
   */
  put(firing: Firing, now: number, known: boolean): void;
  /** The clock went back to `now`: what comes after it comes again. */
  goBack(now: number): void;
  /** The source does not fire any more, or not now. */
  remove(uid: string, now: number): void;
  get(uid: string): Firing | undefined;
  /** When there is something to take. */
  next(): number | undefined;
  /** The next source that is due. */
  take(now: number): Due | undefined;
  /** All that has a time up to `until`, wherever in its second it fires: before the end. */
  takeAll(until: number): readonly Due[];
}

interface Entry {
  firing: Firing;
  /** The next time by the schedule; Infinity where none comes. */
  time: number;
}

/** Over so much of a second the sources of that second are spread: their sinks, and we, would not manage all at once. */
export const SPREAD_MS = 900;

/** @param since all times up to this one were taken before, by whoever it was */
export function createRota(since: number): Rota {
  const entries = new Map<string, Entry>();
  const timetable = createTimetable();
  /** Those that left in the last minute, and when. */
  const left = new Map<string, number>();

  const schedule = (entry: Entry, after: number): void => {
    const { uid, schedule: of } = entry.firing;
    entry.time = nextTime(of, after) ?? Infinity;
    if (entry.time < Infinity) timetable.put(uid, entry.time + spreadMs(uid));
  };

  const due = (uid: string, now: number): Due | undefined => {
    const entry = entries.get(uid);
    if (entry === undefined) return undefined;
    const { firing } = entry;
    const { send, missed } = dueTimes((after) => nextTime(firing.schedule, after), entry.time - 1, now);
    schedule(entry, now);
    return { firing, times: send, missed };
  };

  return {
    get size() {
      return entries.size;
    },
    put: (firing, now, known) => {
      const { uid } = firing;
      const entry = entries.get(uid);
      if (entry === undefined) {
        const added: Entry = { firing, time: Infinity };
        entries.set(uid, added);
        schedule(added, known ? Math.max(since, firing.since) : Math.max(joined(firing, now), left.get(uid) ?? 0));
        return;
      }
      const stays = entry.firing.scheduleText === firing.scheduleText;
      entry.firing = firing;
      if (stays) return;
      timetable.remove(uid);
      schedule(entry, untaken(entry, now));
    },
    goBack: (now) => {
      for (const entry of entries.values()) {
        timetable.remove(entry.firing.uid);
        schedule(entry, now);
      }
    },
    remove: (uid, now) => {
      if (!entries.delete(uid)) return;
      timetable.remove(uid);
      for (const [other, at] of left) {
        if (now - at < LATE_MS) break;
        left.delete(other);
      }
      left.delete(uid);
      left.set(uid, now);
    },
    get: (uid) => entries.get(uid)?.firing,
    next: () => timetable.next(),
    take: (now) => {
      const uid = timetable.take(now);
      return uid === undefined ? undefined : due(uid, now);
    },
    takeAll: (until) => {
      const taken: Due[] = [];
      for (const { firing, time } of entries.values()) {
        if (time > until) continue;
        timetable.remove(firing.uid);
        const it = due(firing.uid, until);
        if (it !== undefined) taken.push(it);
      }
      return taken;
    },
  };
}

/** What is due by now waits for its place in the second, and is not taken yet. */
function untaken({ time }: Entry, now: number): number {
  return Math.min(now, time - 1);
}

/** Since when a source fires that comes now: since its sink is known, or since its spec was mended a moment ago. */
function joined({ since }: Firing, now: number): number {
  return now - since < LATE_MS ? Math.min(since, now) : now;
}

/** Where in its second a source fires: always in the same place (FNV-1a of its uid). */
export function spreadMs(uid: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < uid.length; i++) hash = Math.imul(hash ^ uid.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % SPREAD_MS;
}
