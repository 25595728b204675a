import { isDeepStrictEqual } from 'node:util';
import { collectionPath, type Resource } from '../../kube/resource.ts';
import type { Informed, Informer, InformerEvent } from '../../reconcile/informer.ts';
import { type Subject, subjectPart } from './subject.ts';

/** Informers on the kinds that bindings mean, each while one does. */
export interface SubjectInformers {
  /** From now on the binding of `key` is woken by what concerns it, until it uses another kind. */
  use(resource: Resource, key: string): SubjectInformer;
  release(key: string): void;
}

export type SubjectInformer = Pick<Informer<Subject>, 'list' | 'problem' | 'synced'> & { readonly isSynced: boolean };

interface Running {
  readonly informer: Informer<Subject>;
  readonly users: Set<string>;
  isSynced: boolean;
  readonly stop: AbortController;
}

/**
 * @param io.start starts an informer, which ends with its signal
 * @param io.concerns whether a binding has to do with an object, as it is or as it was
 */
export function createSubjectInformers(io: {
  readonly start: (wanted: Informed<Subject>, signal: AbortSignal) => Informer<Subject>;
  readonly concerns: (key: string, resource: Resource, object: Subject) => boolean;
  readonly enqueue: (key: string) => void;
}): SubjectInformers {
  const running = new Map<string, Running>();

  function begin(resource: Resource): Running {
    const stop = new AbortController();
    const keep = (object: Subject): Subject => subjectPart(object, resource);
    const informer = io.start({ resource, carries: 'objects', keep }, stop.signal);
    const one: Running = { informer, users: new Set(), isSynced: false, stop };
    informer.subscribe((event) => {
      if (!one.isSynced || isNothingNew(event)) return;
      const states = event.is === 'updated' ? [event.old, event.object] : [event.object];
      for (const key of one.users) {
        if (states.some((it) => io.concerns(key, resource, it))) io.enqueue(key);
      }
    });
    void informer.synced.then(() => {
      one.isSynced = true;
      for (const key of one.users) io.enqueue(key);
    });
    return one;
  }

  function release(key: string, but?: string): void {
    for (const [path, { users, stop }] of running) {
      if (path === but || !users.delete(key) || users.size > 0) continue;
      stop.abort();
      running.delete(path);
    }
  }

  return {
    use(resource, key) {
      const path = collectionPath(resource);
      const present = running.get(path) ?? begin(resource);
      running.set(path, present);
      present.users.add(key);
      release(key, path);
      const { informer } = present;
      return {
        synced: informer.synced,
        isSynced: present.isSynced,
        problem: informer.problem,
        list: () => informer.list(),
      };
    },
    release: (key) => release(key),
  };
}

/** A status was written, most often. */
function isNothingNew(event: InformerEvent<Subject>): boolean {
  return event.is === 'updated' && isDeepStrictEqual(event.old, event.object);
}
