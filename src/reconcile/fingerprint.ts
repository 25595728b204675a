import { createHash } from 'node:crypto';
import type { KubeObject } from '../kube/object.ts';

/** Names the content of a JSON value, whatever the order of its keys. */
export function fingerprint(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value, sorted)).digest('base64');
}

/**
 * Names what of a live object is to be as wanted. It moves whenever somebody changes that, and stands still when only a
 * status does: a kind that has one has a generation too, which a write of its status leaves alone. Labels and
 * annotations that nobody wants of us are those of others, such as the revision that every Deployment is given.
 */
export function fingerprintOfWill({ metadata }: KubeObject, wanted: KubeObject): string {
  const { uid, generation, resourceVersion, labels, annotations, finalizers, ownerReferences } = metadata;
  if (generation === undefined) return fingerprint([uid, resourceVersion]);
  const ours = [ofThose(labels, wanted.metadata.labels), ofThose(annotations, wanted.metadata.annotations)];
  // Of these the generation does not tell.
  return fingerprint([uid, generation, ours, finalizers, ownerReferences]);
}

type Texts = Readonly<Record<string, string>>;

function ofThose(live: Texts = {}, wanted: Texts = {}): readonly (readonly [string, string | undefined])[] {
  return Object.keys(wanted)
    .sort()
    .map((key) => [key, live[key]] as const);
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
