import type { KubeObject } from '../kube/object.ts';
import type { Informer, InformerEvent } from './informer.ts';
import { keyOf, keyOfName } from './key.ts';
import type { Predicate } from './predicates.ts';
import type { WorkQueue } from './queue.ts';

/** Which keys an event of an informer concerns: a handler in controller-runtime's sense (pkg/handler). */
export type KeysOf<T extends KubeObject = KubeObject> = (event: InformerEvent<T>) => Iterable<string>;

/**
 * Adds to `queue` what `keysOf` says of each event that passes `when` (default: all). What is there at the start goes
 * into the lane of the resync, so that what changes meanwhile comes first.
 *
 * @returns the end of it
 */
export function enqueueFrom<T extends KubeObject>(
  informer: Pick<Informer<T>, 'subscribe'>,
  queue: Pick<WorkQueue, 'add'>,
  keysOf: KeysOf<T>,
  when: Predicate<T> = () => true,
): () => void {
  return informer.subscribe((event) => {
    if (!when(event)) return;
    const lane = event.is === 'added' && event.initial ? 'resync' : 'change';
    for (const key of keysOf(event)) queue.add(key, lane);
  });
}

/** The object itself. */
export const itself: KeysOf = ({ object }) => [keyOf(object)];

/**
 * The object's controller, where that is of this kind in any version. The owner that an update took away is told too.
 *
 * @param owner.namespaced of a namespaced kind the owner is in the object's namespace
 */
export function itsController(owner: {
  readonly group: string;
  readonly kind: string;
  readonly namespaced: boolean;
}): KeysOf {
  return mapped(({ metadata }) => {
    const reference = metadata.ownerReferences?.find(({ controller }) => controller === true);
    if (reference === undefined || reference.kind !== owner.kind) return [];
    if (groupOf(reference.apiVersion) !== owner.group) return [];
    return [keyOfName({ namespace: owner.namespaced ? metadata.namespace : undefined, name: reference.name })];
  });
}

/** What `map` says of the object, and for an update also of what it was before, each key once. */
export function mapped<T extends KubeObject>(map: (object: T) => Iterable<string>): KeysOf<T> {
  return (event) =>
    event.is === 'updated' ? new Set([...map(event.old), ...map(event.object)]) : new Set(map(event.object));
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}
