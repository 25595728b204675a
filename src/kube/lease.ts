import type { KubeClient } from './client.ts';
import { createByName } from './create-by-name.ts';
import { KubeError } from './errors.ts';
import type { OwnerReference } from './owner-reference.ts';

/** What we rely on of a coordination.k8s.io/v1 Lease. */
export interface Lease {
  readonly apiVersion: 'coordination.k8s.io/v1';
  readonly kind: 'Lease';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly OwnerReference[];
  };
  readonly spec?: {
    /** Empty: given back. */
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    /** RFC 3339 with microseconds. */
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

/** Where a Lease is kept. */
export interface LeaseAddress {
  readonly namespace: string;
  readonly name: string;
}

/** client-go's number: a Lease that was not renewed for so long may be taken by others. */
export const LEASE_SECONDS = 15;

/** A Lease is to be renewed within 10 s and is every 5 s: a stalled connection must leave time for another attempt. */
const ANSWER_WITHIN_MS = 3_000;

/** The Lease as the server has it, or undefined. @throws KubeError */
export async function readLease(kube: KubeClient, at: LeaseAddress, signal: AbortSignal): Promise<Lease | undefined> {
  try {
    return await kube.json<Lease>({ path: pathOf(at), signal, timeoutMs: ANSWER_WITHIN_MS });
  } catch (error) {
    if (error instanceof KubeError && error.code === 'notFound') return undefined;
    throw error;
  }
}

/**
 * Writes the Lease. One that was read is replaced only if nobody wrote it since; one that was not is created.
 * @throws KubeError `conflict` when somebody else was faster
 */
export async function writeLease(kube: KubeClient, lease: Lease, signal: AbortSignal): Promise<Lease> {
  const { namespace, name, resourceVersion, labels, annotations, ownerReferences } = lease.metadata;
  const options = { signal, timeoutMs: ANSWER_WITHIN_MS };
  const path = pathOf({ namespace, name });
  if (resourceVersion !== undefined) {
    return await kube.json<Lease>({ ...options, method: 'PUT', path, body: lease });
  }
  const metadata = { namespace, name, labels, annotations, ownerReferences };
  return await createByName(kube, path, { ...lease, metadata }, lease.spec?.holderIdentity ?? '', options);
}

/** Kubernetes' MicroTime. @param now in milliseconds since the epoch */
export function microTime(now: number): string {
  return new Date(now).toISOString().replace('Z', '000Z');
}

function collectionOf({ namespace }: LeaseAddress): string {
  return `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`;
}

function pathOf(at: LeaseAddress): string {
  return `${collectionOf(at)}/${encodeURIComponent(at.name)}`;
}
