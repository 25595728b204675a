import { addAbortListener } from 'node:events';
import { unlessAborted } from '../kube/abort.ts';
import type { KubeObject } from '../kube/object.ts';
import type { Informer, InformerEvent } from '../reconcile/informer.ts';
import type { Predicate } from '../reconcile/predicates.ts';
import type { WorkQueue } from '../reconcile/queue.ts';
import type { Cache, KindName } from './cache.ts';

/** What happened to an object; `generic`: something outside the cluster that concerns it. */
export type SourceEvent<T> = InformerEvent<T> | { readonly is: 'generic'; readonly object: T };

/** What is done about an event: mostly, a key is added to the queue. One that throws is a bug. */
export type EventHandler<T> = (event: SourceEvent<T>, queue: WorkQueue) => void;

/** Where a controller hears of events (controller-runtime, pkg/source). */
export interface Source<T extends KubeObject> {
  /**
   * Has events that pass all predicates handled, until `signal` is aborted. Resolves when that has begun: what exists
   * already is told as `added`.
   */
  start(
    signal: AbortSignal,
    handler: EventHandler<T>,
    queue: WorkQueue,
    ...predicates: readonly Predicate<T>[]
  ): Promise<void>;
}

/** One that has to know all objects before its controller begins. */
export interface SyncingSource<T extends KubeObject> extends Source<T> {
  /** Resolves when all objects that exist were handled. @throws KubeError `aborted` with `signal` */
  waitForSync(signal: AbortSignal): Promise<void>;
}

/** Objects of a kind, by the informer that `cache` has of it. The kind may be installed later: it is looked for again. */
export function kind<T extends KubeObject>(cache: Cache, name: KindName): SyncingSource<T> {
  return {
    start: async (signal, handler, queue, ...predicates) => {
      await informer(await cache.informerFor<T>(name)).start(signal, handler, queue, ...predicates);
    },
    waitForSync: async (signal) => {
      const { synced } = await unlessAborted(cache.informerFor<T>(name), signal);
      await unlessAborted(synced, signal);
    },
  };
}

/** Events from an informer; nobody waits until that knows all objects. */
export function informer<T extends KubeObject>(from: Pick<Informer<T>, 'subscribe'>): Source<T> {
  return {
    start: async (signal, handler, queue, ...predicates) => {
      const end = from.subscribe((event) => {
        if (predicates.every((passes) => passes(event))) handler(event, queue);
      });
      addAbortListener(signal, end);
    },
  };
}

/** A source of events that are born outside the cluster. */
export interface Channel<T extends KubeObject> extends Source<T> {
  /** Tells all that have started it; before that, nobody hears it. */
  send(object: T): void;
}

export function channel<T extends KubeObject>(): Channel<T> {
  const listeners = new Set<(object: T) => void>();
  return {
    send: (object) => {
      for (const listener of listeners) listener(object);
    },
    start: async (signal, handler, queue, ...predicates) => {
      const listener = (object: T): void => {
        if (predicates.every((passes) => passes(added(object)))) handler({ is: 'generic', object }, queue);
      };
      listeners.add(listener);
      addAbortListener(signal, () => void listeners.delete(listener));
    },
  };
}

/** As predicates and handlers that know nothing of generic events take one. */
export function added<T>(object: T): InformerEvent<T> {
  return { is: 'added', object, initial: false };
}
