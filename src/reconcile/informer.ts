import type { KubeClient } from '../kube/client.ts';
import type { KubeObject, ObjectMeta } from '../kube/object.ts';
import { apiVersionOf, type Resource } from '../kube/resource.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';
import type { Change } from '../watch/change.ts';
import { createKnownObjects } from '../watch/known-objects.ts';
import type { Stream } from '../watch/requests.ts';
import { FIRST } from '../watch/watch-state.ts';
import { watchStream } from '../watch/watch-stream.ts';
import { createInformerReport } from './informer-report.ts';
import type { ControllerMetrics } from './metrics.ts';

/** What happened to an object that an informer holds. */
export type InformerEvent<T> =
  /** `initial`: it was there when the informer, or its subscriber, began. */
  | { readonly is: 'added'; readonly object: T; readonly initial: boolean }
  | { readonly is: 'updated'; readonly object: T; readonly old: T }
  /** The last state that the API server told; where it told none, the last that was held. */
  | { readonly is: 'deleted'; readonly object: T };

/** One that throws is a bug, and ends the process. */
export type InformerHandler<T> = (event: InformerEvent<T>) => void;

/** The objects of a resource as the API server has them, a moment late. Nobody may change them. */
export interface Informer<T> {
  /** Resolves when all objects that existed at the start are held, and their handlers called. Never rejects. */
  readonly synced: Promise<void>;
  /** What keeps the resource from being watched at this moment, as a sentence. What is held may be out of date then. */
  readonly problem: string | undefined;
  /** @param namespace undefined for an object of a cluster-scoped kind */
  get(namespace: string | undefined, name: string): T | undefined;
  list(): Iterable<T>;
  /** Has `handler` called with all that is held, as `added`, and then with all that happens. @returns the end of it */
  subscribe(handler: InformerHandler<T>): () => void;
}

/** Which objects an informer holds, and how much of each. */
export interface Informed<T> {
  readonly resource: Pick<Resource, 'group' | 'version' | 'plural' | 'kind' | 'namespaced'>;
  /** Undefined: all namespaces, or a cluster-scoped kind. */
  readonly namespace?: string | undefined;
  /** In the API server's query syntax; undefined selects everything. */
  readonly labelSelector?: string | undefined;
  /** `metadata`: nothing but apiVersion, kind and metadata is sent. */
  readonly carries: 'objects' | 'metadata';
  /** What is held of an object, to save memory. Default: all of it but `metadata.managedFields`. */
  readonly keep?: (object: T) => T;
}

/** Informers that several parts of a process use: those who want the same get the same watch, and hold it once. */
export interface InformerPool {
  /**
   * The informer on what is wanted, as long as `signal` is not aborted.
   * @param begin starts one; it is to end with the last of those who borrowed it
   */
  borrow<T extends KubeObject>(
    wanted: Informed<T>,
    begin: (ending: AbortSignal) => Informer<T>,
    signal: AbortSignal,
  ): Informer<T>;
}

export interface InformerIo {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: ControllerMetrics;
  /** Where those come from that others may use, too. Default: each is one of its own. */
  readonly pool?: InformerPool;
}

/** A custom resource may be installed after the controller; asking costs one small request. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 10_000;

/**
 * Lists and watches a resource until `signal` is aborted, through every failure and absence of it; what is gone after
 * a gap is found by comparison. `T` is what the caller expects of an object: nothing checks it.
 */
export function startInformer<T extends KubeObject>(
  wanted: Informed<T>,
  io: InformerIo,
  signal: AbortSignal,
): Informer<T> {
  const begin = (ending: AbortSignal): Informer<T> => runInformer(wanted, io, ending);
  return io.pool?.borrow(wanted, begin, signal) ?? begin(signal);
}

function runInformer<T extends KubeObject>(wanted: Informed<T>, io: InformerIo, signal: AbortSignal): Informer<T> {
  const held = new Map<string, T>();
  const handlers = new Set<InformerHandler<T>>();
  const report = createInformerReport(wanted, io);
  const { promise: synced, resolve: sync } = Promise.withResolvers<void>();

  const take = (change: Change): void => {
    const event = eventOf(change, held.get(placeOf(change.object)), wanted, report.unreadable);
    if (event === undefined) return;
    if (event.is === 'deleted') held.delete(placeOf(change.object));
    else held.set(placeOf(change.object), event.object);
    // Who subscribes now has been told already, and who has left is told no more.
    for (const handler of new Set(handlers)) if (handlers.has(handler)) handler(event);
  };

  const run = async (): Promise<void> => {
    const known = createKnownObjects();
    const stream = streamOf(wanted);
    for (let absences = 0; !signal.aborted; absences++) {
      // Whoever removes a resource removes its objects: what is listed when it is back is compared with those known.
      const from = known.size > 0 ? ({ ...FIRST, why: 'expired' } as const) : FIRST;
      for await (const step of watchStream(stream, known, { ...io, tell: report.tell }, signal, from)) {
        for (const change of step.changes) take(change);
        report.holds(held.size);
        // Inside a list there is no place to resume at: the first list is complete.
        if (step.resumeAt === undefined) continue;
        absences = 0;
        sync();
      }
      if (signal.aborted) break;
      const waitMs = Math.min(FIRST_WAIT_MS * 2 ** Math.min(absences, 8), LONGEST_WAIT_MS);
      report.absent(waitMs);
      await io.clock.sleep(waitMs, signal);
    }
    report.ended();
  };
  void run();

  return {
    synced,
    get problem() {
      return report.problem;
    },
    get: (namespace, name) => held.get(placeOf({ namespace: namespace ?? '', name })),
    list: () => held.values(),
    subscribe: (handler) => {
      handlers.add(handler);
      for (const object of held.values()) handler({ is: 'added', object, initial: true });
      return () => void handlers.delete(handler);
    },
  };
}

function streamOf<T>({ resource, namespace, labelSelector, carries }: Informed<T>): Stream {
  return {
    resource: { ...resource, verbs: ['list', 'watch'] },
    namespace,
    labelSelector,
    carries,
    initialEvents: 'all',
  };
}

/** What a change means to those who know `old`; undefined where its JSON cannot be read, or was never held. */
function eventOf<T extends KubeObject>(
  change: Change,
  old: T | undefined,
  wanted: Informed<T>,
  unreadable: (change: Change, error: unknown) => void,
): InformerEvent<T> | undefined {
  let object: T | undefined;
  try {
    object = change.body && readObject(change.body, wanted);
  } catch (error) {
    unreadable(change, error);
  }
  if (change.type === 'delete') {
    const last = object ?? old;
    return last && { is: 'deleted', object: last };
  }
  if (object === undefined) return undefined;
  if (old !== undefined) return { is: 'updated', object, old };
  return { is: 'added', object, initial: change.foundBy === 'list' };
}

/** The fields that are often larger than the rest, and that nobody reads. */
type Unkept = { managedFields?: unknown };

function readObject<T extends KubeObject>(body: Buffer, { resource, carries, keep }: Informed<T>): T {
  const object = JSON.parse(body.toString()) as T & { readonly metadata: ObjectMeta & Unkept };
  delete object.metadata.managedFields;
  // The server calls it a PartialObjectMetadata of meta.k8s.io.
  const named =
    carries === 'metadata' ? { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind } : object;
  return keep === undefined ? named : keep(named);
}

function placeOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
