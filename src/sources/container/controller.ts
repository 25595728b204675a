import { createApplier } from '../../reconcile/apply.ts';
import { runController, startResync } from '../../reconcile/controller.ts';
import { enqueueFrom, itsController, itself } from '../../reconcile/handlers.ts';
import { startInformer } from '../../reconcile/informer.ts';
import { createNotices } from '../../reconcile/notices.ts';
import { generationChanged } from '../../reconcile/predicates.ts';
import { createWorkQueue } from '../../reconcile/queue.ts';
import { type Deployment, deploymentPart } from '../../reconcile/deployment.ts';
import { DEPLOYMENTS } from '../apiserver/resources.ts';
import type { SinkBindingsIo } from '../sinkbinding/controller.ts';
import { boundPart, podTemplateOf } from '../sinkbinding/pod-template.ts';
import { SINK_BINDINGS } from '../sinkbinding/resources.ts';
import type { SinkBinding } from '../sinkbinding/spec.ts';
import { DEPLOYMENTS_OF_SOURCES } from './children.ts';
import { createReconciler } from './reconciler.ts';
import { CONTAINER_SOURCES } from './resources.ts';
import { type ContainerSource, KIND } from './spec.ts';

/** Upstream's numbers (knative.dev/pkg/controller). */
const WORKERS = 2;
const RESYNC_MS = 10 * 3_600_000;
/** Upstream's name, which notices carry. */
const COMPONENT = 'containersource-controller';

/**
 * Does what the ContainerSources of the cluster want, until `signal` is aborted. Their SinkBindings are not its
 * business: those of sources are reconciled like all others.
 */
export async function containerSources(io: Omit<SinkBindingsIo, 'clusterDomain'>, signal: AbortSignal): Promise<void> {
  const { kube, clock, log } = io;
  const queue = createWorkQueue(clock);
  const sources = startInformer<ContainerSource>({ resource: CONTAINER_SOURCES, carries: 'objects' }, io, signal);
  const bindings = startInformer<SinkBinding>({ resource: SINK_BINDINGS, carries: 'objects' }, io, signal);
  const deployments = startInformer<Deployment>(
    { resource: DEPLOYMENTS, labelSelector: DEPLOYMENTS_OF_SOURCES, carries: 'objects', keep: boundDeploymentPart },
    io,
    signal,
  );
  const notices = createNotices({ kube, clock, log, component: COMPONENT, count: io.countNotice });

  const itsSource = itsController({ group: CONTAINER_SOURCES.group, kind: KIND, namespaced: true });
  enqueueFrom(sources, queue, itself, generationChanged);
  enqueueFrom(bindings, queue, itsSource);
  enqueueFrom(deployments, queue, itsSource);

  const applier = createApplier(kube);
  const reconcile = createReconciler({ kube, clock, sources, bindings, deployments, applier, notices });
  const informers = [sources, bindings, deployments];
  const controller = { name: 'containersource', queue, informers, workers: WORKERS, reconcile };
  await Promise.all([
    runController(controller, io, signal),
    startResync(queue, sources, RESYNC_MS, clock, signal),
    notices.run(signal),
  ]);
}

/** What its availability is judged by, and what it is told already. */
function boundDeploymentPart(deployment: Deployment): Deployment & { readonly spec?: object } {
  const template = podTemplateOf(deployment, { group: DEPLOYMENTS.group, kind: DEPLOYMENTS.kind });
  return { ...deploymentPart(deployment), ...(template && { spec: { template: boundPart(template) } }) };
}
