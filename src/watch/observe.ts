import type { Change, ObjectHead, ObjectVersion } from './change.ts';
import type { KnownObjects } from './known-objects.ts';
import { compareVersions } from '../kube/resource-version.ts';
import type { SuppressionReason } from './stream-news.ts';
import type { Listing } from './watch-state.ts';
import type { WatchType } from './watch-line.ts';

/** What an object in a watch or a list means, given what was known. */
export interface Observation {
  /** In the order in which they must be told; empty where nothing changed. */
  readonly changes: readonly Change[];
  /** Why the object was not told. */
  readonly suppressed?: SuppressionReason;
}

/** How a list came about that is compared with what is known. */
type Comparison = Pick<Listing, 'why' | 'since' | 'knowsAll'>;

const NOTHING: Observation = { changes: [] };

/** What a watch event says. `known` is brought up to date. */
export function observeWatched(known: KnownObjects, type: WatchType, object: ObjectHead, body: Buffer): Observation {
  const before = known.find(object.namespace, object.name);
  const sameObject = before?.uid === object.uid;
  const order = before === undefined ? undefined : compareVersions(object.resourceVersion, before.resourceVersion);
  // A stored index can be newer than the position that is resumed at: whatever came under this name before, is told.
  if (order !== undefined && order < 0) return { changes: [], suppressed: 'backInTime' };
  if (type === 'DELETED') {
    if (sameObject) known.forget(object.namespace, object.name);
    return { changes: [{ type: 'delete', object, body, before: sameObject ? before : undefined, foundBy: 'watch' }] };
  }
  known.remember(object);
  if (order === 0) return { changes: [], suppressed: 'duplicate' };
  const change: Change = {
    // An ADDED of a known object tells a new state of it, whatever the server calls that.
    type: sameObject || type === 'MODIFIED' ? 'update' : 'add',
    object,
    body,
    before: sameObject ? before : undefined,
    foundBy: 'watch',
  };
  return { changes: before !== undefined && !sameObject ? [replaced(object, before), change] : [change] };
}

/** What a listed object says, when the list is compared with what was known. `known` is brought up to date. */
export function observeListed(known: KnownObjects, list: Comparison, object: ObjectHead, body: Buffer): Observation {
  const before = known.find(object.namespace, object.name);
  known.remember(object);
  if (before === undefined) {
    return isOldNews(list, object) ? NOTHING : { changes: [listed(list, 'add', object, body, undefined)] };
  }
  if (before.uid !== object.uid)
    return { changes: [replaced(object, before), listed(list, 'add', object, body, undefined)] };
  // After a rewind a version says nothing: the same number may stand for another state.
  if (before.resourceVersion === object.resourceVersion && list.why !== 'rewound') return NOTHING;
  return { changes: [listed(list, 'update', object, body, before)] };
}

/** A known object that a complete list did not mention. `body`: its last state, where the server still had it. */
export function observeGone(known: KnownObjects, object: ObjectHead, body: Buffer | undefined): Change {
  known.forget(object.namespace, object.name);
  return gone(object, body);
}

/**
 * An unknown object of a list that catches up without knowing what existed before: it was not touched since, so
 * whatever there was to tell of it has been told.
 */
function isOldNews(list: Comparison, object: ObjectHead): boolean {
  if (list.knowsAll || list.since === undefined) return false;
  const order = compareVersions(object.resourceVersion, list.since);
  return order !== undefined && order <= 0;
}

/** The known object went, and another one came under its name. */
function replaced(object: ObjectHead, before: ObjectVersion): Change {
  return gone({ namespace: object.namespace, name: object.name, ...before }, undefined);
}

function gone(object: ObjectHead, body: Buffer | undefined): Change {
  const before = { uid: object.uid, resourceVersion: object.resourceVersion };
  return { type: 'delete', object, body, before, foundBy: 'comparison' };
}

function listed(
  list: Comparison,
  type: 'add' | 'update',
  object: ObjectHead,
  body: Buffer,
  before: ObjectVersion | undefined,
): Change {
  return { type, object, body, before, foundBy: list.why === 'start' ? 'list' : 'comparison' };
}
