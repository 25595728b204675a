import type { Clock } from '../process/clock.ts';
import type { KubeClient } from './client.ts';
import { KubeError } from './errors.ts';
import { type Lease, type LeaseAddress, microTime, readLease, writeLease } from './lease.ts';

/**
 * One holder at a time, by a Lease (client-go's tools/leaderelection, with the fencing that it leaves out: every write
 * is conditional on nobody else having written, and the holder knows by its own clock until when it holds).
 */
export interface Leadership {
  /** The Lease as it was when we took it. */
  readonly taken: Lease;
  /** Of the Lease as it is now; another one than stored means another cluster, or a Lease that was made anew. */
  uid(): string | undefined;
  /** Whether we surely hold the Lease at this moment; cheap enough to ask before every event. */
  holds(): boolean;
  /** Renews and replaces the given annotations. @throws LeadershipLost, KubeError (try again) */
  renew(annotations: Readonly<Record<string, string>>, signal: AbortSignal): Promise<RenewResult>;
  /** Gives the Lease back, so that a standby takes it at once. */
  release(annotations: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void>;
}

/** `rewound`: the Lease that the server has is older than one that it had confirmed to us. */
export type RenewResult = 'renewed' | 'rewound';

/** Somebody else holds the Lease, or we could not renew it in time. Nothing may be sent or stored any more. */
export class LeadershipLost extends Error {
  override readonly name = 'LeadershipLost';
}

export interface LeadershipOptions {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly address: LeaseAddress;
  /** Who we are; differs between two replicas, and between two lives of one. */
  readonly identity: string;
}

/** client-go's numbers: 15 s until others may take it, 10 s until we stop trusting it. */
const LEASE_SECONDS = 15;
const DEADLINE_MS = 10_000;
/** A standby looks this often, so a released Lease is taken over within a second. */
const LOOK_EVERY_MS = 1_000;

/**
 * Waits until the Lease is ours. `tell` hears who holds it, once a holder, and what keeps us from asking.
 * Undefined when `signal` is aborted first.
 * @throws KubeError with advice other than `retry`: the Lease may not be read or written
 */
export async function becomeLeader(
  options: LeadershipOptions,
  tell: (holder: string) => void,
  signal: AbortSignal,
): Promise<Leadership | undefined> {
  const { clock, address, kube } = options;
  // Only our own clock measures how long the other's Lease has not changed; its times may be wrong.
  let seen: { version: string | undefined; since: number; holder: string } | undefined;
  while (!signal.aborted) {
    try {
      const lease = await readLease(kube, address, signal);
      const holder = lease?.spec?.holderIdentity ?? '';
      if (seen === undefined || seen.version !== lease?.metadata.resourceVersion) {
        if (holder !== '' && holder !== seen?.holder) tell(holder);
        seen = { version: lease?.metadata.resourceVersion, since: clock.monotonic(), holder };
      }
      const durationMs = (lease?.spec?.leaseDurationSeconds ?? LEASE_SECONDS) * 1_000;
      if (holder === '' || clock.monotonic() - seen.since > durationMs) {
        const askedAt = clock.monotonic();
        const taken = await writeLease(kube, leaseOf(options, lease), signal);
        return leadership(options, taken, askedAt);
      }
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof KubeError)) throw error;
      const lostRace = error.code === 'conflict' || error.code === 'alreadyExists';
      if (!lostRace && error.advice !== 'retry') throw error;
    }
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
  return undefined;
}

function leadership(options: LeadershipOptions, taken: Lease, takenAt: number): Leadership {
  const { kube, clock, address, identity } = options;
  let current = taken;
  let heldUntil = takenAt + DEADLINE_MS;

  const write = async (lease: Lease, signal: AbortSignal): Promise<void> => {
    const askedAt = clock.monotonic();
    current = await writeLease(kube, lease, signal);
    heldUntil = askedAt + DEADLINE_MS;
  };

  const renewed = (base: Lease, annotations: Readonly<Record<string, string>>): Lease => ({
    ...base,
    metadata: { ...base.metadata, annotations: { ...base.metadata.annotations, ...annotations } },
    spec: {
      ...base.spec,
      holderIdentity: identity,
      leaseDurationSeconds: LEASE_SECONDS,
      renewTime: microTime(clock.now()),
    },
  });

  /** Somebody wrote the Lease after us, or it is gone: is it still ours? */
  const takeStock = async (signal: AbortSignal): Promise<RenewResult> => {
    const found = await readLease(kube, address, signal);
    const confirmed = current.spec?.renewTime ?? '';
    if (found === undefined) {
      const { uid: _uid, resourceVersion: _version, ...metadata } = current.metadata;
      current = { ...current, metadata };
      return 'renewed';
    }
    const holder = found.spec?.holderIdentity ?? '';
    const older = (found.spec?.renewTime ?? '') < confirmed;
    if (holder !== identity && !older)
      throw new LeadershipLost(`The Lease ${address.namespace}/${address.name} is held by ${holder || 'nobody'} now.`);
    current = found;
    return older ? 'rewound' : 'renewed';
  };

  return {
    taken,
    uid: () => current.metadata.uid,
    holds: () => clock.monotonic() < heldUntil,
    renew: async (annotations, signal) => {
      if (clock.monotonic() >= heldUntil) {
        throw new LeadershipLost(
          `The Lease ${address.namespace}/${address.name} could not be renewed within ${DEADLINE_MS / 1_000} s.`,
        );
      }
      try {
        await write(renewed(current, annotations), signal);
        return 'renewed';
      } catch (error) {
        const changed = error instanceof KubeError && ['conflict', 'notFound', 'alreadyExists'].includes(error.code);
        if (!changed) throw error;
        const result = await takeStock(signal);
        await write(renewed(current, annotations), signal);
        return result;
      }
    },
    release: async (annotations, signal) => {
      const { spec, ...rest } = renewed(current, annotations);
      await write({ ...rest, spec: { ...spec, holderIdentity: '' } }, signal);
      heldUntil = Number.NEGATIVE_INFINITY;
    },
  };
}

/** The Lease with us as its holder, made from what the server has. */
function leaseOf(options: LeadershipOptions, found: Lease | undefined): Lease {
  const { address, clock, identity } = options;
  const now = microTime(clock.now());
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: found?.metadata ?? address,
    spec: {
      holderIdentity: identity,
      leaseDurationSeconds: LEASE_SECONDS,
      acquireTime: now,
      renewTime: now,
      leaseTransitions: (found?.spec?.leaseTransitions ?? -1) + 1,
    },
  };
}
