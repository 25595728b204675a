import * as z from 'zod';
import { PARTS } from '../events/conditions/parts.ts';
import type { Mode } from '../events/from-change.ts';
import { createDigest } from '../events/shaping/digest.ts';
import { parseFieldPath } from '../events/shaping/field-path.ts';
import { isSecrets, type PayloadRules } from '../events/shaping/payload.ts';
import { extensionNameProblem } from '../events/overrides.ts';

/** What events carry of objects. All optional; by default as upstream, but for Secrets, whose values are not told. */
export interface PayloadConfig {
  /** `metadata.managedFields`; nearly half of a Pod. Default: `Keep`. */
  readonly managedFields?: 'Keep' | 'Drop' | undefined;
  /** The annotation `kubectl.kubernetes.io/last-applied-configuration`. Default: `Keep`. */
  readonly lastApplied?: 'Keep' | 'Drop' | undefined;
  /** Paths of members to keep, such as `spec.replicas`, beside those that name the object. Default: all. */
  readonly fields?: readonly string[] | undefined;
  /** Data that is larger is replaced by what names the object. Default: no limit. */
  readonly maxBytes?: number | undefined;
  /** Names of extensions and the labels that they are taken from. */
  readonly labelExtensions?: Readonly<Record<string, string>> | undefined;
  /** The same of annotations. */
  readonly annotationExtensions?: Readonly<Record<string, string>> | undefined;
  /** Default: `Redact`. */
  readonly secrets?: 'Redact' | 'ClearText' | undefined;
}

/** Extensions that the adapter sets itself. */
const OWN_EXTENSIONS: ReadonlySet<string> = new Set([
  'apiversion',
  'kind',
  'name',
  'namespace',
  'resourceversion',
  'uid',
  'recovered',
  'finalstateunknown',
  'unselected',
  'dataref',
  'knativeerrordest',
  'knativeerrorcode',
  'knativeerrordata',
]);
/** A qualified name of Kubernetes: a prefix of a DNS subdomain, a slash, and at most 63 characters. */
const METADATA_KEY = /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/;

const keepOrDrop = z.enum(['Keep', 'Drop'], { error: 'expected Keep or Drop' }).optional();

const metadataExtensions = z.record(z.string(), z.string()).superRefine((names, context) => {
  for (const [name, key] of Object.entries(names)) {
    const wrong = OWN_EXTENSIONS.has(name)
      ? 'is one that the adapter sets itself; choose another name'
      : extensionNameProblem(name);
    if (wrong !== undefined) context.addIssue({ code: 'custom', path: [name], message: `the extension ${wrong}` });
    if (!METADATA_KEY.test(key)) {
      const message = 'expected the key of a label or an annotation, such as app.kubernetes.io/name';
      context.addIssue({ code: 'custom', path: [name], message });
    }
  }
});

const field = z.string().refine((text) => parseFieldPath(text) !== undefined, {
  error: 'expected a path of at most 32 names between dots, such as spec.replicas; a dot in a name is written \\.',
});

/** The field `payload` of `K_SOURCE_CONFIG`. */
export const payloadConfig = z
  .object({
    managedFields: keepOrDrop,
    lastApplied: keepOrDrop,
    fields: z.array(field).min(1, { error: 'expected at least one path' }).optional(),
    maxBytes: z
      .int({ error: 'expected a whole number of bytes' })
      .min(1_024, { error: 'expected at least 1024' })
      .optional(),
    labelExtensions: metadataExtensions.optional(),
    annotationExtensions: metadataExtensions.optional(),
    secrets: z.enum(['Redact', 'ClearText'], { error: 'expected Redact or ClearText' }).optional(),
  })
  .superRefine(({ labelExtensions = {}, annotationExtensions = {} }, context) => {
    for (const name of Object.keys(annotationExtensions)) {
      if (!Object.hasOwn(labelExtensions, name)) continue;
      const message = 'the extension is taken from a label already; choose another name';
      context.addIssue({ code: 'custom', path: ['annotationExtensions', name], message });
    }
  });

/** The field `resources[].changes`. */
export const changesConfig = z
  .array(z.enum(PARTS, { error: `expected one of ${PARTS.join(', ')}` }))
  .min(1, { error: `expected at least one of ${PARTS.join(', ')}` });

/**
 * What `payload` means.
 * @param redactionKey the secret under which values of Secrets are digested; undefined: nothing is shown of them
 */
export function payloadRules(
  payload: PayloadConfig | undefined,
  source: string,
  redactionKey: string | undefined,
): PayloadRules {
  const { managedFields, lastApplied, fields, maxBytes, labelExtensions, annotationExtensions, secrets } =
    payload ?? {};
  const extensions = (of: 'labels' | 'annotations', names: Readonly<Record<string, string>> = {}) =>
    Object.entries(names).map(([name, key]) => ({ name, of, key }));
  return {
    dropManagedFields: managedFields === 'Drop',
    dropLastApplied: lastApplied === 'Drop',
    fields: fields?.map((path) => parseFieldPath(path) ?? []),
    maxBytes,
    extensions: [...extensions('labels', labelExtensions), ...extensions('annotations', annotationExtensions)],
    digest: secrets === 'ClearText' ? undefined : createDigest(redactionKey, source),
  };
}

/** Whether events carry values of Secrets as they are. */
export function tellsClearSecrets(source: {
  readonly mode: Mode;
  readonly payload?: PayloadConfig | undefined;
  readonly resources: readonly { readonly gvr: { readonly Group: string; readonly Resource: string } }[];
}): boolean {
  if (source.payload?.secrets !== 'ClearText' || source.mode !== 'Resource') return false;
  return source.resources.some(
    ({ gvr }) => isSecrets({ group: gvr.Group, plural: gvr.Resource }) || (gvr.Group === '' && gvr.Resource === '*'),
  );
}
