import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/object.ts';
import type { OwnerReference } from '../kube/owner-reference.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';
import type { Condition } from '../reconcile/conditions.ts';
import type { Destination } from '../reconcile/destination.ts';
import type { ControllerMetrics } from '../reconcile/metrics.ts';
import type { NoticesIo } from '../reconcile/notices.ts';
import type { Predicate } from '../reconcile/predicates.ts';
import type { ResolvedSink } from '../reconcile/resolve-sink.ts';
import type { ConditionedStatus } from '../reconcile/write-status.ts';
import type { Cache, KindName } from './cache.ts';
import type { EventHandler, Source } from './sources.ts';

/** An object that a reconciler takes care of. A kind extends it with its `spec` and its own part of the status. */
export interface ReconciledObject extends KubeObject {
  readonly status?: ConditionedStatus;
}

/** What a condition can say. */
export type Outcome = Pick<Condition, 'status' | 'reason' | 'message'>;

/** What came of an object that was to be as wanted. */
export type Made<T> =
  | { readonly is: 'created' | 'changed' | 'unchanged'; readonly object: T }
  /** It is somebody else's, or the API server will not have it; the sentence is for a condition. */
  | { readonly is: 'refused'; readonly sentence: string };

/** What a reconcile works with. */
export interface ReconcileContext {
  readonly log: Log;
  /** Aborted where the reconcile has to end: the process stops, or it is another replica's turn. */
  readonly signal: AbortSignal;
  /** Puts the object as a controller into an owner reference; `apply` does so by itself. */
  readonly owner: OwnerReference;
  /** Sets a condition, and the happy one as it follows from all. */
  mark(type: string, outcome: Outcome): void;
  /** Sets fields of the status beside `conditions` and `observedGeneration`; one that is undefined is taken away. */
  setStatus(fields: Readonly<Record<string, unknown>>): void;
  /**
   * Makes an object as wanted, by server-side apply: in the namespace of the reconciled one, and owned by it. Fields of
   * others stay. Costs no request while nothing changed.
   *
   * @param kind one of those in `owns`
   * @throws KubeError where the API server cannot be asked; the reconcile is then tried again
   */
  apply<T extends KubeObject>(kind: KindName, wanted: KubeObject): Promise<Made<T>>;
  /** Where a destination leads, or why nowhere; the object is reconciled again when that changes. @throws KubeError */
  resolveSink(destination: Destination): Promise<ResolvedSink>;
  /** Writes a Kubernetes Event about the object; told again, it is counted. Returns at once. */
  tell(type: 'Normal' | 'Warning', reason: string, message: string): void;
}

/** What else wakes a reconciler. */
export interface Watch {
  readonly source: (cache: Cache) => Source<KubeObject>;
  /** Adds keys of objects of the reconciler's own kind. */
  readonly handler: EventHandler<KubeObject>;
  readonly predicates?: readonly Predicate[];
}

export interface ReconcilerDefinition<T extends ReconciledObject> {
  /** In lower case, for logs and metrics: `samplesource`. Kubernetes Events come from `<name>-controller`. */
  readonly name: string;
  readonly kind: KindName;
  /** The condition that sums up, and those that it depends on; others are for information. */
  readonly conditions: { readonly happy: string; readonly dependents: readonly string[] };
  /** Kinds of objects that `reconcile` makes: when one changes, its owner is reconciled. */
  readonly owns?: readonly KindName[];
  readonly watches?: readonly Watch[];
  /** How many objects are reconciled at once. Default: 2. */
  readonly workers?: number;
  /**
   * Brings the world closer to what the object wants. Called when its spec, labels or annotations change, when what it
   * owns or a sink that it resolves does, and every 10 hours; for one object never twice at once; not for one that is
   * being deleted, whose children go with it. What it throws is logged, and it is tried again after a growing wait. The
   * status is written after it, if it changed.
   *
   * @returns when it is to be called again though nothing happens
   */
  reconcile(object: T, context: ReconcileContext): Promise<void | { readonly againAfterMs: number }>;
}

/** What reconcilers share. */
export interface ReconcilerIo {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: ControllerMetrics;
  readonly countNotice: NoticesIo['count'];
  /** Such as cluster.local. */
  readonly clusterDomain: string;
  readonly cache: Cache;
  /** Called when all objects are known and the first is reconciled. */
  readonly started: () => void;
}
