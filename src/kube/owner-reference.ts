/** In an object's `metadata.ownerReferences`: what it belongs to, and is deleted with. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  /** Whether this owner is the one that manages the object; at most one of them is. */
  readonly controller?: boolean;
  /** Whether the owner stays, in a foreground deletion, until the object is gone. */
  readonly blockOwnerDeletion?: boolean;
}
