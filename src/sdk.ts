/**
 * The SDK, as `import { ... } from 'watchbridge/sdk'` gives it; nothing else is public. `runAdapter` runs a receive
 * adapter, `runController` a controller with reconcilers, and `kind`, `channel` and `informer` are their sources.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createKubeClient, type KubeClient } from './kube/client.ts';
import { loadClusterAccess } from './kube/config.ts';
import { systemClock } from './process/clock.ts';
import { EXIT } from './process/exit.ts';
import { createLog, type Log } from './process/log.ts';
import { stopSignal } from './process/stop-signal.ts';
import { VERSION } from './process/version.ts';
import { createControllerMetrics } from './reconcile/metrics.ts';
import { createWorkQueue, type WorkQueue } from './reconcile/queue.ts';
import type { AdapterOptions, NewAdapter, ReadEnv } from './sdk/adapter.ts';
import { type Cache, createInformerCache } from './sdk/cache.ts';
import type { ProgramIo } from './sdk/program.ts';
import type { Reconciler } from './sdk/define-reconciler.ts';
import { runAdapterProgram } from './sdk/run-adapter.ts';
import { type ControllerOptions, runControllerProgram } from './sdk/run-controller.ts';

export type { Adapter, AdapterContext, AdapterOptions, NewAdapter, ReadEnv, Readiness } from './sdk/adapter.ts';
export type { EventClient, SendResult } from './sdk/client.ts';
export type { EnvReader } from './sdk/env-reader.ts';
export { type EventToSend, InvalidEventError } from './sdk/event.ts';
export { createRecordingClient, type RecordingClient, type SentEvent } from './sdk/recording-client.ts';

export type { KubeClient, KubeRequest } from './kube/client.ts';
export { KubeError } from './kube/errors.ts';
export type { KubeObject, ObjectMeta } from './kube/object.ts';
export type { OwnerReference } from './kube/owner-reference.ts';
export type { Log } from './process/log.ts';

export { defineReconciler, type Reconciler } from './sdk/define-reconciler.ts';
export type {
  Made,
  Outcome,
  ReconcileContext,
  ReconciledObject,
  ReconcilerDefinition,
  Watch,
} from './sdk/reconciler.ts';
export type { ControllerOptions } from './sdk/run-controller.ts';
export { childName } from './reconcile/child-name.ts';
export type { Condition } from './reconcile/conditions.ts';
export { deployedCondition } from './reconcile/deployed-condition.ts';
export type { Destination, SinkAddress } from './reconcile/destination.ts';
export type { ResolvedSink } from './reconcile/resolve-sink.ts';

export type { Cache, KindName } from './sdk/cache.ts';
export {
  enqueueRequestForObject,
  enqueueRequestForOwner,
  enqueueRequestsFromMapFunc,
  handlerFuncs,
  type HandlerFuncs,
} from './sdk/handlers.ts';
export {
  channel,
  type Channel,
  type EventHandler,
  informer,
  kind,
  type Source,
  type SourceEvent,
  type SyncingSource,
} from './sdk/sources.ts';
export type { Informer, InformerEvent } from './reconcile/informer.ts';
export {
  and,
  annotationsChanged as annotationChangedPredicate,
  generationChanged as generationChangedPredicate,
  labelsChanged as labelChangedPredicate,
  labelsMatch as labelSelectorPredicate,
  not,
  or,
  type Predicate,
  resourceVersionChanged as resourceVersionChangedPredicate,
} from './reconcile/predicates.ts';
export type { WorkQueue } from './reconcile/queue.ts';

/**
 * Runs a receive adapter, and ends the process with 0 after an orderly end, 1 where it failed or could not deliver
 * everything in time, 2 where the environment is wrong: then stderr has a sentence for each problem.
 *
 * It reads Knative's variables (K_SINK and so on), serves `/health` and `/readiness` at 8080 and `/metrics` at 9092,
 * and on SIGTERM or SIGINT ends the adapter and delivers what is queued; a second signal ends the process at once.
 *
 * @param component what the program is called, in logs and for `loglevel.<component>` of K_LOGGING_CONFIG
 * @param readEnv reads what this adapter is told beside that; problems go to stderr together with all others
 */
export async function runAdapter<Env>(
  component: string,
  readEnv: ReadEnv<Env>,
  newAdapter: NewAdapter<Env>,
  options: AdapterOptions = {},
): Promise<never> {
  const leaderElection = options.leaderElection === true && !process.argv.includes('--disable-ha');
  const program = { component, readEnv, newAdapter, options: { ...options, leaderElection } };
  process.exit(
    await runAdapterProgram(
      program,
      world(),
      stopSignal(() => process.exit(EXIT.failed)),
    ),
  );
}

/**
 * Runs a controller, and ends the process as {@link runAdapter} does, with the same endpoints and signals.
 *
 * @param component what the program is called, in logs and as the name of its Lease
 * @param readEnv reads what this controller is told beside SYSTEM_NAMESPACE, CLUSTER_DOMAIN and K_LOGGING_CONFIG
 */
export async function runController<Env>(
  component: string,
  readEnv: ReadEnv<Env>,
  reconcilers: (env: Env) => readonly Reconciler[],
  options: ControllerOptions = {},
): Promise<never> {
  const leaderElection = options.leaderElection !== false && !process.argv.includes('--disable-ha');
  const program = { component, readEnv, reconcilers, options: { leaderElection } };
  process.exit(
    await runControllerProgram(
      program,
      world(),
      stopSignal(() => process.exit(EXIT.failed)),
    ),
  );
}

/**
 * The cluster that KUBECONFIG, `~/.kube/config` or the Pod's ServiceAccount names. To be closed at the end.
 * @throws KubeError `credentials` where there is none
 */
export async function connect(): Promise<KubeClient> {
  return await world().openKube(`watchbridge-sdk/${VERSION}`);
}

/**
 * A log as `runAdapter` opens one: one JSON line an entry on stdout.
 * @param level the least important one that is written. Default: info
 */
export function openLog(component: string, level: 'debug' | 'info' | 'warn' | 'error' = 'info'): Log {
  return createLog({ component, level });
}

/** A cache for sources that no `runController` runs. */
export function createCache(io: { readonly kube: KubeClient; readonly log: Log }): Cache {
  return createInformerCache({ ...io, clock: systemClock, metrics: createControllerMetrics() });
}

/** A queue for sources that no `runController` runs. */
export function createQueue(): WorkQueue {
  return createWorkQueue(systemClock);
}

function world(): ProgramIo {
  const { env } = process;
  return {
    env,
    clock: systemClock,
    openLog: (component, level) => createLog({ component, level }),
    openKube: async (userAgent) => createKubeClient(await loadClusterAccess({ env }), { userAgent }),
    complain: (sentence) => void process.stderr.write(`${sentence}\n`),
    identity: `${env['POD_NAME'] ?? hostname()}_${randomUUID()}`,
  };
}
