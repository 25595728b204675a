import type { KubeClient } from '../../kube/client.ts';
import { KubeError } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import { collectionPath } from '../../kube/resource.ts';
import type { Clock } from '../../process/clock.ts';
import type { Applied, Applier } from '../../reconcile/apply.ts';
import type { Result } from '../../reconcile/controller.ts';
import type { Informer } from '../../reconcile/informer.ts';
import { keyOf, nameOfKey } from '../../reconcile/key.ts';
import type { Notices } from '../../reconcile/notices.ts';
import { resolveSink, type SinkIo } from '../../reconcile/resolve-sink.ts';
import type { Tracker } from '../../reconcile/tracker.ts';
import { writeStatus } from '../../reconcile/write-status.ts';
import type { Deployment } from '../../reconcile/deployment.ts';
import type { Installation } from '../apiserver/deployment.ts';
import { patienceMs } from '../../reconcile/patience.ts';
import { DEPLOYMENTS } from '../apiserver/resources.ts';
import { ADAPTER, adapterDeployment } from './adapter-deployment.ts';
import { internalError, type SourceNotice } from '../notices.ts';
import { plan } from './plan.ts';
import { PING_SOURCES } from './resources.ts';
import type { PingSource } from './spec.ts';

export interface ReconcilerIo extends SinkIo {
  readonly kube: Pick<KubeClient, 'json'>;
  readonly clock: Clock;
  readonly installation: Installation;
  /** Such as cluster.local. */
  readonly clusterDomain: string;
  readonly sources: Pick<Informer<PingSource>, 'get' | 'list'>;
  readonly deployments: Pick<Informer<Deployment>, 'get'>;
  readonly tracker: Tracker<KubeObject>;
  readonly applier: Applier;
  readonly notices: Pick<Notices, 'tell'>;
}

const DONE: Result = { is: 'done' };
/** Somebody else wrote: what we gather by has to catch up. */
const SOON: Result = { is: 'again', afterMs: 500 };
/** What nobody wakes us for: a kind that is not served yet. */
const LATER: Result = { is: 'again', afterMs: 30_000 };
const TIMEOUT_MS = 10_000;
/** Upstream's, which it sets on every source; we have nothing to keep one for, and only take it off. */
const FINALIZER = 'pingsources.sources.knative.dev';

/** Brings one PingSource closer to what it wants: its sink resolved, the one adapter there, and its status said. */
export function createReconciler(io: ReconcilerIo): (key: string, signal: AbortSignal) => Promise<Result> {
  return async (key, signal) => {
    const { namespace, name } = nameOfKey(key);
    const source = io.sources.get(namespace, name);
    if (source === undefined || source.metadata.deletionTimestamp !== undefined) {
      io.tracker.forget(key);
      if (source !== undefined) await finalize(source, io, signal);
      return await restWithoutSources(io, signal);
    }
    const tell = (notice: SourceNotice): void => io.notices.tell({ ...notice, about: source });
    try {
      return await reconcile(source, io, tell, signal);
    } catch (error) {
      if (error instanceof KubeError && error.code !== 'aborted') tell(internalError(error.message));
      throw error;
    }
  };
}

async function reconcile(
  source: PingSource,
  io: ReconcilerIo,
  tell: (notice: SourceNotice) => void,
  signal: AbortSignal,
): Promise<Result> {
  const { namespace } = source.metadata;
  const owner = { by: { key: keyOf(source), role: 'sink' }, namespace, clusterDomain: io.clusterDomain };
  const sink = await resolveSink(io, source.spec.sink ?? {}, owner, signal);
  const applied = await applyAdapter(io, 1, signal);
  if (applied.is === 'outdated') return SOON;
  const refused = 'sentence' in applied ? applied.sentence : undefined;
  const deployment = 'object' in applied ? applied.object : undefined;
  const now = io.clock.now();
  const { status, notices } = plan({ source, now, sink, deployment, refused });
  for (const notice of [...adapterNotices(applied), ...notices]) tell(notice);
  const written = await writeStatus(io.kube, PING_SOURCES, source, status, signal);
  if (written.is === 'gone') io.tracker.forget(keyOf(source));
  if (written.is === 'conflict') return SOON;
  if (refused !== undefined) return { is: 'again', afterMs: patienceMs(status, now) };
  return sink.is === 'unresolved' && sink.askAgain ? LATER : DONE;
}

async function applyAdapter(io: ReconcilerIo, replicas: 0 | 1, signal: AbortSignal): Promise<Applied> {
  const wanted = adapterDeployment(io.installation, replicas);
  return await io.applier.apply(DEPLOYMENTS, wanted, liveAdapter(io), signal);
}

function liveAdapter({ deployments, installation }: ReconcilerIo): Deployment | undefined {
  return deployments.get(installation.systemNamespace, ADAPTER);
}

/** Upstream's words for a change. */
function adapterNotices({ is }: Applied): readonly SourceNotice[] {
  switch (is) {
    case 'created':
      return [
        { type: 'Normal', reason: 'PingSourceDeploymentCreated', message: 'PingSource adapter deployment created' },
      ];
    case 'changed':
      return [
        { type: 'Normal', reason: 'PingSourceDeploymentUpdated', message: 'PingSource adapter deployment updated' },
      ];
    default:
      return [];
  }
}

/** An adapter that has nothing to do is scaled to nothing. */
async function restWithoutSources(io: ReconcilerIo, signal: AbortSignal): Promise<Result> {
  for (const { metadata } of io.sources.list()) if (metadata.deletionTimestamp === undefined) return DONE;
  if (liveAdapter(io) === undefined) return DONE;
  const { is } = await applyAdapter(io, 0, signal);
  return is === 'outdated' ? SOON : DONE;
}

/** @throws KubeError */
async function finalize({ metadata }: PingSource, io: ReconcilerIo, signal: AbortSignal): Promise<void> {
  const { namespace, name, resourceVersion, finalizers = [] } = metadata;
  if (!finalizers.includes(FINALIZER)) return;
  try {
    await io.kube.json({
      method: 'PATCH',
      path: `${collectionPath(PING_SOURCES, namespace)}/${encodeURIComponent(name)}`,
      contentType: 'application/merge-patch+json',
      body: { metadata: { finalizers: finalizers.filter((it) => it !== FINALIZER), resourceVersion } },
      signal,
      timeoutMs: TIMEOUT_MS,
    });
  } catch (error) {
    if (!(error instanceof KubeError) || error.code !== 'notFound') throw error;
  }
}
