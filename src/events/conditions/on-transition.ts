import type { ChangeType } from '../../watch/change.ts';
import type { Condition } from './condition.ts';
import { createDigestTable } from './digest-table.ts';
import type { Judge } from './when.ts';

/**
 * Holds where the expression changes its value: an object for which it is false until now, or that is new, comes to be
 * one for which it is true, or the other way round. What was not seen before may have been either, so its first update
 * holds; so does the delete of anything but an object for which it was false.
 */
export function onTransition(judge: Judge): Condition {
  const seen = createDigestTable();
  const remember = (uid: string, value: boolean): void => seen.set(uid, [value ? 1 : 0, 0]);
  return {
    reason: 'noTransition',
    sees: ({ uid }, body) => remember(uid, judge(body, 'update')),
    holds: ({ type, object: { uid }, body }) => {
      const last = seen.get(uid);
      const before = last === undefined ? undefined : last[0] === 1;
      if (type === 'delete' || body === undefined) {
        seen.delete(uid);
        return before !== false;
      }
      const now = judge(body, type);
      remember(uid, now);
      return changed(type, before, now);
    },
  };
}

/** @param before undefined: not known */
function changed(type: ChangeType, before: boolean | undefined, now: boolean): boolean {
  if (type === 'add') return now;
  return before !== now;
}
