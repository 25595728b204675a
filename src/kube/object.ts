import type { OwnerReference } from './owner-reference.ts';

/** What we rely on of metav1.ObjectMeta. Empty maps and lists are absent, as the API server leaves them out. */
export interface ObjectMeta {
  readonly name: string;
  /** Absent on an object of a cluster-scoped kind. */
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  /** Rises when what is wanted changes; kinds that tell no status apart have none (ConfigMap, Secret, Service). */
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
  /** RFC 3339, in seconds. */
  readonly creationTimestamp?: string;
  /** RFC 3339; there while the object waits for its finalizers. */
  readonly deletionTimestamp?: string;
}

/** An object of the API server. A kind that we rely on extends this with the few fields that we read. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}
