import { addAbortListener } from 'node:events';
import type { KubeObject } from '../kube/object.ts';
import { collectionPath } from '../kube/resource.ts';
import type { Informed, Informer, InformerPool } from './informer.ts';

interface Running {
  readonly informer: Informer<KubeObject>;
  readonly ending: AbortController;
  borrowers: number;
}

export function createInformerPool(): InformerPool {
  const running = new Map<string, Running>();
  const numbers = new Map<unknown, number>();

  /** The same for those who hold the same part of the same objects. */
  const termsOf = <T>({ resource, namespace, labelSelector = '', carries, keep }: Informed<T>): string => {
    const part = numbers.get(keep) ?? numbers.size;
    numbers.set(keep, part);
    return [collectionPath(resource, namespace), labelSelector, carries, part].join(' ');
  };

  return {
    borrow: <T extends KubeObject>(
      wanted: Informed<T>,
      begin: (ending: AbortSignal) => Informer<T>,
      signal: AbortSignal,
    ) => {
      if (signal.aborted) return begin(signal);
      const terms = termsOf(wanted);
      const ending = new AbortController();
      const one = running.get(terms) ?? { informer: begin(ending.signal), ending, borrowers: 0 };
      running.set(terms, one);
      one.borrowers += 1;
      addAbortListener(signal, () => {
        one.borrowers -= 1;
        if (one.borrowers > 0) return;
        running.delete(terms);
        one.ending.abort();
      });
      // Whoever wants the same objects in the same way means the same type by it.
      return lent(one.informer as Informer<T>, signal);
    },
  };
}

/** An informer that calls nobody any more once `signal` is aborted. */
function lent<T>(informer: Informer<T>, signal: AbortSignal): Informer<T> {
  return {
    synced: informer.synced,
    get problem() {
      return informer.problem;
    },
    get: (namespace, name) => informer.get(namespace, name),
    list: () => informer.list(),
    subscribe: (handler) => {
      const leave = informer.subscribe(handler);
      addAbortListener(signal, leave);
      return leave;
    },
  };
}
