import type { KubeObject } from '../kube/object.ts';
import { itsController, itself, type KeysOf, mapped } from '../reconcile/handlers.ts';
import type { InformerEvent } from '../reconcile/informer.ts';
import type { WorkQueue } from '../reconcile/queue.ts';
import type { KindName } from './cache.ts';
import { added, type EventHandler, type SourceEvent } from './sources.ts';

type Event<T, Is extends SourceEvent<T>['is']> = Extract<SourceEvent<T>, { readonly is: Is }>;

/** One function for each of what can happen; where there is none, nothing is done. */
export interface HandlerFuncs<T> {
  readonly create?: (event: Event<T, 'added'>, queue: WorkQueue) => void;
  readonly update?: (event: Event<T, 'updated'>, queue: WorkQueue) => void;
  readonly delete?: (event: Event<T, 'deleted'>, queue: WorkQueue) => void;
  readonly generic?: (event: Event<T, 'generic'>, queue: WorkQueue) => void;
}

export function handlerFuncs<T extends KubeObject>(funcs: HandlerFuncs<T>): EventHandler<T> {
  return (event, queue) => {
    switch (event.is) {
      case 'added':
        funcs.create?.(event, queue);
        return;
      case 'updated':
        funcs.update?.(event, queue);
        return;
      case 'deleted':
        funcs.delete?.(event, queue);
        return;
      case 'generic':
        funcs.generic?.(event, queue);
    }
  };
}

/** Adds the key of the object itself: `namespace/name`. */
export const enqueueRequestForObject: EventHandler<KubeObject> = enqueueKeys(itself);

/** Adds the key of the object's controller, where that is of the kind `owner`, in any version. */
export function enqueueRequestForOwner(owner: KindName): EventHandler<KubeObject> {
  return enqueueKeys(itsController(owner));
}

/** Adds the keys that `map` gives for the object, and for an update also those for what it was before. */
export function enqueueRequestsFromMapFunc<T extends KubeObject>(
  map: (object: T) => Iterable<string>,
): EventHandler<T> {
  return enqueueKeys(mapped(map));
}

/** What was there at the start waits behind what changes meanwhile. */
function enqueueKeys<T extends KubeObject>(keysOf: KeysOf<T>): EventHandler<T> {
  return (event, queue) => {
    const asInformed: InformerEvent<T> = event.is === 'generic' ? added(event.object) : event;
    const lane = asInformed.is === 'added' && asInformed.initial ? 'resync' : 'change';
    for (const key of keysOf(asInformed)) queue.add(key, lane);
  };
}
