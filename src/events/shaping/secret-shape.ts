import { type Member, stringValue } from '../../json/scan.ts';
import type { Digest } from './digest.ts';
import type { Rewrite, Shape } from './shape.ts';

/**
 * Annotations that hold a copy of the object, or a token. From: kubectl, OpenShift's token controller, kapp, Rancher's
 * objectset, banzaicloud's objectmatcher, kopf.
 */
const COPIES: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'openshift.io/token-secret.value',
  'kapp.k14s.io/original',
  'objectset.rio.cattle.io/applied',
  'banzaicloud.com/last-applied',
  'kopf.zalando.org/last-handled-configuration',
]);
/** Names that sound like another one of these. */
const TELLING_NAME = /token|passw|credential|private-?key|api-?key|last-applied|last-handled|secret\.value/i;
/** JSON, JSON in base64 (a JWT as well), and gzip in base64: what a copy of an object looks like. */
const TELLING_VALUE = /^\s*(?:[[{]|eyJ|H4sI)/;

/**
 * A Secret without its secrets: every value of `data` and `stringData`, of any member that is not one of a Secret
 * today, and of annotations that can hold a copy of them is replaced by a digest. Names, labels, type and the other
 * annotations stay. What has an unexpected form is replaced whole.
 */
export function secretShape(digest: Digest): Record<'top' | 'metadata' | 'annotations', Shape> {
  const text = replacedBy(digest, (marker) => marker);
  // In `data` a typed reader expects base64.
  const base64 = replacedBy(digest, (marker) => Buffer.from(marker).toString('base64'));
  const annotation: Rewrite = (bytes, value, of) => (isTelling(bytes, value) ? text(bytes, value, of) : undefined);
  const scalar: Rewrite = (bytes, value, of) => (isContainer(bytes, value) ? text(bytes, value, of) : undefined);
  const names = ['apiVersion', 'kind', 'type', 'immutable'].map((name) => ({ name: Buffer.from(name), fate: scalar }));
  const data = { name: Buffer.from('data'), fate: { members: [], others: base64, otherwise: text } };
  return {
    top: { members: [...names, data], others: { members: [], others: text, otherwise: text }, otherwise: text },
    metadata: { members: [], others: 'keep', otherwise: text },
    annotations: { members: [], others: annotation, otherwise: text },
  };
}

/** Whether an annotation of this name with this value must not be told of a Secret. */
export function tellsSecret(name: string, value: string): boolean {
  return COPIES.has(name) || TELLING_NAME.test(name) || TELLING_VALUE.test(value);
}

function isTelling(bytes: Buffer, at: Readonly<Member>): boolean {
  const name = stringValue(bytes, at.key, at.keyEnd);
  const value = stringValue(bytes, at.value, at.end);
  return name === undefined || value === undefined || tellsSecret(name, value);
}

function isContainer(bytes: Buffer, at: Readonly<Member>): boolean {
  const first = bytes[at.value];
  return first === 0x7b || first === 0x5b;
}

function replacedBy(digest: Digest, written: (marker: string) => string): Rewrite {
  return (bytes, at, of) => {
    // Nothing is no secret, and a reader can expect it where there is no value.
    if (bytes.toString('latin1', at.value, at.end) === 'null') return undefined;
    const name = stringValue(bytes, at.key, at.keyEnd) ?? '';
    return Buffer.from(JSON.stringify(written(digest(of, name, bytes.subarray(at.value, at.end)))));
  };
}
