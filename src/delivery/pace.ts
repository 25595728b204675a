/**
 * How many events may be on the wire: few at first, more while the sink keeps up, half when it is overloaded, and
 * one at a time while it is away. The numbers are TCP's (RFC 5681: slow start, additive increase, halving).
 */
export interface Pace {
  /** How many events may be on the wire at `now`, when `inFlight` are. */
  allowed(now: number, inFlight: number): number;
  /** Milliseconds until {@link allowed} may grow by itself: a probe is due. Undefined while the sink is not away. */
  untilProbe(now: number): number | undefined;
  /** The sink took an event, or answered about the event only. @returns whether it was away until now */
  answered(wasFull: boolean): boolean;
  /**
   * The sink could not take an event of the object `lane` that was sent at `sentAt`.
   * @returns whether it counts as away from now on
   */
  failed(trouble: Trouble, lane: string, sentAt: number, now: number, jitter: number): boolean;
}

/**
 * What a failure says about the sink: `overload` (429, 503, no answer in time), `failure` (500, 502, 504, a reset),
 * either of which one event can bring about all by itself; `absence` (no connection), which none can.
 */
export type Trouble = 'overload' | 'failure' | 'absence';

const FIRST_LIMIT = 16;
/** So many failures in a row, of two objects at least, or without a connection, and the sink counts as away. */
const MOST_FAILURES = 10;
/** So long without a connection, and it does as well: the attempts of a single event are minutes apart in the end. */
const LONGEST_ABSENCE_MS = 10_000;
const FIRST_PROBE_MS = 500;
const LONGEST_PROBE_MS = 30_000;
/** One burst of refusals halves the pace once. */
const HALVE_AT_MOST_EVERY_MS = 100;

export function createPace(most: number): Pace {
  let limit = Math.min(FIRST_LIMIT, most);
  let threshold = most;
  let failures = 0;
  /** Whose failure was the first in a row, and whether they are of more objects than that. */
  let failedLane = '';
  let ofSeveral = false;
  /** When the first attempt of those in a row failed that found no connection. */
  let absentSince: number | undefined;
  let halvedAt = Number.NEGATIVE_INFINITY;
  let away: { since: number; probes: number; probeAt: number } | undefined;

  const probeDelay = (probes: number, jitter: number): number =>
    Math.min(LONGEST_PROBE_MS, FIRST_PROBE_MS * 2 ** Math.min(probes, 10)) * (0.5 + jitter / 2);

  const halve = (now: number): void => {
    if (now - halvedAt < HALVE_AT_MOST_EVERY_MS) return;
    halvedAt = now;
    threshold = Math.max(limit / 2, 1);
    limit = threshold;
  };

  return {
    allowed: (now, inFlight) => {
      if (away === undefined) return Math.floor(limit);
      return now >= away.probeAt && inFlight === 0 ? 1 : 0;
    },
    untilProbe: (now) => (away === undefined ? undefined : Math.max(away.probeAt - now, 0)),
    answered: (wasFull) => {
      failures = 0;
      absentSince = undefined;
      if (away !== undefined) {
        away = undefined;
        limit = 1;
        return true;
      }
      if (wasFull) limit = Math.min(most, limit + (limit < threshold ? 1 : 1 / limit));
      return false;
    },
    failed: (trouble, lane, sentAt, now, jitter) => {
      if (failures === 0) {
        failedLane = lane;
        ofSeveral = false;
      } else if (lane !== failedLane) ofSeveral = true;
      failures++;
      absentSince = trouble === 'absence' ? (absentSince ?? now) : undefined;
      if (away !== undefined) {
        // What was on the wire when the sink went says nothing about whether it is back.
        if (sentAt >= away.since)
          away = { ...away, probes: away.probes + 1, probeAt: now + probeDelay(away.probes + 1, jitter) };
        return false;
      }
      if (trouble === 'overload') halve(now);
      // An event that no sink can stomach is no sign of a sink that is away.
      const isMany = failures >= MOST_FAILURES && (ofSeveral || trouble === 'absence');
      const isLong = absentSince !== undefined && now - absentSince >= LONGEST_ABSENCE_MS;
      if (!isMany && !isLong) return false;
      threshold = Math.max(limit / 2, 2);
      away = { since: now, probes: 0, probeAt: now + probeDelay(0, jitter) };
      return true;
    },
  };
}
