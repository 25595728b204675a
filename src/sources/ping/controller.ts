import { createDiscovery } from '../../kube/discovery.ts';
import type { KubeObject } from '../../kube/object.ts';
import { createApplier } from '../../reconcile/apply.ts';
import { runController, startResync } from '../../reconcile/controller.ts';
import { enqueueFrom, itself } from '../../reconcile/handlers.ts';
import { startInformer } from '../../reconcile/informer.ts';
import { keyOf } from '../../reconcile/key.ts';
import { createNotices } from '../../reconcile/notices.ts';
import { generationChanged } from '../../reconcile/predicates.ts';
import { createWorkQueue } from '../../reconcile/queue.ts';
import { addressPart } from '../../reconcile/sink-address.ts';
import { createTracker } from '../../reconcile/tracker.ts';
import type { SourcesIo } from '../apiserver/controller.ts';
import { type Deployment, deploymentPart } from '../../reconcile/deployment.ts';
import { DEPLOYMENTS } from '../apiserver/resources.ts';
import { createReconciler } from './reconciler.ts';
import { PING_SOURCES } from './resources.ts';
import type { PingSource } from './spec.ts';

/** Upstream's numbers (knative.dev/pkg/controller). */
const WORKERS = 2;
const RESYNC_MS = 10 * 3_600_000;
/** Upstream's name, which notices carry. */
const COMPONENT = 'pingsource-controller';
/** Of the adapter's Deployment. */
const OURS = 'eventing.knative.dev/source=ping-source-controller';

/** Resolves the sinks of the PingSources of the cluster and keeps their one adapter, until `signal` is aborted. */
export async function pingSources(io: SourcesIo, signal: AbortSignal): Promise<void> {
  const { kube, clock, log } = io;
  const queue = createWorkQueue(clock);
  const sources = startInformer<PingSource>({ resource: PING_SOURCES, carries: 'objects' }, io, signal);
  const deployments = startInformer<Deployment>(
    {
      resource: DEPLOYMENTS,
      namespace: io.installation.systemNamespace,
      labelSelector: OURS,
      carries: 'objects',
      keep: deploymentPart,
    },
    io,
    signal,
  );
  const notices = createNotices({ kube, clock, log, component: COMPONENT, count: io.countNotice });
  const tracker = createTracker<KubeObject>({
    start: (resource, ends) =>
      startInformer({ resource, carries: 'objects', keep: addressPart }, io, AbortSignal.any([signal, ends])),
    enqueue: (key) => queue.add(key),
  });

  enqueueFrom(sources, queue, itself, generationChanged);
  // All stand as their one adapter does.
  enqueueFrom(deployments, queue, () => Array.from(sources.list(), keyOf));

  const reconcile = createReconciler({
    ...io,
    discovery: createDiscovery(kube),
    applier: createApplier(kube),
    sources,
    deployments,
    notices,
    tracker,
  });
  const controller = { name: 'pingsource', queue, informers: [sources, deployments], workers: WORKERS, reconcile };
  await Promise.all([
    runController(controller, io, signal),
    startResync(queue, sources, RESYNC_MS, clock, signal),
    notices.run(signal),
  ]);
}
