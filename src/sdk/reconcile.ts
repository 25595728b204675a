import { KubeError } from '../kube/errors.ts';
import type { KubeObject } from '../kube/object.ts';
import { apiVersionOf, type Resource } from '../kube/resource.ts';
import type { Applier } from '../reconcile/apply.ts';
import { type Condition, conditionSet } from '../reconcile/conditions.ts';
import type { Result } from '../reconcile/controller.ts';
import type { Informer } from '../reconcile/informer.ts';
import { nameOfKey } from '../reconcile/key.ts';
import type { Notices } from '../reconcile/notices.ts';
import { resolveSink, type SinkIo } from '../reconcile/resolve-sink.ts';
import type { Tracker } from '../reconcile/tracker.ts';
import { writeStatus } from '../reconcile/write-status.ts';
import { type KindName, nameOfKind } from './cache.ts';
import type { Made, ReconcileContext, ReconciledObject, ReconcilerDefinition, ReconcilerIo } from './reconciler.ts';

export interface ReconcileIo<T> extends ReconcilerIo {
  readonly objects: Pick<Informer<T>, 'get'>;
  /** By `nameOfKind`. */
  readonly owned: ReadonlyMap<string, Pick<Informer<KubeObject>, 'get'>>;
  readonly notices: Pick<Notices, 'tell'>;
  readonly tracker: Tracker<KubeObject>;
  readonly applier: Applier;
  readonly discovery: SinkIo['discovery'];
}

const DONE: Result = { is: 'done' };
/** Somebody else wrote: what we read has to catch up. */
const SOON: Result = { is: 'again', afterMs: 500 };
/** What nobody wakes us for: a kind of sink that is not served yet. */
const LATER: Result = { is: 'again', afterMs: 30_000 };

/** Somebody deleted an object meanwhile, or made it anew. */
class Outdated extends Error {}

/** Brings one object closer to what it wants, and writes its status last. */
export function createReconcile<T extends ReconciledObject>(
  definition: ReconcilerDefinition<T>,
  io: ReconcileIo<T>,
): (key: string, signal: AbortSignal) => Promise<Result> {
  return async (key, signal) => {
    const { namespace, name } = nameOfKey(key);
    const object = io.objects.get(namespace, name);
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) {
      io.tracker.forget(key);
      return DONE;
    }
    const pass = beginPass(definition, object, key, io, signal);
    try {
      const wish = await definition.reconcile(object, pass.context);
      const written = await writeStatus(io.kube, resourceOf(definition.kind), object, pass.status(), signal);
      if (written.is === 'conflict') return SOON;
      if (wish !== undefined) return { is: 'again', afterMs: wish.againAfterMs };
      return pass.asksAgain() ? LATER : DONE;
    } catch (error) {
      if (error instanceof Outdated) return SOON;
      if (error instanceof KubeError && error.code !== 'aborted') {
        pass.context.tell('Warning', 'InternalError', error.message);
      }
      throw error;
    }
  };
}

interface Pass {
  readonly context: ReconcileContext;
  /** What the status is to be. */
  status(): { readonly conditions: readonly Condition[] };
  /** Whether a sink did not resolve for a reason whose end nobody tells. */
  asksAgain(): boolean;
}

function beginPass<T extends ReconciledObject>(
  { kind, conditions }: ReconcilerDefinition<T>,
  object: T,
  key: string,
  io: ReconcileIo<T>,
  signal: AbortSignal,
): Pass {
  const set = conditionSet(conditions);
  const { namespace = '', name, uid = '' } = object.metadata;
  let list = set.initialise(object.status?.conditions ?? [], io.clock.now());
  let fields: Readonly<Record<string, unknown>> = { ...object.status };
  let asksAgain = false;
  const owner = {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
  const context: ReconcileContext = {
    log: io.log.child({ object: key }),
    signal,
    owner,
    mark: (type, { status, reason = '', message = '' }) => {
      const mark = { True: set.markTrue, False: set.markFalse, Unknown: set.markUnknown }[status];
      list = mark(list, type, reason, message, io.clock.now());
    },
    setStatus: (more) => {
      fields = { ...fields, ...more };
    },
    apply: async <C extends KubeObject>(child: KindName, wanted: KubeObject): Promise<Made<C>> => {
      const known = io.owned.get(nameOfKind(child));
      if (known === undefined) throw new Error(`${nameOfKind(child)} is applied, but not in owns of ${kind.kind}.`);
      const metadata = { ...wanted.metadata, ...(child.namespaced && { namespace }), ownerReferences: [owner] };
      const live = known.get(child.namespaced ? namespace : undefined, metadata.name);
      const applied = await io.applier.apply(resourceOf(child), { ...wanted, metadata }, live, signal);
      if (applied.is === 'outdated') throw new Outdated();
      if ('sentence' in applied) return { is: 'refused', sentence: applied.sentence };
      return { is: applied.is, object: applied.object as C };
    },
    resolveSink: async (destination) => {
      const sinkOwner = { by: { key, role: 'sink' }, namespace, clusterDomain: io.clusterDomain };
      const resolved = await resolveSink(io, destination, sinkOwner, signal);
      asksAgain ||= resolved.is === 'unresolved' && resolved.askAgain;
      return resolved;
    },
    tell: (type, reason, message) => io.notices.tell({ about: object, type, reason, message }),
  };
  return { context, status: () => ({ ...fields, conditions: list }), asksAgain: () => asksAgain };
}

function resourceOf(kind: KindName): Resource {
  return { ...kind, verbs: ['list', 'watch'] };
}
