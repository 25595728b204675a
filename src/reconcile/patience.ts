import type { ConditionedStatus } from './write-status.ts';

const SHORTEST_MS = 1_000;
const LONGEST_MS = 30_000;

/**
 * How long to wait until what failed is tried again: as long as the object is in this state, so that the waits double.
 * A right that is granted a moment after the object is made is seen at once, and one that never is costs little.
 *
 * @param now milliseconds since the epoch
 */
export function patienceMs({ conditions = [] }: ConditionedStatus, now: number): number {
  const since = Date.parse(conditions.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? '');
  return Math.min(Math.max(Number.isNaN(since) ? 0 : now - since, SHORTEST_MS), LONGEST_MS);
}
