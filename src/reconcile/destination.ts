import * as z from 'zod';

/**
 * Where events are to go: an object that has an address, or a URI, or both, the URI then being relative to the address
 * (duck.knative.dev/v1, Destination). The names are those of the manifest.
 */
export const destination = z.object({
  ref: z
    .object({
      apiVersion: z.string().optional(),
      kind: z.string().optional(),
      name: z.string().optional(),
      /** Absent: that of the object that has the destination. */
      namespace: z.string().optional(),
      /** The name of one of its addresses; absent: the first one. */
      address: z.string().optional(),
    })
    .optional(),
  uri: z.string().optional(),
  /** PEM certificates of the authorities that the sink's certificate may come from; in place of those of its address. */
  CACerts: z.string().optional(),
  /** The audience of the token that the sink wants; in place of that of its address. */
  audience: z.string().optional(),
});

export type Destination = z.infer<typeof destination>;

/** An object that a destination names, completely. */
export interface SinkReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly address?: string;
}

/** Where a sink is found, as `status.sinkUri`, `sinkCACerts` and `sinkAudience` tell it. */
export interface SinkAddress {
  readonly uri: string;
  readonly CACerts?: string;
  readonly audience?: string;
}

/** Why a destination has no address. Stable; the sentence beside it may change. */
export type SinkProblemCode =
  /** It names neither an object nor a URI. */
  | 'nothingNamed'
  /** The reference lacks its kind, its apiVersion or its name. */
  | 'referenceIncomplete'
  /** A reference and an absolute URI: only one of them can be meant. */
  | 'uriAbsolute'
  /** A URI without a scheme or host, and no reference that it could be relative to. */
  | 'uriRelative'
  /** Not a URI, or one that events cannot be sent to. */
  | 'uriUnusable'
  | 'objectNotFound'
  /** The controller may not read it. */
  | 'objectForbidden'
  /** The API server does not serve the group version: its CRD is not installed. */
  | 'groupVersionUnknown'
  /** The group version has no such kind. */
  | 'kindUnknown'
  /** Objects of that kind cannot be listed and watched. */
  | 'kindUnwatchable'
  /** The object has no address, or not yet. */
  | 'addressMissing'
  /** The object has addresses, and none of the name that the reference wants. */
  | 'addressUnknown'
  | 'addressWithoutUrl'
  | 'addressWithoutHost'
  /** The Service does not listen where its URL points to. */
  | 'serviceWithoutPort'
  /** The external name of the Service is an IP address, which DNS does not answer with. */
  | 'externalNameUnusable'
  /** CACerts holds no certificate, or one that cannot be read. */
  | 'certificatesUnreadable';

export interface SinkProblem {
  readonly is: 'problem';
  readonly code: SinkProblemCode;
  /** What is wrong, what was found and what to do: for the message of a condition. */
  readonly sentence: string;
}

export function sinkProblem(code: SinkProblemCode, sentence: string): SinkProblem {
  return { is: 'problem', code, sentence };
}

/** What a destination asks for, before anything was looked up. */
export type DestinationKind =
  | { readonly is: 'uri'; readonly uri: string }
  | { readonly is: 'reference'; readonly reference: SinkReference; readonly relativeUri: string | undefined }
  | SinkProblem;

/** @param namespace of the object that has the destination */
export function readDestination({ ref, uri }: Destination, namespace: string): DestinationKind {
  if (ref !== undefined) return readReference(ref, uri, namespace);
  if (!uri) {
    return sinkProblem('nothingNamed', 'The sink names neither ref nor uri; give one of them.');
  }
  if (isAbsolute(uri)) return { is: 'uri', uri };
  return sinkProblem(
    'uriRelative',
    `The sink's uri ${shown(uri)} has no scheme and host, and there is no ref that it could be relative to; ` +
      'write it as http://HOST/PATH, or add a ref.',
  );
}

function readReference(ref: NonNullable<Destination['ref']>, uri: string | undefined, parent: string): DestinationKind {
  const { apiVersion, kind, name, namespace, address } = ref;
  if (!apiVersion || !kind || !name) {
    const fields = { apiVersion, kind, name };
    const missing = Object.entries(fields).flatMap(([field, value]) => (value ? [] : [`ref.${field}`]));
    return sinkProblem('referenceIncomplete', `The sink's ref is incomplete; add ${missing.join(', ')}.`);
  }
  if (uri && /^[a-z][a-z0-9+.-]*:/i.test(uri)) {
    return sinkProblem(
      'uriAbsolute',
      `The sink has a ref and the absolute uri ${shown(uri)}; take one of them out, or make uri relative to the ref.`,
    );
  }
  const reference = { apiVersion, kind, name, namespace: namespace || parent, ...(address && { address }) };
  return { is: 'reference', reference, relativeUri: uri || undefined };
}

function isAbsolute(uri: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#]/i.test(uri);
}

/** A URI as a sentence may show it: cut, without user, password and query. */
export function shown(uri: string): string {
  const safe = uri.replace(/[?#].*$/s, '').replace(/^([^/]*\/\/)?[^/]*@/s, '$1***@');
  return JSON.stringify(safe.length > 128 ? `${safe.slice(0, 127)}…` : safe);
}
