import type { Condition } from './condition.ts';
import { createDigestTable } from './digest-table.ts';
import { type Part, partsDigester } from './parts.ts';

/**
 * Holds for an update only if one of `parts` differs from what was last seen of the object, told or not. An object that
 * was not seen by this process may have changed, so its first update holds. Adds and deletes always hold.
 */
export function partsChanged(parts: readonly Part[]): Condition {
  const digestOf = partsDigester(parts);
  const seen = createDigestTable();
  return {
    reason: 'unchanged',
    holds: ({ type, object: { uid }, body }) => {
      const digest = type === 'delete' || body === undefined ? undefined : digestOf(body, uid);
      if (digest === undefined) {
        seen.delete(uid);
        return true;
      }
      const last = seen.get(uid);
      seen.set(uid, digest);
      return type !== 'update' || last === undefined || last[0] !== digest[0] || last[1] !== digest[1];
    },
  };
}
