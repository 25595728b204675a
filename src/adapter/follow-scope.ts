import type { StreamMemory } from '../checkpoint/stream-memory.ts';
import type { ObjectHead } from '../watch/change.ts';
import type { KnownObjects } from '../watch/known-objects.ts';
import { type ChangingScope, createScope, type Entry } from '../watch/scope.ts';
import type { NamespaceListener, Namespaces } from './namespaces.ts';

/** What the scope of a stream begins with. */
export interface ScopeStart {
  /** Namespaces that are covered from the first moment. */
  readonly covered: readonly string[];
  /** Namespaces whose objects have to be listed first. */
  readonly entries: readonly Entry[];
  /** Objects that are known from an earlier life and are in namespaces that match no longer. */
  readonly left: readonly ObjectHead[];
}

/**
 * What the scope of a stream of the whole cluster begins with. A stream that begins lists all that matches now. One
 * that goes on at a position knows the objects of the namespaces that matched there: where it knows none, the
 * namespace had none, or began to match meanwhile. A namespace that is deleted by now stays covered, so that the
 * deletes of what was in it are told.
 */
export function startScope(
  { known, position }: Pick<StreamMemory, 'known' | 'position'>,
  namespaces: Pick<Namespaces, 'matching' | 'isOutside'>,
  tells: boolean,
): ScopeStart {
  const matching = namespaces.matching();
  const populated = new Set<string>();
  const left: ObjectHead[] = [];
  for (const object of known.all()) {
    if (namespaces.isOutside(object.namespace)) left.push(object);
    else populated.add(object.namespace);
  }
  // Where it is not known what existed, neither is what to add.
  if (position?.complete !== true) return { covered: [...matching, ...populated], entries: [], left };
  const entries = matching.filter((name) => !populated.has(name)).map((namespace) => ({ namespace, tells }));
  return { covered: [...populated], entries, left };
}

/** What a scope does to the objects that its stream knows. */
export interface ScopeIo {
  readonly memory: StreamMemory;
  /** Whether objects that exist in a namespace that begins to match are told as adds. */
  readonly tells: boolean;
  /** Hears of objects that are known no longer, because their namespaces match no longer. */
  readonly forgot: (objects: number) => void;
}

/** A scope that follows the namespaces for as long as its stream runs; `end` ends that. */
export function followScope(
  namespaces: Namespaces,
  io: ScopeIo,
): { readonly scope: ChangingScope; readonly end: () => void } {
  const { memory, tells } = io;
  const start = startScope(memory, namespaces, tells);
  const scope = createScope(start.covered, start.entries);
  const leaving = new Set<string>();

  const forget = (objects: readonly ObjectHead[]): void => {
    for (const { namespace, name } of objects) memory.known.forget(namespace, name);
    if (objects.length === 0) return;
    memory.ledger.soil();
    io.forgot(objects.length);
  };

  forget(start.left);
  const listener: NamespaceListener = {
    // What is in a namespace that did not exist before is new.
    enter: (namespace, created) => {
      forgetLeaving();
      scope.enter({ namespace, tells: tells || created }, created);
    },
    leave: (namespace) => {
      scope.leave(namespace);
      leaving.add(namespace);
    },
    deleted: () => undefined,
    done: () => {
      forgetLeaving();
      scope.notify();
    },
  };
  const forgetLeaving = (): void => {
    if (leaving.size > 0) forget(objectsIn(memory.known, leaving));
    leaving.clear();
  };
  return { scope, end: namespaces.listen(listener) };
}

function objectsIn(known: KnownObjects, namespaces: ReadonlySet<string>): ObjectHead[] {
  return Array.from(known.all()).filter(({ namespace }) => namespaces.has(namespace));
}
