import { type Checkpoint, openCheckpoint } from '../checkpoint/checkpoint.ts';
import { createIndexStore } from '../checkpoint/index-store.ts';
import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { becomeLeader, type Leadership } from '../kube/leadership.ts';
import type { Resource } from '../kube/resource.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';
import type { ObjectHead } from '../watch/change.ts';
import type { AdapterConfig } from './config.ts';
import type { AdapterMetrics } from './metrics.ts';
import type { StreamBoard } from './stream-board.ts';
import { streamKeys } from './streams.ts';

export interface LeadIo {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: AdapterMetrics;
  readonly board: StreamBoard;
  /** What tells this process from every other one that may hold the source's Lease. */
  readonly identity: string;
}

/** The one adapter of a source that watches and delivers, and what it keeps. */
export interface Lead {
  readonly leadership: Leadership;
  readonly checkpoint: Checkpoint;
}

/** The readiness entry of an adapter that is not the one that delivers. */
const LEASE_ENTRY = 'lease';

/**
 * Waits until this replica is the one that delivers, and reads what the last one stored. Undefined when `signal` is
 * aborted first; 'unable' when the API server does not let us, which is told: events are worth more than a checkpoint.
 */
export async function lead(
  config: AdapterConfig,
  io: LeadIo,
  signal: AbortSignal,
): Promise<Lead | 'unable' | undefined> {
  const { kube, clock, log, metrics, board } = io;
  const name = stateName(config);
  const address = { namespace: config.namespace, name };
  const standby = (holder: string): void => {
    log.info({ holder, lease: name }, 'standing by; another replica delivers');
    board.set(LEASE_ENTRY, { is: 'established' });
  };
  try {
    const leadership = await becomeLeader({ kube, clock, address, identity: io.identity }, standby, signal);
    if (leadership === undefined) return undefined;
    const { sourceUid: uid, checkpoint: tier } = config.source;
    const owner =
      uid === undefined
        ? undefined
        : { apiVersion: 'sources.knative.dev/v1', kind: 'ApiServerSource', name: config.name, uid };
    const index = tier === 'Full' ? createIndexStore(kube, { ...address, owner }) : undefined;
    const wrote = (bytes: number): void => metrics.checkpointed('index', bytes);
    const checkpoint = await openCheckpoint({ streams: streamKeys(config), leadership, index, clock, wrote }, signal);
    for (const problem of checkpoint.problems) {
      metrics.checkpointFailed('load', 'malformed');
      log.error(
        { detail: problem },
        'stored checkpoint is not whole; what it lacks is recovered as far as the API server can tell',
      );
    }
    board.clear(LEASE_ENTRY);
    log.info({ lease: name, identity: io.identity }, 'delivering');
    return { leadership, checkpoint };
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    if (signal.aborted) return undefined;
    metrics.checkpointFailed('load', error.code);
    log.error(
      { reason: error.code, detail: error.message },
      'no checkpoint: a restart of this adapter will lose changes',
    );
    return 'unable';
  }
}

/** Of the Lease, and the beginning of the names of the ConfigMaps. */
function stateName(config: AdapterConfig): string {
  return `apiserversource-${config.name}`;
}

/** Whether the adapter keeps its state in this object. */
export function isOwnObject(config: AdapterConfig): (resource: Resource, object: ObjectHead) => boolean {
  const name = stateName(config);
  return (resource, object) => {
    if (object.namespace !== config.namespace || !object.name.startsWith(name)) return false;
    if (resource.plural === 'leases' && resource.group === 'coordination.k8s.io') return object.name === name;
    return resource.plural === 'configmaps' && resource.group === '' && object.name.startsWith(`${name}-index-`);
  };
}
