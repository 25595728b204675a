import type { Clock } from '../process/clock.ts';
import type { KubeClient } from './client.ts';
import { KubeError } from './errors.ts';
import { LEASE_SECONDS, type Lease, type LeaseAddress, microTime, readLease, writeLease } from './lease.ts';
import type { OwnerReference } from './owner-reference.ts';
import { compareVersions } from './resource-version.ts';

/**
 * One holder at a time, by a Lease (client-go's tools/leaderelection, with the fencing that it leaves out: every write
 * is conditional on nobody else having written, and the holder knows by its own clock until when it holds).
 *
 * Who could not renew in time does not hold, and does again as soon as a renewal succeeds: that one does only if nobody
 * else wrote the Lease in between, so that nobody else held it.
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

/** Somebody else holds the Lease, or may have held it. Nothing may be sent or stored any more. */
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

/** client-go's number: 5 s before others may take the Lease we stop trusting it. */
const DEADLINE_MS = 10_000;

/**
 * Holds a Lease that was taken.
 * @param takenAt when that was asked for, on the monotonic clock
 */
export function holdLease(
  options: LeadershipOptions,
  { taken, takenAt, handedOver }: { readonly taken: Lease; readonly takenAt: number; readonly handedOver: boolean },
): Leadership {
  const { kube, clock, address, identity } = options;
  const name = `${address.namespace}/${address.name}`;
  let current = taken;
  let heldUntil = takenAt + DEADLINE_MS;
  let givenBack = false;
  let loss: LeadershipLost | undefined;

  const lost = (sentence: string): LeadershipLost => {
    heldUntil = Number.NEGATIVE_INFINITY;
    loss = new LeadershipLost(sentence);
    return loss;
  };

  const mustBeOurs = (): void => {
    if (loss !== undefined) throw loss;
    if (givenBack) throw lost(`The Lease ${name} was given back.`);
  };

  /** Somebody wrote the Lease after us, or it is gone: is it still ours? */
  const takeStock = async (signal: AbortSignal): Promise<RenewResult> => {
    const found = await readLease(kube, address, signal);
    const holder = found?.spec?.holderIdentity ?? '';
    if (found !== undefined && holder === identity) {
      const result = isOlder(found, current) ? 'rewound' : 'renewed';
      current = found;
      return result;
    }
    // Later than that, another one may have had it, whose clock may be behind ours.
    if (clock.monotonic() >= heldUntil) {
      throw lost(`The Lease ${name} could not be renewed within ${DEADLINE_MS / 1_000} s, and is not ours any more.`);
    }
    if (found === undefined) {
      const { uid: _uid, resourceVersion: _version, ...metadata } = current.metadata;
      current = { ...current, metadata };
      return 'renewed';
    }
    if (!isOlder(found, current)) throw lost(`The Lease ${name} is held by ${holder || 'nobody'} now.`);
    current = found;
    return 'rewound';
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
      mustBeOurs();
      const askedAt = clock.monotonic();
      const result = await update(heldBy(identity, annotations), signal);
      heldUntil = askedAt + DEADLINE_MS;
      return result;
    },
    release: async (annotations, signal) => {
      mustBeOurs();
      // Others may take it before we are answered.
      givenBack = true;
      await update(heldBy('', annotations), signal);
      heldUntil = Number.NEGATIVE_INFINITY;
    },
  };
}

/**
 * Whether the server went back; of a Lease that is renewed in time, no other holder can have written it. Where versions
 * cannot be ordered our own clock has to do, which may be set back.
 */
function isOlder(found: Lease, confirmed: Lease): boolean {
  const order = compareVersions(found.metadata.resourceVersion ?? '', confirmed.metadata.resourceVersion ?? '');
  if (order !== undefined) return order < 0;
  const { renewTime } = found.spec ?? {};
  return renewTime !== undefined && renewTime < (confirmed.spec?.renewTime ?? '');
}
