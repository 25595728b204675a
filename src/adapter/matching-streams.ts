import type { StreamMemory } from '../checkpoint/stream-memory.ts';
import { createScope, type Entry, type Scope } from '../watch/scope.ts';
import type { NamespaceListener } from './namespaces.ts';
import { retire, runStream } from './run-stream.ts';
import type { Selected } from './selected.ts';
import type { Place } from './stream-identity.ts';

/** How often a stream is looked at whose namespace is deleted. */
const LOOK_EVERY_MS = 1_000;
/**
 * So long the watch has to tell the last deletes, with their bodies. It may have ended, and the right to another one
 * went with the namespace.
 */
const MOST_LOOKS = 600;

interface Running {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
  readonly fate: Fate;
}

interface Fate {
  /** Its namespace is deleted. */
  deleted: boolean;
  /** And has been for so long that nobody waits for its watch any more. */
  vanished: boolean;
}

/**
 * Watches each namespace that matches by itself, until `signal` is aborted; streams come and go with them.
 * @param begun called when those that match now stand on the board
 */
export async function runMatching(selected: Selected, begun: () => void, signal: AbortSignal): Promise<void> {
  const { wanted, namespaces, config, io, starts, memories } = selected;
  const { initialEvents } = config.source;
  const running = new Map<string, Running>();
  const ended = new Set<Promise<void>>();
  const failed = Promise.withResolvers<never>();

  const start = (namespace: string, created: boolean): void => {
    const place: Place = { is: 'matching', name: namespace };
    const stop = new AbortController();
    const memory = memories.of(place);
    const scope = entered(memory, { namespace, tells: created || wanted.found.appeared || initialEvents === 'All' });
    const fate: Fate = { deleted: false, vanished: false };
    const run = { place, memory, scope, tellsAll: created, starts, vanished: () => fate.vanished };
    const end = runStream(wanted, run, config, io, AbortSignal.any([signal, stop.signal]));
    running.set(namespace, { stop, ended: end, fate });
    ended.add(end);
    end.then(() => ended.delete(end), failed.reject);
  };

  const end = (namespace: string): void => {
    const place: Place = { is: 'matching', name: namespace };
    running.get(namespace)?.stop.abort();
    running.delete(namespace);
    retire(wanted, place, config, io);
    const objects = memories.of(place).known.size;
    memories.drop(place);
    if (objects === 0) return;
    io.pipeline.metrics.suppressed('left', objects);
    io.finder.log.info(
      { resource: wanted.found.plural, objects },
      'objects forgotten; their namespaces match no longer',
    );
  };

  /** The watch on namespaces may be ahead of the stream: what was in the namespace is deleted first. */
  const endWhenEmpty = async (namespace: string, { fate }: Running): Promise<void> => {
    const { known } = memories.of({ is: 'matching', name: namespace });
    for (let looks = 0; known.size > 0 && fate.deleted && !signal.aborted; looks++) {
      if (looks >= MOST_LOOKS) fate.vanished = true;
      await io.clock.sleep(LOOK_EVERY_MS, signal);
    }
    if (!signal.aborted && fate.deleted && running.get(namespace)?.fate === fate) end(namespace);
  };

  const listener: NamespaceListener = {
    enter: (namespace, created) => {
      const it = running.get(namespace);
      // A watch of a namespace is one of its name: it goes on in the new one.
      if (it === undefined) start(namespace, created);
      else Object.assign(it.fate, { deleted: false, vanished: false });
    },
    leave: (namespace) => {
      if (running.has(namespace)) end(namespace);
    },
    deleted: (namespace) => {
      const it = running.get(namespace);
      if (it === undefined) return;
      it.fate.deleted = true;
      endWhenEmpty(namespace, it).catch(failed.reject);
    },
    done: () => undefined,
  };
  const stopListening = namespaces.listen(listener);
  for (const name of namespaces.matching()) start(name, false);
  begun();
  try {
    await Promise.race([aborted(signal), failed.promise]);
  } finally {
    stopListening();
  }
  await Promise.all(ended);
  for (const namespace of running.keys()) retire(wanted, { is: 'matching', name: namespace }, config, io);
}

/**
 * A stream that goes on at a position where it knows no object may be of a namespace that has begun to match since:
 * what is in it is listed first, as where one stream watches all of them.
 */
function entered({ known, ledger }: StreamMemory, entry: Entry): Scope | undefined {
  const knowsNone = ledger.position()?.complete === true && known.size === 0;
  return knowsNone ? createScope([], [entry]) : undefined;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
}
