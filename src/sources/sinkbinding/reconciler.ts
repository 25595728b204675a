import { KubeError } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import { collectionPath, type Resource } from '../../kube/resource.ts';
import type { Result } from '../../reconcile/controller.ts';
import { nameOfKey } from '../../reconcile/key.ts';
import type { Notices } from '../../reconcile/notices.ts';
import type { Tracker } from '../../reconcile/tracker.ts';
import { writeStatus } from '../../reconcile/write-status.ts';
import { patienceMs } from '../../reconcile/patience.ts';
import { hasFinalizer, setFinalizer } from './finalizer.ts';
import { findSubjects, gather, type GatherIo, neighbours } from './gather.ts';
import { type BindingNotice, type Change, type Facts, plan, undoing } from './plan.ts';
import { SINK_BINDINGS } from './resources.ts';
import type { SinkBinding } from './spec.ts';

export interface ReconcilerIo extends GatherIo {
  readonly tracker: Tracker<KubeObject>;
  readonly notices: Pick<Notices, 'tell'>;
}

const DONE: Result = { is: 'done' };
/** Somebody else wrote: what we gather by has to catch up. */
const SOON: Result = { is: 'again', afterMs: 500 };
/** What nobody wakes us for: a kind that is not served yet. */
const LATER: Result = { is: 'again', afterMs: 30_000 };
const TIMEOUT_MS = 15_000;

type Tell = (notice: BindingNotice) => void;

/** Tried again after waits that grow: what we gather by may be behind for long. */
const outdated = (): KubeError =>
  new KubeError('conflict', 'What is to be bound was written by somebody else meanwhile.');

/** Brings the objects that one SinkBinding means closer to what it wants: gather, plan, patch, and the status last. */
export function createReconciler(io: ReconcilerIo): (key: string, signal: AbortSignal) => Promise<Result> {
  return async (key, signal) => {
    const { namespace, name } = nameOfKey(key);
    const binding = io.bindings.get(namespace, name);
    const tell: Tell = (notice) => binding && io.notices.tell({ ...notice, about: binding });
    try {
      if (binding !== undefined && binding.metadata.deletionTimestamp === undefined) {
        return await reconcile(binding, io, tell, signal);
      }
      // What somebody wrote meanwhile may wake nobody.
      if (binding !== undefined && hasFinalizer(binding) && !(await finalize(binding, io, tell, signal))) return SOON;
      io.tracker.forget(key);
      io.subjects.release(key);
      return DONE;
    } catch (error) {
      if (error instanceof KubeError && error.code !== 'aborted' && error.code !== 'conflict') {
        tell({ type: 'Warning', reason: 'InternalError', message: error.message });
      }
      throw error;
    }
  };
}

async function reconcile(stored: SinkBinding, io: ReconcilerIo, tell: Tell, signal: AbortSignal): Promise<Result> {
  const binding = await finalized(stored, io, tell, signal);
  if (binding === undefined) return SOON;
  const facts = await gather(binding, io, signal);
  const { outcome, failures } = await carryOut(plan(facts).changes, facts, io, tell, signal);
  const { status, notices, failure } = plan({ ...facts, failures });
  for (const notice of notices) tell(notice);
  const written = await writeStatus(io.kube, SINK_BINDINGS, binding, status, signal);
  if (outcome === 'outdated') throw outdated();
  if (written.is === 'conflict') return SOON;
  if (failure !== undefined) return { is: 'again', afterMs: patienceMs(status, facts.now) };
  return facts.sink.is === 'unresolved' && facts.sink.askAgain ? LATER : DONE;
}

/** Before anything is bound that would have to be undone. */
async function finalized(
  binding: SinkBinding,
  io: ReconcilerIo,
  tell: Tell,
  signal: AbortSignal,
): Promise<SinkBinding | undefined> {
  if (hasFinalizer(binding)) return binding;
  const written = await setFinalizer(io.kube, binding, 'there', signal);
  const { name } = binding.metadata;
  if (written) tell({ type: 'Normal', reason: 'FinalizerUpdate', message: `Updated "${name}" finalizers` });
  return written;
}

/**
 * Undoes what is bound, as far as that is possible: a binding that cannot be undone goes all the same, as upstream's.
 * False: not yet.
 */
async function finalize(binding: SinkBinding, io: ReconcilerIo, tell: Tell, signal: AbortSignal): Promise<boolean> {
  const subjects = await findSubjects(binding, io, signal);
  if (subjects.is === 'unavailable') {
    const { resource } = subjects;
    if (resource !== undefined && (await mayList(resource, binding, io, signal))) throw outdated();
    tell({ type: 'Warning', reason: 'NotUndone', message: `Nothing was undone. ${subjects.sentence}` });
  }
  const facts = { binding, subjects, bindings: neighbours(binding, io) };
  const { outcome, failures, trouble } = await carryOut(undoing(facts), facts, io, tell, signal);
  if (outcome === 'outdated') throw outdated();
  if (trouble !== undefined) throw trouble;
  if (failures.length > 0) tell({ type: 'Warning', reason: 'NotUndone', message: failures.join(' ') });
  return (await setFinalizer(io.kube, binding, 'gone', signal)) !== undefined;
}

/** Whether objects will be known soon; where they never will, nobody should have to wait for it. @throws KubeError */
async function mayList(
  resource: Resource,
  { metadata: { namespace } }: SinkBinding,
  { kube }: ReconcilerIo,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await kube.json({ path: collectionPath(resource, namespace), query: { limit: 1 }, signal, timeoutMs: TIMEOUT_MS });
    return true;
  } catch (error) {
    if (error instanceof KubeError && (error.code === 'forbidden' || error.code === 'notFound')) return false;
    throw error;
  }
}

interface CarriedOut {
  /** `outdated`: what was planned for is not what there is; gather again. */
  readonly outcome: 'done' | 'outdated';
  readonly failures: readonly string[];
  /** The first of the failures that may pass. */
  readonly trouble?: KubeError | undefined;
}

/** All of the changes, whatever comes of one: an object that is refused must not hold up the others. */
async function carryOut(
  changes: readonly Change[],
  { subjects }: Pick<Facts, 'subjects'>,
  io: ReconcilerIo,
  tell: Tell,
  signal: AbortSignal,
): Promise<CarriedOut> {
  const failures: string[] = [];
  let outcome: CarriedOut['outcome'] = 'done';
  let trouble: KubeError | undefined;
  if (subjects.is !== 'found') return { outcome, failures };
  const { resource } = subjects;
  for (const change of changes) {
    const { name } = change.subject.metadata;
    const patched = await patch(change, resource, io, signal);
    if (patched === 'done') {
      const [reason, done] = change.is === 'bind' ? ['SubjectBound', 'told the sink'] : ['SubjectUnbound', 'undone'];
      tell({ type: 'Normal', reason, message: `${resource.kind} "${name}" was ${done}` });
    } else if (patched === 'outdated') outcome = 'outdated';
    else {
      failures.push(`failed binding subject ${name}: ${patched.message}`);
      if (patched.code !== 'forbidden' && patched.code !== 'invalid') trouble ??= patched;
    }
  }
  return { outcome, failures, trouble };
}

async function patch(
  { subject: { metadata }, patch: body }: Change,
  resource: Resource,
  { kube }: ReconcilerIo,
  signal: AbortSignal,
): Promise<'done' | 'outdated' | KubeError> {
  try {
    await kube.json({
      method: 'PATCH',
      path: `${collectionPath(resource, metadata.namespace)}/${encodeURIComponent(metadata.name)}`,
      contentType: 'application/json-patch+json',
      body,
      signal,
      timeoutMs: TIMEOUT_MS,
    });
    return 'done';
  } catch (error) {
    if (!(error instanceof KubeError) || error.code === 'aborted') throw error;
    if (error.code === 'conflict' || error.code === 'notFound' || isTestFailure(error)) return 'outdated';
    return error;
  }
}

/** What the API server answers to a JSON patch whose test fails (apiserver, endpoints/handlers/patch.go). */
function isTestFailure({ code, message }: KubeError): boolean {
  return code === 'invalid' && message.includes('rejected our request due to an error in our request');
}
