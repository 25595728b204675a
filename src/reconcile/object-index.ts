import type { KubeObject } from '../kube/object.ts';
import type { Informer } from './informer.ts';
import { keyOf } from './key.ts';

/** What informers hold, by something that their objects say, so that nobody has to go through all of them. */
export interface ObjectIndex<T> {
  of(term: string): Iterable<T>;
}

/** @param termOf what an object is found by; undefined: it is not to be found */
export function indexObjects<T extends KubeObject>(
  informers: readonly Pick<Informer<T>, 'subscribe'>[],
  termOf: (object: T) => string | undefined,
): ObjectIndex<T> {
  const found = new Map<string, Map<string, T>>();
  const termAt = new Map<string, string>();

  const remove = (place: string): void => {
    const term = termAt.get(place);
    if (term === undefined) return;
    termAt.delete(place);
    const others = found.get(term);
    others?.delete(place);
    if (others?.size === 0) found.delete(term);
  };

  for (const informer of informers) {
    informer.subscribe(({ is, object }) => {
      const place = `${object.kind} ${keyOf(object)}`;
      remove(place);
      const term = is === 'deleted' ? undefined : termOf(object);
      if (term === undefined) return;
      termAt.set(place, term);
      found.set(term, (found.get(term) ?? new Map<string, T>()).set(place, object));
    });
  }
  return { of: (term) => found.get(term)?.values() ?? [] };
}
