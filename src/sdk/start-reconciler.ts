import { createDiscovery } from '../kube/discovery.ts';
import type { KubeObject } from '../kube/object.ts';
import { createApplier } from '../reconcile/apply.ts';
import { runController, startResync } from '../reconcile/controller.ts';
import { type Informer, startInformer } from '../reconcile/informer.ts';
import { createNotices } from '../reconcile/notices.ts';
import { annotationsChanged, generationChanged, labelsChanged, or } from '../reconcile/predicates.ts';
import { createWorkQueue } from '../reconcile/queue.ts';
import { createTracker } from '../reconcile/tracker.ts';
import { type Cache, type KindName, nameOfKind } from './cache.ts';
import { enqueueRequestForObject, enqueueRequestForOwner } from './handlers.ts';
import { createReconcile } from './reconcile.ts';
import type { ReconciledObject, ReconcilerDefinition, ReconcilerIo } from './reconciler.ts';
import { informer, kind as kindSource } from './sources.ts';

/** Upstream's numbers (knative.dev/pkg/controller). */
const WORKERS = 2;
const RESYNC_MS = 10 * 3_600_000;

/** Wires a reconciler: informers and other sources fill the queue, workers empty it. Runs until `signal` is aborted. */
export async function startReconciler<T extends ReconciledObject>(
  definition: ReconcilerDefinition<T>,
  io: ReconcilerIo,
  signal: AbortSignal,
): Promise<void> {
  const { name, kind, owns = [], watches = [], workers = WORKERS } = definition;
  const { kube, clock, log, cache } = io;
  const queue = createWorkQueue(clock);
  const objects = await cache.informerFor<T>(kind);
  const owned = await informersOf(owns, cache);
  const notices = createNotices({ kube, clock, log, component: `${name}-controller`, count: io.countNotice });
  const tracker = createTracker<KubeObject>({
    start: (resource, ends) => startInformer({ resource, carries: 'objects' }, io, AbortSignal.any([signal, ends])),
    enqueue: (key) => queue.add(key),
  });

  const willChanged = or(generationChanged, labelsChanged, annotationsChanged);
  await informer(objects).start(signal, enqueueRequestForObject, queue, willChanged);
  for (const child of owns) {
    await kindSource(cache, child).start(signal, enqueueRequestForOwner(kind), queue);
  }
  for (const { source, handler, predicates = [] } of watches) {
    await source(cache).start(signal, handler, queue, ...predicates);
  }

  const reconcile = createReconcile(definition, {
    ...io,
    objects,
    owned,
    notices,
    tracker,
    applier: createApplier(kube),
    discovery: createDiscovery(kube),
  });
  const controller = { name, queue, informers: [objects, ...owned.values()], workers, reconcile };
  await Promise.all([
    runController(controller, io, signal),
    startResync(queue, objects, RESYNC_MS, clock, signal),
    notices.run(signal),
  ]);
}

/** By the kind's plural and group. */
async function informersOf(kinds: readonly KindName[], cache: Cache): Promise<Map<string, Informer<KubeObject>>> {
  const informers = new Map<string, Informer<KubeObject>>();
  for (const kind of kinds) informers.set(nameOfKind(kind), await cache.informerFor(kind));
  return informers;
}
