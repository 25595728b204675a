import type { Change } from '../watch/change.ts';

/** Hears, one namespace after the other, what becomes of those that match. */
export interface NamespaceListener {
  /** @param created it did not exist before, so that nothing in it did */
  enter(namespace: string, created: boolean): void;
  /** It exists, or another one of its name does, and does not match. */
  leave(namespace: string): void;
  /** It was deleted; so were all objects in it, before it. */
  deleted(namespace: string): void;
  /** That was all for now. */
  done(): void;
}

/** Which namespaces exist, and which of them match. */
export interface Namespaces {
  apply(changes: readonly Change[]): void;
  /** Those that exist and match. */
  matching(): string[];
  /** Whether a namespace exists and does not match. */
  isOutside(namespace: string): boolean;
  /** The answer ends it. */
  listen(listener: NamespaceListener): () => void;
}

/** @param matches whether a namespace with such a name and such labels is meant */
export function createNamespaces(
  matches: (namespace: string, labels: Readonly<Record<string, string>>) => boolean,
): Namespaces {
  /** Those that exist, and whether they match. */
  const known = new Map<string, boolean>();
  /** Those that matched when they were deleted: what is still to come of their objects is told. */
  const gone = new Set<string>();
  const listeners = new Set<NamespaceListener>();

  const deleted = (name: string): void => {
    const matched = known.get(name) === true;
    known.delete(name);
    if (!matched) return;
    gone.add(name);
    for (const listener of listeners) listener.deleted(name);
  };

  const seen = (name: string, matching: boolean, created: boolean): void => {
    const matched = known.get(name) === true;
    const another = gone.delete(name);
    known.set(name, matching);
    if (matching === matched && !another) return;
    for (const listener of listeners) {
      if (matching) listener.enter(name, created);
      else listener.leave(name);
    }
  };

  return {
    apply: (changes) => {
      for (const { type, object, body } of changes) {
        if (type === 'delete') deleted(object.name);
        else seen(object.name, matches(object.name, body === undefined ? {} : labelsOf(body)), type === 'add');
      }
      for (const listener of listeners) listener.done();
    },
    matching: () => Array.from(known).flatMap(([name, matching]) => (matching ? [name] : [])),
    isOutside: (name) => known.get(name) === false,
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function labelsOf(body: Buffer): Record<string, string> {
  const { metadata } = JSON.parse(body.toString()) as { metadata?: { labels?: Record<string, string> } };
  return metadata?.labels ?? {};
}
