import { createHash } from 'node:crypto';
import type { KubeObject } from '../kube/object.ts';

/** Names the content of a JSON value, whatever the order of its keys. */
export function fingerprint(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value, sorted)).digest('base64');
}

/**
 * Names what is wanted of a live object. It moves whenever somebody changes that, and stands still when only a status
 * does: a kind that has one has a generation too, which a write of its status leaves alone.
 */
export function fingerprintOfWill({ metadata }: KubeObject): string {
  const { uid, generation, resourceVersion, labels, annotations, finalizers, ownerReferences } = metadata;
  if (generation === undefined) return fingerprint([uid, resourceVersion]);
  // Of these the generation does not tell.
  return fingerprint([uid, generation, labels, annotations, finalizers, ownerReferences]);
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
