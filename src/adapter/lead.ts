import { type Checkpoint, type CheckpointOptions, openCheckpoint } from '../checkpoint/checkpoint.ts';
import { createIndexStore } from '../checkpoint/index-store.ts';
import { becomeLeader, type Waiting } from '../kube/become-leader.ts';
import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import type { Leadership, LeadershipOptions } from '../kube/leadership.ts';
import type { LeaseAddress } from '../kube/lease.ts';
import type { OwnerReference } from '../kube/owner-reference.ts';
import type { Resource } from '../kube/resource.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';
import type { ObjectHead } from '../watch/change.ts';
import type { AdapterConfig } from './config.ts';
import type { AdapterMetrics } from './metrics.ts';
import { type CheckpointTier, EVERY_RESOURCE } from './source-config.ts';
import type { StreamBoard } from './stream-board.ts';
import { type Place, possibleStreams, streamKey } from './stream-identity.ts';
import { announceStreams } from './streams.ts';

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
  /** Why no index is kept although one is wanted; undefined: it is kept, or not wanted. */
  readonly withoutIndex: string | undefined;
}

/** The readiness entry of an adapter that is not the one that delivers. A standby is ready: it misses nothing. */
const LEASE_ENTRY = 'lease';
const RETRY_AFTER_MS = 1_000;
/** An API server that has just started refuses what it allows once it has read the roles; others do so for good. */
const REFUSED_FOR_MS = 10_000;
/** How long it may take to give back a Lease that was not used. */
const RELEASE_MS = 5_000;

/** Notes on the board that it will be said who delivers, and nothing else. */
export function announceLead(board: StreamBoard): void {
  board.reset();
  board.set(LEASE_ENTRY, { is: 'starting' });
}

/**
 * Waits until this replica is the one that delivers, and reads what the last one stored. Undefined when `signal` is
 * aborted first; 'unable' when the API server does not let us, which is told: events are worth more than a checkpoint.
 * @throws LeadershipLost when another replica is faster
 */
export async function lead(
  config: AdapterConfig,
  io: LeadIo,
  signal: AbortSignal,
): Promise<Lead | 'unable' | undefined> {
  const { clock, log, metrics, board } = io;
  let tier = config.source.checkpoint;
  let withoutIndex: string | undefined;
  const refusedUntil = clock.monotonic() + REFUSED_FOR_MS;
  while (!signal.aborted) {
    let leadership: Leadership | undefined;
    try {
      leadership = await becomeLeader(leadershipOptions(config, io), tellWaiting(config, io), signal);
      if (leadership === undefined) return undefined;
      const checkpoint = await openCheckpoint(checkpointOptions(config, io, leadership, tier), signal);
      tellProblems(checkpoint, io);
      log.info({ lease: stateName(config), identity: io.identity }, 'delivering');
      takeOver(config, board);
      return { leadership, checkpoint, withoutIndex };
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      if (signal.aborted) {
        await leadership?.release({}, AbortSignal.timeout(RELEASE_MS)).catch(() => undefined);
        return undefined;
      }
      const { code: reason, message: detail } = error;
      metrics.checkpointFailed('load', reason);
      const isRefusal = error.code === 'forbidden' || error.code === 'unauthorized';
      if (error.advice === 'retry' || (isRefusal && clock.monotonic() < refusedUntil)) {
        // What is stored is worth waiting for: to begin without it is to lose changes. The Lease stays ours meanwhile.
        log.warn({ reason, detail }, 'stored checkpoint cannot be read yet');
        await clock.sleep(RETRY_AFTER_MS, signal);
      } else if (leadership !== undefined && tier === 'Full') {
        log.error({ reason, detail }, 'no index: a long absence of this adapter will lose deletes');
        tier = 'Position';
        withoutIndex = detail;
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
  { kube, clock, metrics, log }: LeadIo,
  leadership: Leadership,
  tier: CheckpointTier | undefined,
): CheckpointOptions {
  const index = tier === 'Full' ? createIndexStore(kube, { ...addressOf(config), owner: ownerOf(config) }) : undefined;
  const wrote = (bytes: number): void => metrics.checkpointed('index', bytes);
  const leftOut = (positions: number): void => {
    metrics.checkpointFailed('lease', 'invalid');
    log.error({ positions }, 'more streams than a Lease has room for; a restart loses changes of those left out');
  };
  return {
    streams: possibleStreams(config),
    leadership,
    index,
    clock,
    wrote,
    leftOut,
    ignoredIn: ownObjectsIn(config),
  };
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

/** Notes on the board whether the Lease that we had is held at this moment: if not, nothing is sent. */
export function noteHold(board: StreamBoard, held: boolean): void {
  if (held) board.clear(LEASE_ENTRY);
  else board.set(LEASE_ENTRY, { is: 'failing', why: 'it could not be renewed in time; nothing is sent until it is' });
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

/** For the key of a stream in which the adapter's own objects can be: whether an object is one of them. */
export function ownObjectsIn(config: AdapterConfig): (stream: string) => ((object: ObjectHead) => boolean) | undefined {
  const { namespace: name, source } = config;
  const isOwn = isOwnObject(config);
  const places: Place[] = [{ is: 'cluster' }, { is: 'selected' }, { is: 'namespace', name }, { is: 'matching', name }];
  const found = new Map<string, (object: ObjectHead) => boolean>();
  for (const entry of source.resources) {
    for (const { group, plural } of OWN_RESOURCES) {
      const { Group, Resource } = entry.gvr;
      if (Group !== group || (Resource !== plural && Resource !== EVERY_RESOURCE)) continue;
      const gvr = { ...entry.gvr, Resource: plural };
      for (const place of places) {
        found.set(streamKey(entry, gvr, place, source), (object) => isOwn({ group, plural }, object));
      }
    }
  }
  return (stream) => found.get(stream);
}

const OWN_RESOURCES = [
  { group: 'coordination.k8s.io', plural: 'leases' },
  { group: '', plural: 'configmaps' },
];

/** Whether the adapter keeps its state in this object. */
export function isOwnObject(
  config: AdapterConfig,
): (resource: Pick<Resource, 'group' | 'plural'>, object: ObjectHead) => boolean {
  const name = stateName(config);
  return ({ group, plural }, object) => {
    if (object.namespace !== config.namespace || !object.name.startsWith(name)) return false;
    const rest = object.name.slice(name.length);
    if (group === 'coordination.k8s.io' && plural === 'leases') return rest === '';
    return group === '' && plural === 'configmaps' && /^-index-\d+$/.test(rest);
  };
}
