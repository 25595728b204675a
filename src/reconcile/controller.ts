import { unlessAborted } from '../kube/abort.ts';
import { KubeError } from '../kube/errors.ts';
import type { KubeObject } from '../kube/object.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';
import type { Informer } from './informer.ts';
import { keyOf } from './key.ts';
import type { ControllerMetrics, Outcome, ReconcileMetrics } from './metrics.ts';
import type { WorkQueue } from './queue.ts';
import { LONGEST_DELAY_MS } from './retry-pace.ts';
import { judgeFailure } from './verdict.ts';

/** `again`: the key is to come back after `afterMs`, though nothing happens to it. */
export type Result = { readonly is: 'done' } | { readonly is: 'again'; readonly afterMs: number };

export interface Controller {
  /** For logs and metrics, such as `apiserversource`. */
  readonly name: string;
  readonly queue: WorkQueue;
  /** What has to be held in whole before the first reconcile. */
  readonly informers: readonly { readonly synced: Promise<void> }[];
  /** How many keys are reconciled at once. */
  readonly workers: number;
  /**
   * Brings the world closer to what the object of `key` wants. Called for one key at most once at a time.
   *
   * @throws KubeError what then happens says `judgeFailure`
   */
  reconcile(key: string, signal: AbortSignal): Promise<Result>;
}

export interface ControllerIo {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: ControllerMetrics;
  /** Hears the controller's name once everything is held and its workers begin. */
  readonly started?: ((controller: string) => void) | undefined;
}

/**
 * Reconciles what comes out of the queue until `signal` is aborted; resolves when the last reconcile has ended. Whoever
 * takes turns with other replicas calls this while it leads, with a signal that ends when it leads no more.
 */
export async function runController(controller: Controller, io: ControllerIo, signal: AbortSignal): Promise<void> {
  const { name, queue, workers } = controller;
  const log = io.log.child({ controller: name });
  const metrics = io.metrics.controller(name, () => queue.size);
  if (!(await allSynced(controller, signal))) return;
  log.info({ workers, queued: queue.size }, 'controller started');
  io.started?.(name);
  const each = { ...io, log, metrics };
  await Promise.all(Array.from({ length: workers }, () => work(controller, each, signal)));
  log.info({ queued: queue.size }, 'controller stopped');
}

/**
 * Looks at every object again each `everyMs` (Knative: 10 h), for what nobody tells of: somebody may have changed what
 * a controller made and does not watch. Such keys wait behind those that changed. Ends with `signal`.
 */
export async function startResync(
  queue: Pick<WorkQueue, 'add'>,
  informer: Pick<Informer<KubeObject>, 'list'>,
  everyMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await clock.sleep(everyMs, signal);
    if (signal.aborted) return;
    for (const object of informer.list()) queue.add(keyOf(object), 'resync');
  }
}

async function allSynced({ informers }: Controller, signal: AbortSignal): Promise<boolean> {
  try {
    await unlessAborted(Promise.all(informers.map(({ synced }) => synced)), signal);
    return !signal.aborted;
  } catch (error) {
    if (error instanceof KubeError && error.code === 'aborted') return false;
    throw error;
  }
}

interface WorkIo {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: ReconcileMetrics;
}

async function work(controller: Controller, io: WorkIo, signal: AbortSignal): Promise<void> {
  const { queue } = controller;
  for (let key = await queue.take(signal); key !== undefined; key = await queue.take(signal)) {
    const started = io.clock.monotonic();
    const outcome = await attempt(controller, key, io.log, signal);
    queue.done(key);
    if (outcome !== undefined) io.metrics.reconciled(outcome, (io.clock.monotonic() - started) / 1_000);
  }
}

/** One reconcile, and what follows from it for the key. Undefined: it was ended by the signal. */
async function attempt(
  { queue, reconcile }: Controller,
  key: string,
  log: Log,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  try {
    const result = await reconcile(key, signal);
    queue.forget(key);
    if (result.is === 'again') queue.addAfter(key, result.afterMs);
    return result.is;
  } catch (error) {
    return failed(queue, key, error, log, signal);
  }
}

function failed(queue: WorkQueue, key: string, error: unknown, log: Log, signal: AbortSignal): Outcome | undefined {
  const verdict = judgeFailure(error, signal.aborted);
  const detail = error instanceof Error ? error.message : String(error);
  switch (verdict.is) {
    case 'ended':
      // For whoever takes from this queue next.
      queue.add(key);
      return undefined;
    case 'retry': {
      const waitMs = Math.round(queue.retry(key, verdict.atLeastMs));
      log.warn({ key, reason: verdict.reason, waitMs, detail }, 'reconcile failed; it is tried again');
      return 'retry';
    }
    case 'refused':
      queue.addAfter(key, LONGEST_DELAY_MS);
      log.error({ key, reason: verdict.reason, waitMs: LONGEST_DELAY_MS, detail }, 'reconcile is refused');
      return 'refused';
    case 'bug': {
      const waitMs = Math.round(queue.retry(key));
      log.error({ key, waitMs, error }, 'reconcile failed by a bug; it is tried again');
      return 'bug';
    }
  }
}
