import type { Clock } from '../process/clock.ts';
import type { KubeClient } from './client.ts';
import { KubeError } from './errors.ts';
import { type Lease, type LeaseAddress, microTime, readLease, writeLease } from './lease.ts';
import type { OwnerReference } from './owner-reference.ts';

/**
 * One holder at a time, by a Lease (client-go's tools/leaderelection, with the fencing that it leaves out: every write
 * is conditional on nobody else having written, and the holder knows by its own clock until when it holds).
 */
export interface Leadership {
  /** The Lease as it was when we took it. */
  readonly taken: Lease;
  /** Whether its last holder gave it back, or there was none; else that one may have ended in the middle of anything. */
  readonly handedOver: boolean;
  /** Of the Lease as it is now; another one than stored means another cluster, or a Lease that was made anew. */
  uid(): string | undefined;
  /** Whether we surely hold the Lease at this moment; cheap enough to ask before every event. */
  holds(): boolean;
  /** Renews and replaces the given annotations. @throws LeadershipLost, KubeError (try again) */
  renew(annotations: Readonly<Record<string, string>>, signal: AbortSignal): Promise<RenewResult>;
  /** Gives the Lease back, so that a standby takes it at once. From the call on we do not hold it. @throws as renew */
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
  /** What the Lease belongs to, so that it goes with it; undefined where its uid is not told. */
  readonly owner: OwnerReference | undefined;
}

/** client-go's numbers: 15 s until others may take it, 10 s until we stop trusting it. */
const LEASE_SECONDS = 15;
const DEADLINE_MS = 10_000;
/** A standby looks this often, so a released Lease is taken over within a second. */
const LOOK_EVERY_MS = 1_000;
const NEVER = new AbortController().signal;

/** Why the Lease is not ours yet. */
export type Waiting =
  | { readonly for: 'holder'; readonly holder: string }
  | { readonly for: 'server'; readonly error: KubeError };

/**
 * Waits until the Lease is ours. `tell` hears what for, whenever that is something else than before.
 * Undefined when `signal` is aborted first; an abort while we take it leaves it ours, to be released.
 * @throws KubeError with advice other than `retry`: the Lease may not be read or written
 */
export async function becomeLeader(
  options: LeadershipOptions,
  tell: (waiting: Waiting) => void,
  signal: AbortSignal,
): Promise<Leadership | undefined> {
  const { clock, address, kube, identity } = options;
  // Only our own clock measures how long the other's Lease has not changed; its times may be wrong.
  let seen: { version: string | undefined; since: number; holder: string } | undefined;
  let told = '';
  const tellOnce = (waiting: Waiting): void => {
    const text = waiting.for === 'holder' ? waiting.holder : waiting.error.message;
    if (text !== told) tell(waiting);
    told = text;
  };
  while (!signal.aborted) {
    try {
      const lease = await readLease(kube, address, signal);
      // Whoever holds a Lease that somebody deletes makes it anew.
      const holder = (lease === undefined ? seen?.holder : lease.spec?.holderIdentity) ?? '';
      if (seen === undefined || seen.version !== lease?.metadata.resourceVersion) {
        seen = { version: lease?.metadata.resourceVersion, since: clock.monotonic(), holder };
      }
      const durationMs = (lease?.spec?.leaseDurationSeconds ?? LEASE_SECONDS) * 1_000;
      // It is ours already where an earlier attempt was not answered.
      const free = holder === '' || holder === identity || clock.monotonic() - seen.since > durationMs;
      if (free) {
        const askedAt = clock.monotonic();
        // Not given up with the signal: nobody would know whether we hold it.
        const taken = await writeLease(kube, leaseOf(options, lease), NEVER);
        return leadership(options, taken, askedAt, holder === '');
      }
      tellOnce({ for: 'holder', holder });
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof KubeError)) throw error;
      const lostRace = error.code === 'conflict' || error.code === 'alreadyExists';
      if (!lostRace && error.advice !== 'retry') throw error;
      if (!lostRace) tellOnce({ for: 'server', error });
    }
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
  return undefined;
}

function leadership(options: LeadershipOptions, taken: Lease, takenAt: number, handedOver: boolean): Leadership {
  const { kube, clock, address, identity } = options;
  const name = `${address.namespace}/${address.name}`;
  let current = taken;
  let heldUntil = takenAt + DEADLINE_MS;
  let givenBack = false;

  const lost = (sentence: string): LeadershipLost => {
    heldUntil = Number.NEGATIVE_INFINITY;
    return new LeadershipLost(sentence);
  };

  const mustHold = (): void => {
    if (clock.monotonic() < heldUntil) return;
    throw lost(`The Lease ${name} could not be renewed within ${DEADLINE_MS / 1_000} s.`);
  };

  /** Somebody wrote the Lease after us, or it is gone: is it still ours? */
  const takeStock = async (signal: AbortSignal): Promise<RenewResult> => {
    const found = await readLease(kube, address, signal);
    // Later than that, another one may have taken it, whose clock may be behind ours.
    mustHold();
    if (found === undefined) {
      const { uid: _uid, resourceVersion: _version, ...metadata } = current.metadata;
      current = { ...current, metadata };
      return 'renewed';
    }
    const holder = found.spec?.holderIdentity ?? '';
    const older = isOlder(found, current);
    if (holder !== identity && !older) throw lost(`The Lease ${name} is held by ${holder || 'nobody'} now.`);
    current = found;
    return older ? 'rewound' : 'renewed';
  };

  /** Writes what `next` makes of the Lease, and once more where somebody else wrote it and left it ours. */
  const update = async (next: (lease: Lease) => Lease, signal: AbortSignal): Promise<RenewResult> => {
    try {
      current = await writeLease(kube, next(current), signal);
      return 'renewed';
    } catch (error) {
      const changed = error instanceof KubeError && ['conflict', 'notFound', 'alreadyExists'].includes(error.code);
      if (!changed) throw error;
      const result = await takeStock(signal);
      current = await writeLease(kube, next(current), signal);
      return result;
    }
  };

  const heldBy = (holderIdentity: string, annotations: Readonly<Record<string, string>>) => {
    return ({ metadata, spec, ...lease }: Lease): Lease => ({
      ...lease,
      metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } },
      spec: { ...spec, holderIdentity, leaseDurationSeconds: LEASE_SECONDS, renewTime: microTime(clock.now()) },
    });
  };

  return {
    taken,
    handedOver,
    uid: () => current.metadata.uid,
    holds: () => !givenBack && clock.monotonic() < heldUntil,
    renew: async (annotations, signal) => {
      mustHold();
      const askedAt = clock.monotonic();
      const result = await update(heldBy(identity, annotations), signal);
      heldUntil = askedAt + DEADLINE_MS;
      return result;
    },
    release: async (annotations, signal) => {
      mustHold();
      // Others may take it before we are answered.
      givenBack = true;
      await update(heldBy('', annotations), signal);
      heldUntil = Number.NEGATIVE_INFINITY;
    },
  };
}

/** Whether the server went back; of a Lease that is renewed in time, no other holder can have written it. */
function isOlder(found: Lease, confirmed: Lease): boolean {
  const { renewTime } = found.spec ?? {};
  return renewTime !== undefined && renewTime < (confirmed.spec?.renewTime ?? '');
}

/** The Lease with us as its holder, made from what the server has. */
function leaseOf(options: LeadershipOptions, found: Lease | undefined): Lease {
  const { address, clock, identity, owner } = options;
  const now = microTime(clock.now());
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { ...(found?.metadata ?? address), ...(owner !== undefined && { ownerReferences: [owner] }) },
    spec: {
      holderIdentity: identity,
      leaseDurationSeconds: LEASE_SECONDS,
      acquireTime: now,
      renewTime: now,
      leaseTransitions: (found?.spec?.leaseTransitions ?? -1) + 1,
    },
  };
}
