import { createDiscovery } from '../../kube/discovery.ts';
import type { KubeObject } from '../../kube/object.ts';
import { createApplier } from '../../reconcile/apply.ts';
import { type ControllerIo, runController, startResync } from '../../reconcile/controller.ts';
import { enqueueFrom, itsController, itself, mapped } from '../../reconcile/handlers.ts';
import {
  type Informed,
  type Informer,
  type InformerEvent,
  type InformerIo,
  startInformer,
} from '../../reconcile/informer.ts';
import { keyOf, keyOfName } from '../../reconcile/key.ts';
import { createNotices, type NoticesIo } from '../../reconcile/notices.ts';
import { indexObjects } from '../../reconcile/object-index.ts';
import { annotationsChanged, generationChanged, labelsChanged, or } from '../../reconcile/predicates.ts';
import { createWorkQueue } from '../../reconcile/queue.ts';
import { addressPart } from '../../reconcile/sink-address.ts';
import { createTracker } from '../../reconcile/tracker.ts';
import { createPermissionChecks } from './check-permissions.ts';
import { type Deployment, deploymentPart } from '../../reconcile/deployment.ts';
import type { Installation } from './deployment.ts';
import { keepAuthorities } from './keep-authorities.ts';
import { KIND, sourceOfState } from './identity.ts';
import { GRANTED_FOR } from './rbac.ts';
import { createReconciler } from './reconciler.ts';
import { mayWatchIn, selectsAnew } from './concerns.ts';
import { CONFIG_MAPS, DEPLOYMENTS, GRANTS, LEASES, SOURCES } from './resources.ts';
import { NAMESPACES } from '../../kube/resource.ts';
import type { ApiServerSource } from './spec.ts';
import { isOfState } from './state-rbac.ts';
import { TRUST_BUNDLE_LABEL, type TrustBundle } from './trust-bundles.ts';

export interface SourcesIo extends InformerIo {
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
  const deployments = inform<Deployment>({
    resource: DEPLOYMENTS,
    labelSelector: OURS,
    carries: 'objects',
    keep: deploymentPart,
  });
  const leases = inform<KubeObject>({ resource: LEASES, labelSelector: LEASES_OF_ADAPTERS, carries: 'metadata' });
  const bundles = inform<TrustBundle>({
    resource: CONFIG_MAPS,
    namespace: io.installation.systemNamespace,
    labelSelector: TRUST_BUNDLE_LABEL,
    carries: 'objects',
  });
  const rights = GRANTS.map((resource) => inform<KubeObject>({ resource, carries: 'metadata' }));
  const grants = indexObjects(rights, ({ metadata }) => metadata.labels?.[GRANTED_FOR]);
  const sourcesByUid = indexObjects([sources], ({ metadata }) => metadata.uid);

  // Before sources are queued for a change of theirs.
  const authorities = keepAuthorities(bundles, log);
  const checks = createPermissionChecks(kube, clock);
  const notices = createNotices({ kube, clock, log, component: COMPONENT, count: io.countNotice });
  const tracker = createTracker<KubeObject>({
    start: (resource, ends) =>
      startInformer({ resource, carries: 'objects', keep: addressPart }, io, AbortSignal.any([signal, ends])),
    enqueue: (key) => queue.add(key),
  });

  enqueueFrom(sources, queue, itself, or(generationChanged, annotationsChanged));
  enqueueFrom(deployments, queue, itsController({ group: SOURCES.group, kind: KIND, namespaced: true }), saysMore);
  enqueueFrom(leases, queue, mapped(sourceOfLease), annotationsChanged);
  enqueueFrom(namespaces, queue, (event) => keysOf(sources, (source) => selectsAnew(source, event)), labelsChanged);
  enqueueFrom(bundles, queue, () => keysOf(sources));
  for (const right of rights) {
    // By its label, as what is in other namespaces has no owner. Not what is made: whoever made it knows.
    const itsSources = mapped(({ metadata: { labels } }: KubeObject) =>
      Array.from(sourcesByUid.of(labels?.[GRANTED_FOR] ?? ''), keyOf),
    );
    enqueueFrom(right, queue, itsSources, ({ is }) => is !== 'added');
    right.subscribe((event) => {
      if ((event.is === 'added' && event.initial) || isOfState(event.object)) return;
      const { namespace } = event.object.metadata;
      checks.forget(namespace);
      for (const key of keysOf(sources, (source) => mayWatchIn(source, namespace))) queue.add(key, 'resync');
    });
  }

  const reconcile = createReconciler({
    ...io,
    discovery: createDiscovery(kube),
    applier: createApplier(kube),
    sources,
    namespaces,
    authorities,
    deployments,
    leases,
    grants,
    checks,
    notices,
    tracker,
  });
  const informers = [sources, namespaces, deployments, leases, bundles, ...rights];
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

/** What was just made says nothing that whoever made it does not know. */
function saysMore(event: InformerEvent<Deployment>): boolean {
  return event.is !== 'added' || event.initial || event.object.status?.conditions !== undefined;
}

function sourceOfLease({ metadata: { namespace, name } }: KubeObject): readonly string[] {
  const source = sourceOfState(name);
  return source === undefined ? [] : [keyOfName({ namespace, name: source })];
}

function keysOf(
  sources: Pick<Informer<ApiServerSource>, 'list'>,
  concerns: (source: ApiServerSource) => boolean = () => true,
): string[] {
  return [...sources.list()].filter(concerns).map(keyOf);
}
