import type { Change, ObjectHead } from './change.ts';
import type { KnownObjects } from './known-objects.ts';
import { compareVersions } from './resource-version.ts';
import type { SuppressionReason } from './stream-news.ts';
import type { WatchType } from './watch-line.ts';

/** What an object in a watch or a list means, given what was known. */
export interface Observation {
  /** In the order in which they must be told; empty where nothing changed. */
  readonly changes: readonly Change[];
  /** Why the object was not told. */
  readonly suppressed?: SuppressionReason;
}

const NOTHING: Observation = { changes: [] };

/** What a watch event says. `known` is brought up to date. */
export function observeWatched(known: KnownObjects, type: WatchType, object: ObjectHead, body: Buffer): Observation {
  const before = known.find(object.namespace, object.name);
  const sameObject = before !== undefined && before.uid === object.uid;
  const order = sameObject ? compareVersions(object.resourceVersion, before.resourceVersion) : undefined;
  if (order !== undefined && order < 0) return { changes: [], suppressed: 'backInTime' };
  if (type === 'DELETED') return observeDeleted(known, object, body, before, sameObject);
  if (order === 0) {
    known.remember(object);
    return { changes: [], suppressed: 'duplicate' };
  }
  known.remember(object);
  const change: Change = {
    // An ADDED of a known object tells a new state of it, whatever the server calls that.
    type: sameObject || type === 'MODIFIED' ? 'update' : 'add',
    object,
    body,
    versionBefore: undefined,
    foundBy: 'watch',
  };
  return { changes: before !== undefined && !sameObject ? [goneBefore(object, before), change] : [change] };
}

/** What a listed object says, when the list is compared with what was known. `known` is brought up to date. */
export function observeListed(known: KnownObjects, object: ObjectHead, body: Buffer): Observation {
  const before = known.find(object.namespace, object.name);
  known.remember(object);
  if (before === undefined) return { changes: [listed('add', object, body)] };
  if (before.uid !== object.uid) return { changes: [goneBefore(object, before), listed('add', object, body)] };
  if (before.resourceVersion === object.resourceVersion) return NOTHING;
  return { changes: [listed('update', object, body)] };
}

/** The deletes that a complete list shows: one for each known object that it did not mention. Forgets them. */
export function* observeListEnd(known: KnownObjects): Generator<Change> {
  for (const object of known.unlisted()) {
    known.forget(object.namespace, object.name);
    yield deletedUnseen(object);
  }
}

function observeDeleted(
  known: KnownObjects,
  object: ObjectHead,
  body: Buffer,
  before: { uid: string; resourceVersion: string } | undefined,
  sameObject: boolean,
): Observation {
  // A delete of an older object of the same name, told late, leaves the present one known.
  if (sameObject) known.forget(object.namespace, object.name);
  const versionBefore = sameObject && before !== undefined ? before.resourceVersion : object.resourceVersion;
  return { changes: [{ type: 'delete', object, body, versionBefore, foundBy: 'watch' }] };
}

function goneBefore(object: ObjectHead, before: { uid: string; resourceVersion: string }): Change {
  return deletedUnseen({ namespace: object.namespace, name: object.name, ...before });
}

function deletedUnseen(object: ObjectHead): Change {
  return { type: 'delete', object, body: undefined, versionBefore: object.resourceVersion, foundBy: 'list' };
}

function listed(type: 'add' | 'update', object: ObjectHead, body: Buffer): Change {
  return { type, object, body, versionBefore: undefined, foundBy: 'list' };
}
