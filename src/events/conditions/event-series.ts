import { findMember, findValue, memberSlot, NOT_JSON } from '../../json/scan.ts';
import type { Condition } from './condition.ts';
import { createDigestTable } from './digest-table.ts';

/**
 * How often a Kubernetes Event is told that happens again and again, each time as an update of one object with a higher
 * count. `First`: once. `Doubling`: when it has happened once, twice, four times, eight times and so on. `All`: always.
 */
export const EVENT_SERIES = ['First', 'Doubling', 'All'] as const;
export type EventSeries = (typeof EVENT_SERIES)[number];

/**
 * Holds for Events whose count is one to tell. Deletes always hold. An Event without a count that can be read has
 * happened once.
 */
export function seriesOf(series: Exclude<EventSeries, 'All'>): Condition {
  const seen = createDigestTable();
  return {
    reason: 'series',
    sees: ({ uid }, body) => seen.set(uid, [countOf(body), 0]),
    holds: ({ type, object: { uid }, body }) => {
      if (type === 'delete' || body === undefined) {
        seen.delete(uid);
        return true;
      }
      const count = countOf(body);
      const last = type === 'add' ? undefined : seen.get(uid)?.[0];
      seen.set(uid, [count, 0]);
      return isTold(series, count, last);
    },
  };
}

/**
 * @param count how often it has happened
 * @param last the count that was seen before; undefined: none was. A series can leap, since clients gather what happens
 */
export function isTold(series: Exclude<EventSeries, 'All'>, count: number, last: number | undefined): boolean {
  if (last !== undefined && count <= last) return false;
  if (series === 'First') return count <= 1;
  return last === undefined || doublings(count) > doublings(last);
}

/**
 * How often an Event has happened: `count` of core/v1, `deprecatedCount` of events.k8s.io/v1, or `series.count`, the
 * highest of them; 1 where there is none (k8s.io/api, core/v1 and events/v1 Event).
 */
export function countOf(body: Buffer): number {
  const member = memberSlot();
  const numberAt = (open: number, name: Uint8Array): number => {
    if (open === NOT_JSON || !findMember(body, open, name, member)) return 1;
    const count = Number(body.toString('latin1', member.value, member.end));
    return Number.isSafeInteger(count) && count >= 1 ? Math.min(count, MOST) : 1;
  };
  const series = findValue(body, 0, SERIES, member);
  return Math.max(numberAt(0, COUNT), numberAt(0, DEPRECATED_COUNT), numberAt(series, COUNT));
}

const COUNT = Buffer.from('count');
const DEPRECATED_COUNT = Buffer.from('deprecatedCount');
const SERIES = Buffer.from('series');
/** An int32. */
const MOST = 2 ** 31 - 1;

/** floor(log2), exactly. */
function doublings(count: number): number {
  return 31 - Math.clz32(count);
}
