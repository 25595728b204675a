/** In an object's `metadata.ownerReferences`: what it belongs to, and is deleted with. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}
