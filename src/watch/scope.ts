/** Which namespaces a stream of the whole cluster is about, where it is not all of them. Changes while it runs. */
export interface Scope {
  /** Whether an object there is meant. Asked for every object, and remembers where others are. */
  covers(namespace: string): boolean;
  /**
   * Namespaces whose objects have to be listed before they are covered: one, or all of them where they are so many
   * that one list of the cluster costs less. Empty: none.
   */
  entering(): readonly Entry[];
  /** Whether this very entry is still to be listed: a namespace may leave before it is. */
  isEntering(entry: Entry): boolean;
  /** The objects of these are listed; from now on they are covered. */
  entered(entries: readonly Entry[]): void;
  /** Aborted when {@link entering} has something new; then it is another one. */
  changed(): AbortSignal;
}

/** A namespace that comes into a scope. */
export interface Entry {
  readonly namespace: string;
  /** Whether what exists there is told as adds; else it is only made known. */
  readonly tells: boolean;
}

/** The scope of one stream, as those change it who know the namespaces. */
export interface ChangingScope extends Scope {
  /**
   * A namespace begins to match. One that was just created has nothing in it but what comes after, so where the
   * stream has seen nothing of it there is nothing to list.
   */
  enter(entry: Entry, created: boolean): void;
  leave(namespace: string): void;
  /** Lets the stream know of what has entered. */
  notify(): void;
}

/** So many lists of one namespace each cost about as much as one of the cluster. */
const MOST_SINGLE_LISTS = 8;

export function createScope(covered: Iterable<string>, first: readonly Entry[] = []): ChangingScope {
  const inside = new Set(covered);
  const seenOutside = new Set<string>();
  const pending = new Map(first.map((entry) => [entry.namespace, entry]));
  let change = new AbortController();
  return {
    covers: (namespace) => {
      if (inside.has(namespace)) return true;
      seenOutside.add(namespace);
      return false;
    },
    entering: () => {
      change = change.signal.aborted ? new AbortController() : change;
      const all = [...pending.values()];
      return all.length > MOST_SINGLE_LISTS ? all : all.slice(0, 1);
    },
    entered: (entries) => {
      for (const entry of entries) {
        if (pending.get(entry.namespace) !== entry) continue;
        pending.delete(entry.namespace);
        inside.add(entry.namespace);
      }
    },
    isEntering: (entry) => pending.get(entry.namespace) === entry,
    changed: () => change.signal,
    enter: (entry, created) => {
      const { namespace } = entry;
      if (inside.has(namespace) || pending.has(namespace)) return;
      if (created && !seenOutside.has(namespace)) inside.add(namespace);
      else pending.set(namespace, entry);
    },
    leave: (namespace) => {
      inside.delete(namespace);
      pending.delete(namespace);
    },
    notify: () => {
      if (pending.size > 0) change.abort();
    },
  };
}

const NEVER = new AbortController().signal;

/** A scope that stays as it is: all namespaces but these. */
export function allBut(excluded: ReadonlySet<string>): Scope {
  return {
    covers: (namespace) => !excluded.has(namespace),
    entering: () => [],
    isEntering: () => false,
    entered: () => undefined,
    changed: () => NEVER,
  };
}
