import { type Checkpoint, type CheckpointOptions, openCheckpoint } from '../checkpoint/checkpoint.ts';
import { createIndexStore } from '../checkpoint/index-store.ts';
import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { becomeLeader, type Leadership, type LeadershipOptions, type Waiting } from '../kube/leadership.ts';
import type { LeaseAddress } from '../kube/lease.ts';
import type { OwnerReference } from '../kube/owner-reference.ts';
import type { Resource } from '../kube/resource.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';
import type { ObjectHead } from '../watch/change.ts';
import type { AdapterConfig } from './config.ts';
import type { AdapterMetrics } from './metrics.ts';
import type { CheckpointTier } from './source-config.ts';
import type { StreamBoard } from './stream-board.ts';
import { announceStreams, streamKeys } from './streams.ts';

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

/** The readiness entry of an adapter that is not the one that delivers. A standby is ready: it misses nothing. */
const LEASE_ENTRY = 'lease';
const RETRY_AFTER_MS = 1_000;
/** How long it may take to give back a Lease that was not used. */
const RELEASE_MS = 5_000;

/** Notes on the board that it will be said who delivers. */
export function announceLead(board: StreamBoard): void {
  board.set(LEASE_ENTRY, { is: 'starting' });
}

/**
 * Waits until this replica is the one that delivers, and reads what the last one stored. Undefined when `signal` is
 * aborted first; 'unable' when the API server does not let us, which is told: events are worth more than a checkpoint.
 * @throws LeadershipLost
 */
export async function lead(
  config: AdapterConfig,
  io: LeadIo,
  signal: AbortSignal,
): Promise<Lead | 'unable' | undefined> {
  const { clock, log, metrics, board } = io;
  let tier = config.source.checkpoint;
  while (!signal.aborted) {
    let leadership: Leadership | undefined;
    try {
      leadership = await becomeLeader(leadershipOptions(config, io), tellWaiting(config, io), signal);
      if (leadership === undefined) return undefined;
      const checkpoint = await openCheckpoint(checkpointOptions(config, io, leadership, tier), signal);
      tellProblems(checkpoint, io);
      log.info({ lease: stateName(config), identity: io.identity }, 'delivering');
      takeOver(config, board);
      return { leadership, checkpoint };
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      if (signal.aborted) {
        await leadership?.release({}, AbortSignal.timeout(RELEASE_MS)).catch(() => undefined);
        return undefined;
      }
      const { code: reason, message: detail } = error;
      metrics.checkpointFailed('load', reason);
      if (error.advice === 'retry') {
        // What is stored is worth waiting for: to begin without it is to lose changes. The Lease stays ours meanwhile.
        log.warn({ reason, detail }, 'stored checkpoint cannot be read yet');
        await clock.sleep(RETRY_AFTER_MS, signal);
      } else if (leadership !== undefined && tier === 'Full') {
        log.error({ reason, detail }, 'no index: a long absence of this adapter will lose deletes');
        tier = 'Position';
      } else {
        log.error({ reason, detail }, 'no checkpoint: a restart of this adapter will lose changes');
        takeOver(config, board);
        return 'unable';
      }
    }
  }
  return undefined;
}

function leadershipOptions(config: AdapterConfig, { kube, clock, identity }: LeadIo): LeadershipOptions {
  return { kube, clock, identity, address: addressOf(config), owner: ownerOf(config) };
}

function checkpointOptions(
  config: AdapterConfig,
  { kube, clock, metrics }: LeadIo,
  leadership: Leadership,
  tier: CheckpointTier | undefined,
): CheckpointOptions {
  const index = tier === 'Full' ? createIndexStore(kube, { ...addressOf(config), owner: ownerOf(config) }) : undefined;
  const wrote = (bytes: number): void => metrics.checkpointed('index', bytes);
  return { streams: streamKeys(config), leadership, index, clock, wrote };
}

function tellWaiting(config: AdapterConfig, { log, board }: LeadIo): (waiting: Waiting) => void {
  const lease = stateName(config);
  return (waiting) => {
    switch (waiting.for) {
      case 'holder':
        log.info({ holder: waiting.holder, lease }, 'standing by; another replica delivers');
        board.set(LEASE_ENTRY, { is: 'established' });
        return;
      case 'server': {
        const { code: reason, message: detail } = waiting.error;
        log.warn({ reason, detail, lease }, 'Lease cannot be read or taken yet');
        board.set(LEASE_ENTRY, { is: 'failing', why: detail });
      }
    }
  };
}

function tellProblems({ problems }: Checkpoint, { log, metrics }: LeadIo): void {
  for (const detail of problems) {
    metrics.checkpointFailed('load', 'malformed');
    log.error(
      { detail },
      'stored checkpoint is not whole; what it lacks is recovered as far as the API server can tell',
    );
  }
}

/** From here on readiness is that of the streams. */
function takeOver(config: AdapterConfig, board: StreamBoard): void {
  announceStreams(config, board);
  board.clear(LEASE_ENTRY);
}

function addressOf(config: AdapterConfig): LeaseAddress {
  return { namespace: config.namespace, name: stateName(config) };
}

function ownerOf({ name, source }: AdapterConfig): OwnerReference | undefined {
  if (source.sourceUid === undefined) return undefined;
  return { apiVersion: 'sources.knative.dev/v1', kind: 'ApiServerSource', name, uid: source.sourceUid };
}

/** Of the Lease, and the beginning of the names of the ConfigMaps. */
function stateName(config: AdapterConfig): string {
  return `apiserversource-${config.name}`;
}

/** Whether the adapter keeps its state in this object. */
export function isOwnObject(config: AdapterConfig): (resource: Resource, object: ObjectHead) => boolean {
  const name = stateName(config);
  return ({ group, plural }, object) => {
    if (object.namespace !== config.namespace || !object.name.startsWith(name)) return false;
    const rest = object.name.slice(name.length);
    if (group === 'coordination.k8s.io' && plural === 'leases') return rest === '';
    return group === '' && plural === 'configmaps' && /^-index-\d+$/.test(rest);
  };
}
