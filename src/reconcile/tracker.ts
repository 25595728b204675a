import type { KubeObject } from '../kube/object.ts';
import { collectionPath, type Resource } from '../kube/resource.ts';

/** What the tracker needs of an informer on the objects of one resource, in all namespaces. */
export interface TrackedInformer<T extends KubeObject> {
  /** Resolves when it knows every object. */
  readonly synced: Promise<void>;
  get(namespace: string | undefined, name: string): T | undefined;
  /** @returns ends the subscription */
  subscribe(handler: (event: { readonly object: T }) => void): () => void;
}

/** One object that somebody depends on. */
export interface TrackedObject {
  readonly resource: Resource;
  /** Ignored where the resource is cluster-scoped. */
  readonly namespace: string;
  readonly name: string;
}

/** Who depends on it, and as what: a source may have a sink and a dead letter sink. */
export interface Dependant {
  /** In the work queue. */
  readonly key: string;
  readonly role: string;
}

/** The object as its informer has it; `unknown` until that knows every object. */
export type Seen<T> =
  | { readonly is: 'unknown' }
  | { readonly is: 'absent' }
  | { readonly is: 'present'; readonly object: T };

/** Wakes those who depend on objects of any kind when these change (knative.dev/pkg/tracker, without its leases). */
export interface Tracker<T extends KubeObject> {
  /**
   * From now on `by.key` is enqueued when the object appears, changes or goes, until the same dependant tracks another
   * one. What is answered was so at a moment after that began, so no change is missed.
   */
  track(object: TrackedObject, by: Dependant): Seen<T>;
  untrack(by: Dependant): void;
  /** For a parent that is gone: in every role. */
  forget(key: string): void;
}

interface Running<T extends KubeObject> {
  readonly informer: TrackedInformer<T>;
  synced: boolean;
  /** By object, then by role: the keys to enqueue. */
  readonly dependants: Map<string, Dependant[]>;
  readonly stop: () => void;
}

/**
 * @param io.start starts an informer; called when the first object of a resource is tracked, and `signal` is aborted
 *   when none is any more
 * @param io.enqueue takes keys as often as they come
 */
export function createTracker<T extends KubeObject>(io: {
  readonly start: (resource: Resource, signal: AbortSignal) => TrackedInformer<T>;
  readonly enqueue: (key: string) => void;
}): Tracker<T> {
  const running = new Map<string, Running<T>>();
  /** By dependant: what it tracks. */
  const tracked = new Map<string, Map<string, { readonly resource: string; readonly object: string }>>();

  function informerOf(resource: Resource): Running<T> {
    const path = collectionPath(resource);
    const present = running.get(path);
    if (present !== undefined) return present;
    const controller = new AbortController();
    const dependants = new Map<string, Dependant[]>();
    const informer = io.start(resource, controller.signal);
    const unsubscribe = informer.subscribe(({ object: { metadata } }) => {
      for (const { key } of dependants.get(nameIn(metadata.namespace, metadata.name)) ?? []) io.enqueue(key);
    });
    const stop = () => {
      unsubscribe();
      controller.abort();
    };
    const started: Running<T> = { informer, synced: false, dependants, stop };
    // One that is stopped before may never be synced.
    void informer.synced.then(
      () => {
        started.synced = true;
        // Whoever was told `unknown` can learn now that there is no such object; nothing else would wake them.
        for (const { key } of [...dependants.values()].flat()) io.enqueue(key);
      },
      () => undefined,
    );
    running.set(path, started);
    return started;
  }

  function untrack({ key, role }: Dependant): void {
    const roles = tracked.get(key);
    const old = roles?.get(role);
    if (roles === undefined || old === undefined) return;
    roles.delete(role);
    if (roles.size === 0) tracked.delete(key);
    const from = running.get(old.resource);
    if (from === undefined) return;
    const others = (from.dependants.get(old.object) ?? []).filter((it) => it.key !== key || it.role !== role);
    if (others.length > 0) from.dependants.set(old.object, others);
    else from.dependants.delete(old.object);
    if (from.dependants.size > 0) return;
    from.stop();
    running.delete(old.resource);
  }

  return {
    track({ resource, namespace, name }, by) {
      const path = collectionPath(resource);
      const scope = resource.namespaced ? namespace : undefined;
      const object = nameIn(scope, name);
      const old = tracked.get(by.key)?.get(by.role);
      if (old?.resource !== path || old.object !== object) {
        // The new informer first: it may be that of the old object, and must not be stopped between.
        const { dependants } = informerOf(resource);
        const others = dependants.get(object) ?? [];
        dependants.set(object, [...others, by]);
        untrack(by);
        const roles = tracked.get(by.key) ?? new Map<string, { resource: string; object: string }>();
        tracked.set(by.key, roles.set(by.role, { resource: path, object }));
      }
      const { informer, synced } = informerOf(resource);
      if (!synced) return { is: 'unknown' };
      const found = informer.get(scope, name);
      return found === undefined ? { is: 'absent' } : { is: 'present', object: found };
    },
    untrack,
    forget(key) {
      for (const role of tracked.get(key)?.keys() ?? []) untrack({ key, role });
    },
  };
}

function nameIn(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
