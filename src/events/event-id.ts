import { createHash } from 'node:crypto';
import type { Change } from '../watch/change.ts';

/** Whose event it is. Two sources on one sink, or the two modes of one source, must never share an id. */
export interface IdScope {
  /** What names the ApiServerSource: its uid, or `namespace/name` where the uid is not told. */
  readonly source: string;
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly mode: string;
}

/** Eight hex digits that stand for an {@link IdScope} in every id. */
export function scopeHash(scope: IdScope): string {
  const text = [scope.source, scope.group, scope.version, scope.plural, scope.mode].join('\n');
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

/**
 * The id of a change: the same on every attempt and every replay, so that a receiver can drop repeats by
 * `source` + `id` (CloudEvents 1.0, "id").
 *
 * Add and update share a form, because a change that was first seen as one can be found again as the other. A delete
 * is named by the last version before it: one that was watched carries a version of its own, one that a comparison
 * found has none, and both must get the same id. `epoch` rises when the server's versions start again.
 */
export function eventId(scope: string, epoch: number, change: Change): string {
  const { uid, resourceVersion } = change.object;
  const prefix = `${scope}.${epoch.toString(36)}.${uid}.`;
  return change.type === 'delete' ? `${prefix}${versionBefore(change)}.d` : prefix + resourceVersion;
}

/** A delete of an object that was never known is named by its own version; nothing else can find it again. */
function versionBefore(change: Change): string {
  const { before, object } = change;
  return before?.uid === object.uid ? before.resourceVersion : object.resourceVersion;
}
