import type { KubeClient } from '../../kube/client.ts';
import { createDiscovery } from '../../kube/discovery.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { Clock } from '../../process/clock.ts';
import type { Log } from '../../process/log.ts';
import { createApplier } from '../../reconcile/apply.ts';
import { type ControllerIo, runController, startResync } from '../../reconcile/controller.ts';
import { enqueueFrom, itsController, itself, mapped } from '../../reconcile/handlers.ts';
import { type Informed, type Informer, startInformer } from '../../reconcile/informer.ts';
import { keyOf, keyOfName } from '../../reconcile/key.ts';
import type { ControllerMetrics } from '../../reconcile/metrics.ts';
import { createNotices, type NoticesIo } from '../../reconcile/notices.ts';
import { annotationsChanged, generationChanged, labelsChanged, or } from '../../reconcile/predicates.ts';
import { createWorkQueue } from '../../reconcile/queue.ts';
import { createTracker } from '../../reconcile/tracker.ts';
import { createPermissionChecks } from './check-permissions.ts';
import type { Deployment, Installation } from './deployment.ts';
import { KIND, sourceOfState } from './identity.ts';
import { GRANTED_FOR } from './rbac.ts';
import { createReconciler } from './reconciler.ts';
import { DEPLOYMENTS, GRANTS, LEASES, NAMESPACES, SOURCES } from './resources.ts';
import type { ApiServerSource } from './spec.ts';
import { isOfState } from './state-rbac.ts';

export interface SourcesIo {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: ControllerMetrics;
  readonly countNotice: NoticesIo['count'];
  readonly installation: Installation;
  /** Such as cluster.local. */
  readonly clusterDomain: string;
  /** See ControllerIo. */
  readonly started?: ControllerIo['started'];
}

/** A reconcile waits for the API server most of its time: with upstream's 2 a thousand new sources take four times as long. */
const WORKERS = 8;
/** Upstream's number (knative.dev/pkg/controller). */
const RESYNC_MS = 10 * 3_600_000;
/** Upstream's name, which notices carry. */
const COMPONENT = 'apiserversource-controller';

/** Does what the ApiServerSources of the cluster want, until `signal` is aborted. */
export async function runApiServerSources(io: SourcesIo, signal: AbortSignal): Promise<void> {
  const { kube, clock, log } = io;
  const queue = createWorkQueue(clock);
  const inform = <T extends KubeObject>(wanted: Informed<T>): Informer<T> => startInformer(wanted, io, signal);
  const sources = inform<ApiServerSource>({ resource: SOURCES, carries: 'objects' });
  const namespaces = inform<KubeObject>({ resource: NAMESPACES, carries: 'metadata' });
  const deployments = inform<Deployment>({ resource: DEPLOYMENTS, labelSelector: OURS, carries: 'objects' });
  const leases = inform<KubeObject>({ resource: LEASES, labelSelector: LEASES_OF_ADAPTERS, carries: 'metadata' });
  const grants = GRANTS.map((resource) => inform({ resource, labelSelector: GRANTED_FOR, carries: 'objects' }));
  const rights = GRANTS.map((resource) => inform({ resource, carries: 'metadata' }));

  const checks = createPermissionChecks(kube, clock);
  const notices = createNotices({ kube, clock, log, component: COMPONENT, count: io.countNotice });
  const tracker = createTracker<KubeObject>({
    start: (resource, ends) => startInformer({ resource, carries: 'objects' }, io, AbortSignal.any([signal, ends])),
    enqueue: (key) => queue.add(key),
  });

  enqueueFrom(sources, queue, itself, or(generationChanged, annotationsChanged));
  enqueueFrom(deployments, queue, itsController({ group: SOURCES.group, kind: KIND, namespaced: true }));
  enqueueFrom(leases, queue, mapped(sourceOfLease), annotationsChanged);
  enqueueFrom(namespaces, queue, () => keysOf(sources, selectsNamespaces), labelsChanged);
  // Not what is made: whoever made it knows.
  for (const grant of grants) enqueueFrom(grant, queue, mapped(grantedFor(sources)), ({ is }) => is !== 'added');
  for (const right of rights) {
    right.subscribe((event) => {
      if ((event.is === 'added' && event.initial) || isOfState(event.object)) return;
      checks.forget();
      for (const key of keysOf(sources)) queue.add(key, 'resync');
    });
  }

  const reconcile = createReconciler({
    ...io,
    discovery: createDiscovery(kube),
    applier: createApplier(kube),
    sources,
    namespaces,
    deployments,
    leases,
    grants,
    checks,
    notices,
    tracker,
  });
  const informers = [sources, namespaces, deployments, leases, ...grants, ...rights];
  const controller = { name: 'apiserversource', queue, informers, workers: WORKERS, reconcile };
  await Promise.all([
    runController(controller, io, signal),
    startResync(queue, sources, RESYNC_MS, clock, signal),
    notices.run(signal),
  ]);
}

const OURS = 'eventing.knative.dev/source=apiserver-source-controller';
/** Other Leases, those of nodes above all, are renewed every few seconds. */
const LEASES_OF_ADAPTERS = 'app.kubernetes.io/managed-by=watchbridge';

function sourceOfLease({ metadata: { namespace, name } }: KubeObject): readonly string[] {
  const source = sourceOfState(name);
  return source === undefined ? [] : [keyOfName({ namespace, name: source })];
}

/** By its label, as what is in other namespaces has no owner. */
function grantedFor(sources: Pick<Informer<ApiServerSource>, 'list'>): (grant: KubeObject) => readonly string[] {
  return ({ metadata: { labels } }) => keysOf(sources, ({ metadata: { uid } }) => uid === labels?.[GRANTED_FOR]);
}

function selectsNamespaces({ spec }: ApiServerSource): boolean {
  return spec.namespaceSelector !== undefined;
}

function keysOf(
  sources: Pick<Informer<ApiServerSource>, 'list'>,
  concerns: (source: ApiServerSource) => boolean = () => true,
): string[] {
  return [...sources.list()].filter(concerns).map(keyOf);
}
