import { KubeError } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import { type Applied, type Applier, removeObject } from '../../reconcile/apply.ts';
import type { Result } from '../../reconcile/controller.ts';
import type { Informer } from '../../reconcile/informer.ts';
import { nameOfKey } from '../../reconcile/key.ts';
import type { Notices } from '../../reconcile/notices.ts';
import type { Tracker } from '../../reconcile/tracker.ts';
import { writeStatus } from '../../reconcile/write-status.ts';
import type { Deployment } from '../../reconcile/deployment.ts';
import type { Facts, Obstacle } from './facts.ts';
import { FINALIZER, finalize, needsFinalizer, setFinalizers } from './finalizer.ts';
import { gather, type GatherIo } from './gather.ts';
import { internalError, type SourceNotice } from '../notices.ts';
import { type Plan, plan } from './plan.ts';
import { patienceMs } from '../../reconcile/patience.ts';
import { resourceOf, SOURCES } from './resources.ts';
import type { ApiServerSource } from './spec.ts';

export interface ReconcilerIo extends GatherIo {
  readonly sources: Pick<Informer<ApiServerSource>, 'get'>;
  readonly tracker: Tracker<KubeObject>;
  readonly applier: Applier;
  readonly notices: Pick<Notices, 'tell'>;
}

const DONE: Result = { is: 'done' };
/** Somebody else wrote: what we gather by has to catch up. */
const SOON: Result = { is: 'again', afterMs: 500 };
/** What nobody wakes us for: a kind that is not served yet. */
const LATER: Result = { is: 'again', afterMs: 30_000 };

/** Brings one ApiServerSource closer to what it wants: gather, plan, apply, and the status last. */
export function createReconciler(io: ReconcilerIo): (key: string, signal: AbortSignal) => Promise<Result> {
  /** Versions of sources that were replaced here, until the informer has the next ones (KEP-5647). */
  const replaced = new Map<string, string>();
  return async (key, signal) => {
    const { namespace, name } = nameOfKey(key);
    const source = io.sources.get(namespace, name);
    if (source !== undefined && replaced.get(key) === source.metadata.resourceVersion) return SOON;
    replaced.delete(key);
    const replace = async (finalizers: readonly string[]): Promise<boolean> => {
      if (source === undefined || (await setFinalizers(io.kube, source, finalizers, signal)) === 'conflict')
        return false;
      replaced.set(key, source.metadata.resourceVersion ?? '');
      return true;
    };
    if (source === undefined || source.metadata.deletionTimestamp !== undefined) {
      io.tracker.forget(key);
      // What somebody wrote meanwhile may wake nobody.
      return source === undefined || (await finalize(io.kube, source, replace, signal)) ? DONE : SOON;
    }
    const tell = (notice: SourceNotice): void => io.notices.tell({ ...notice, about: source });
    try {
      return await reconcile(source, { ...io, replace, tell }, signal);
    } catch (error) {
      if (error instanceof KubeError && error.code !== 'aborted') tell(internalError(error.message));
      throw error;
    }
  };
}

interface ReconcileIo extends ReconcilerIo {
  /** Gives the source these finalizers. @returns false where somebody else wrote it */
  readonly replace: (finalizers: readonly string[]) => Promise<boolean>;
  readonly tell: (notice: SourceNotice) => void;
}

async function reconcile(source: ApiServerSource, io: ReconcileIo, signal: AbortSignal): Promise<Result> {
  const { tell } = io;
  const { namespace, name } = source.metadata;
  const facts = await gather(source, io, signal);
  const planned = plan(facts);
  if (needsFinalizer(planned.apply, source)) {
    // Before anything is made that would outlive the source.
    if (await io.replace([...(source.metadata.finalizers ?? []), FINALIZER])) {
      tell({ type: 'Normal', reason: 'FinalizerUpdate', message: `Updated "${name}" finalizers` });
    }
    return SOON;
  }
  const done = await carryOut(planned, facts, io, signal);
  if (done === 'outdated') return SOON;
  const { status, notices, failure } = plan({ ...facts, ...done.facts });
  for (const notice of [...done.notices, ...notices]) tell(notice);
  const written = await writeStatus(io.kube, SOURCES, source, status, signal);
  if (written.is === 'gone') io.tracker.forget(`${namespace}/${name}`);
  if (written.is === 'conflict') return SOON;
  if (failure !== undefined) return { is: 'again', afterMs: patienceMs(status, facts.now) };
  return waitsForKinds(facts) ? LATER : DONE;
}

interface CarriedOut {
  /** What is different after it. */
  readonly facts: Partial<Facts>;
  readonly notices: readonly SourceNotice[];
}

/**
 * Applies in order. What cannot be had in one namespace is no reason to leave out another, but nothing runs, and nothing
 * is taken back, before all of it is there.
 */
async function carryOut(
  { apply, remove }: Plan,
  facts: Facts,
  io: ReconcilerIo,
  signal: AbortSignal,
): Promise<CarriedOut | 'outdated'> {
  const notices: SourceNotice[] = [];
  const obstacles: Obstacle[] = [];
  let deployment: Deployment | undefined;
  for (const wanted of apply) {
    if (wanted.kind === 'Deployment' && obstacles.length > 0) continue;
    const applied = await io.applier.apply(resourceOf(wanted.kind), wanted, liveOf(wanted, facts, io), signal);
    if (applied.is === 'outdated') return 'outdated';
    if ('sentence' in applied) {
      obstacles.push({ kind: wanted.kind, sentence: applied.sentence });
      continue;
    }
    if (wanted.kind !== 'Deployment') continue;
    deployment = applied.object;
    notices.push(...deploymentNotices(applied));
  }
  if (obstacles.length > 0) return { facts: { obstacles }, notices };
  for (const { kind, metadata } of remove) {
    await removeObject(io.kube, { resource: resourceOf(kind), ...metadata, uid: metadata.uid ?? '' }, signal);
  }
  return { facts: { ...(deployment !== undefined && { deployment }) }, notices };
}

function liveOf({ kind, metadata }: KubeObject, { granted }: Facts, io: ReconcilerIo): KubeObject | undefined {
  const { namespace, name } = metadata;
  if (kind === 'Deployment') return io.deployments.get(namespace, name);
  return granted.find((it) => it.kind === kind && it.metadata.namespace === namespace && it.metadata.name === name);
}

/** Upstream's words. */
function deploymentNotices(applied: Extract<Applied, { object: KubeObject }>): readonly SourceNotice[] {
  const { name } = applied.object.metadata;
  switch (applied.is) {
    case 'unchanged':
      return [];
    case 'created':
      return [{ type: 'Normal', reason: 'ApiServerSourceDeploymentCreated', message: 'Deployment created' }];
    case 'changed':
      return [{ type: 'Normal', reason: 'ApiServerSourceDeploymentUpdated', message: `Deployment "${name}" updated` }];
  }
}

function waitsForKinds({ found, sink, deadLetterSink }: Facts): boolean {
  const sinks = [sink, deadLetterSink];
  return found.some(({ is }) => is !== 'found') || sinks.some((it) => it?.is === 'unresolved' && it.askAgain);
}
