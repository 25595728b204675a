import { KubeError } from './errors.ts';
import { holdLease, type Leadership, type LeadershipOptions } from './leadership.ts';
import { LEASE_SECONDS, type Lease, microTime, readLease, writeLease } from './lease.ts';

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
        return holdLease(options, { taken, takenAt: askedAt, handedOver: holder === '' });
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

/** The Lease with us as its holder, made from what the server has. */
function leaseOf(options: LeadershipOptions, found: Lease | undefined): Lease {
  const { address, clock, identity, owner } = options;
  const now = microTime(clock.now());
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      ...(found?.metadata ?? address),
      // By which the controller finds it among all the Leases of a cluster.
      labels: { ...found?.metadata.labels, 'app.kubernetes.io/managed-by': 'watchbridge' },
      ...(owner !== undefined && { ownerReferences: [owner] }),
    },
    spec: {
      holderIdentity: identity,
      leaseDurationSeconds: LEASE_SECONDS,
      acquireTime: now,
      renewTime: now,
      leaseTransitions: (found?.spec?.leaseTransitions ?? -1) + 1,
    },
  };
}
