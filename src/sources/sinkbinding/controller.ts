import { createDiscovery } from '../../kube/discovery.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { Resource } from '../../kube/resource.ts';
import { type ControllerIo, runController, startResync } from '../../reconcile/controller.ts';
import { enqueueFrom, itself, mapped } from '../../reconcile/handlers.ts';
import { type Informer, type InformerIo, startInformer } from '../../reconcile/informer.ts';
import { keyOf, nameOfKey } from '../../reconcile/key.ts';
import { createNotices, type NoticesIo } from '../../reconcile/notices.ts';
import { generationChanged } from '../../reconcile/predicates.ts';
import { createWorkQueue } from '../../reconcile/queue.ts';
import { addressPart } from '../../reconcile/sink-address.ts';
import { createTracker } from '../../reconcile/tracker.ts';
import { createReconciler } from './reconciler.ts';
import { SINK_BINDINGS } from './resources.ts';
import type { SinkBinding } from './spec.ts';
import { isMarked, means, type Subject } from './subject.ts';
import { createSubjectInformers } from './subject-informers.ts';

export interface SinkBindingsIo extends InformerIo {
  readonly countNotice: NoticesIo['count'];
  /** Such as cluster.local. */
  readonly clusterDomain: string;
  /** See ControllerIo. */
  readonly started?: ControllerIo['started'];
}

/** Upstream's numbers (knative.dev/pkg/controller). */
const WORKERS = 2;
const RESYNC_MS = 10 * 3_600_000;
/** Upstream's name, which notices carry. */
const COMPONENT = 'sinkbinding-controller';

/** Does what the SinkBindings of the cluster want of the objects that there are, until `signal` is aborted. */
export async function sinkBindings(io: SinkBindingsIo, signal: AbortSignal): Promise<void> {
  const { kube, clock, log } = io;
  const queue = createWorkQueue(clock);
  const bindings = startInformer<SinkBinding>({ resource: SINK_BINDINGS, carries: 'objects' }, io, signal);
  const enqueue = (key: string): void => queue.add(key);
  const notices = createNotices({ kube, clock, log, component: COMPONENT, count: io.countNotice });
  const tracker = createTracker<KubeObject>({
    start: (resource, ends) =>
      startInformer({ resource, carries: 'objects', keep: addressPart }, io, AbortSignal.any([signal, ends])),
    enqueue,
  });
  const subjects = createSubjectInformers({
    start: (wanted, ends) => startInformer(wanted, io, AbortSignal.any([signal, ends])),
    concerns: (key, resource, object) => concerns(bindings, key, resource, object),
    enqueue,
  });

  enqueueFrom(bindings, queue, itself, generationChanged);
  // What one binding lets go of, another one may mean.
  bindings.subscribe((event) => {
    if (event.is === 'added' || !generationChanged(event)) return;
    for (const key of mapped((binding: SinkBinding) => rivals(bindings, binding))(event)) queue.add(key);
  });

  const reconcile = createReconciler({ ...io, discovery: createDiscovery(kube), bindings, subjects, notices, tracker });
  const controller = { name: 'sinkbinding', queue, informers: [bindings], workers: WORKERS, reconcile };
  await Promise.all([
    runController(controller, io, signal),
    startResync(queue, bindings, RESYNC_MS, clock, signal),
    notices.run(signal),
  ]);
}

function concerns(
  bindings: Pick<Informer<SinkBinding>, 'get'>,
  key: string,
  resource: Resource,
  object: Subject,
): boolean {
  const { namespace, name } = nameOfKey(key);
  const binding = bindings.get(namespace, name);
  if (binding === undefined || object.metadata.namespace !== namespace) return false;
  return means(binding, resource, object.metadata) || isMarked(object, resource, name);
}

function rivals({ list }: Pick<Informer<SinkBinding>, 'list'>, { metadata, spec }: SinkBinding): readonly string[] {
  return [...list()]
    .filter((it) => it.metadata.namespace === metadata.namespace && it.spec.subject?.kind === spec.subject?.kind)
    .map(keyOf);
}
