import { collectionPath, type Resource } from '../../kube/resource.ts';
import type { Change, ObjectHead } from '../../watch/change.ts';
import { forbiddenIn } from '../check-attributes.ts';
import type { AttributeValue, CloudEvent } from '../cloud-event.ts';
import { metadataOnly, type Origin, reference } from '../from-change.ts';
import type { Digest } from './digest.ts';
import { metadataText } from './metadata-text.ts';
import { objectShape, type ShapeRules } from './object-shape.ts';
import { tellsSecret } from './secret-shape.ts';
import { reshape } from './shape.ts';

/** What the events of a source carry of objects. */
export interface PayloadRules extends Omit<ShapeRules, 'redaction'> {
  /** Larger data is replaced by what names the object. */
  readonly maxBytes: number | undefined;
  readonly extensions: readonly MetadataExtension[];
  /** What Secrets show of their values; undefined: the values. */
  readonly digest: Digest | undefined;
}

/** An extension whose value is a label or an annotation of the object. */
export interface MetadataExtension {
  readonly name: string;
  readonly of: 'labels' | 'annotations';
  readonly key: string;
}

/**
 * What an event lacks of what was asked for. `tooLarge`: its data. `malformed`: its data as well, since the object
 * cannot be shaped. `extension`: a value that CloudEvents do not allow, or that is longer than headers can be.
 */
export type Lack = 'tooLarge' | 'malformed' | 'extension';

export interface Shaped {
  readonly event: CloudEvent;
  readonly lack?: Lack;
}

/** How the events of one stream are shaped. */
export interface Payload {
  /** Adds the extensions, so that filters see them. */
  attributes(event: CloudEvent, change: Change): Shaped;
  /** Gives the event its final data. Nothing else of the object may leave the process. */
  data(event: CloudEvent, change: Change): Shaped;
}

/** As `ceOverrides`: it becomes a header, and servers take 8 KiB to 16 KiB of all headers together. */
const MOST_CHARACTERS = 4_096;

export function isSecrets(resource: Pick<Resource, 'group' | 'plural'>): boolean {
  return resource.group === '' && resource.plural === 'secrets';
}

/** How `rules` shape the events of a stream. */
export function createPayload(rules: PayloadRules, origin: Origin): Payload {
  const { resource } = origin;
  const digest = isSecrets(resource) ? rules.digest : undefined;
  const extensions = rules.extensions.map((it) => ({ ...it, bytes: Buffer.from(it.key) }));
  const shaped = shaper({ ...rules, redaction: digest });
  return {
    attributes: (event, { body, object }) => {
      if (body === undefined || extensions.length === 0) return { event };
      const found: Record<string, AttributeValue> = {};
      let lack: Lack | undefined;
      for (const { name, of, key, bytes } of extensions) {
        const value = metadataText(body, of, bytes);
        if (value === undefined) continue;
        if (digest !== undefined && of === 'annotations' && tellsSecret(key, value)) {
          found[name] = digest(object.uid, key, Buffer.from(JSON.stringify(value)));
        } else if (value.length > MOST_CHARACTERS || forbiddenIn(value) !== undefined) lack = 'extension';
        else found[name] = value;
      }
      const extended = { ...event, extensions: { ...event.extensions, ...found } };
      return lack === undefined ? { event: extended } : { event: extended, lack };
    },
    data: (event, { body, object }) => {
      if (origin.mode === 'Reference' || body === undefined) return { event };
      const data = shaped(body, object.uid);
      if (data === undefined) return { event: { ...event, data: metadataOnly(object, resource) }, lack: 'malformed' };
      if (rules.maxBytes !== undefined && data.length > rules.maxBytes) {
        const dataref = objectUrl(origin.server, resource, object);
        const named = { ...event, data: reference(object, resource), extensions: { ...event.extensions, dataref } };
        return { event: named, lack: 'tooLarge' };
      }
      return { event: data === body ? event : { ...event, data } };
    },
  };
}

/** The object's data in the shape that `rules` want; undefined where it has no form that can be trusted. */
function shaper(rules: ShapeRules): (body: Buffer, uid: string) => Buffer | undefined {
  const shape = objectShape(rules);
  if (shape === undefined) return (body) => body;
  // Where brackets do not match, a scanner can take a secret for something else; JSON.parse does not.
  if (rules.redaction !== undefined) return (body, uid) => (isJson(body) ? reshape(body, shape, uid) : undefined);
  return (body, uid) => reshape(body, shape, uid);
}

/** The object in the API server, for the extension `dataref` (CloudEvents extension "Dataref"). */
function objectUrl(server: string, resource: Resource, object: ObjectHead): string {
  const collection = collectionPath(resource, object.namespace);
  return `${server.replace(/\/+$/, '')}${collection}/${encodeURIComponent(object.name)}`;
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString());
    return true;
  } catch {
    return false;
  }
}
