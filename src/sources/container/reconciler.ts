import type { KubeClient } from '../../kube/client.ts';
import { KubeError } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { Clock } from '../../process/clock.ts';
import type { Applied, Applier } from '../../reconcile/apply.ts';
import type { Result } from '../../reconcile/controller.ts';
import type { Informer } from '../../reconcile/informer.ts';
import { nameOfKey } from '../../reconcile/key.ts';
import type { Notices } from '../../reconcile/notices.ts';
import { writeStatus } from '../../reconcile/write-status.ts';
import type { Deployment } from '../../reconcile/deployment.ts';
import { patienceMs } from '../../reconcile/patience.ts';
import { DEPLOYMENTS } from '../apiserver/resources.ts';
import { SINK_BINDINGS } from '../sinkbinding/resources.ts';
import type { SinkBinding } from '../sinkbinding/spec.ts';
import { deploymentName, sinkBindingName } from './children.ts';
import { type Facts, plan, type SourceNotice } from './plan.ts';
import { CONTAINER_SOURCES } from './resources.ts';
import type { ContainerSource } from './spec.ts';

export interface ReconcilerIo {
  readonly kube: Pick<KubeClient, 'json'>;
  readonly clock: Clock;
  readonly sources: Pick<Informer<ContainerSource>, 'get'>;
  readonly bindings: Pick<Informer<SinkBinding>, 'get'>;
  readonly deployments: Pick<Informer<Deployment>, 'get'>;
  readonly applier: Applier;
  readonly notices: Pick<Notices, 'tell'>;
}

const DONE: Result = { is: 'done' };
/** Somebody else wrote: what we gather by has to catch up. */
const SOON: Result = { is: 'again', afterMs: 500 };

/** Brings one ContainerSource closer to what it wants: gather, plan, apply, and the status last. */
export function createReconciler(io: ReconcilerIo): (key: string, signal: AbortSignal) => Promise<Result> {
  return async (key, signal) => {
    const { namespace, name } = nameOfKey(key);
    const source = io.sources.get(namespace, name);
    // What was made for it is its own, and goes with it.
    if (source === undefined || source.metadata.deletionTimestamp !== undefined) return DONE;
    const tell = (notice: SourceNotice): void => io.notices.tell({ ...notice, about: source });
    try {
      return await reconcile(source, io, tell, signal);
    } catch (error) {
      if (error instanceof KubeError && error.code !== 'aborted') {
        tell({ type: 'Warning', reason: 'InternalError', message: error.message });
      }
      throw error;
    }
  };
}

async function reconcile(
  source: ContainerSource,
  io: ReconcilerIo,
  tell: (notice: SourceNotice) => void,
  signal: AbortSignal,
): Promise<Result> {
  const { namespace } = source.metadata;
  const binding = io.bindings.get(namespace, sinkBindingName(source));
  const deployment = io.deployments.get(namespace, deploymentName(source));
  const facts: Facts = { source, now: io.clock.now(), binding, deployment, obstacle: undefined };
  const done = await carryOut(plan(facts).apply, facts, io, tell, signal);
  if (done === 'outdated') return SOON;
  const { status, notices, failure } = plan(done);
  for (const notice of notices) tell(notice);
  const written = await writeStatus(io.kube, CONTAINER_SOURCES, source, status, signal);
  if (written.is === 'conflict') return SOON;
  return failure === undefined ? DONE : { is: 'again', afterMs: patienceMs(status, facts.now) };
}

/** Applies in order, and stops at what cannot be had. @returns the facts after it */
async function carryOut(
  apply: readonly KubeObject[],
  facts: Facts,
  { applier }: ReconcilerIo,
  tell: (notice: SourceNotice) => void,
  signal: AbortSignal,
): Promise<Facts | 'outdated'> {
  let after = facts;
  for (const wanted of apply) {
    const isBinding = wanted.kind === 'SinkBinding';
    const live = isBinding ? facts.binding : facts.deployment;
    const applied = await applier.apply(isBinding ? SINK_BINDINGS : DEPLOYMENTS, wanted, live, signal);
    if (applied.is === 'outdated') return 'outdated';
    if ('sentence' in applied) return { ...after, obstacle: { kind: wanted.kind, sentence: applied.sentence } };
    // What was applied is what the API server made of it.
    after = isBinding ? { ...after, binding: applied.object as SinkBinding } : { ...after, deployment: applied.object };
    for (const notice of noticesOf(applied)) tell(notice);
  }
  return after;
}

/** Upstream's words. */
function noticesOf(applied: Extract<Applied, { object: KubeObject }>): readonly SourceNotice[] {
  const { kind, metadata } = applied.object;
  switch (applied.is) {
    case 'unchanged':
      return [];
    case 'created':
      return [
        { type: 'Normal', reason: `ContainerSource${kind}Created`, message: `${kind} created "${metadata.name}"` },
      ];
    case 'changed':
      return [
        { type: 'Normal', reason: `ContainerSource${kind}Updated`, message: `${kind} updated "${metadata.name}"` },
      ];
  }
}
