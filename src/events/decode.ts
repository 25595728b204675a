import { assembleEvent } from './assemble-event.ts';
import { checkAttributes } from './check-attributes.ts';
import { decodeBatch, decodeStructured } from './decode-json.ts';
import { decodeHeaderText, decodeHeaderUri } from './header-text.ts';
import { mediaType } from './media-type.ts';
import type { Decoded, Problem } from './received-event.ts';

/** A request or a response: header names in lower case and values as node:http gives them, and the whole body. */
export interface HttpMessage {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

const PREFIX = 'ce-';
const VERSION_HEADER = 'ce-specversion';
const MISPLACED_TYPE: Problem = {
  attribute: 'datacontenttype',
  sentence: 'MUST be the header Content-Type, not ce-datacontenttype',
};
const URI_ATTRIBUTES: ReadonlySet<string> = new Set(['source', 'dataschema', 'schemaurl']);

/**
 * Reads CloudEvents 1.0 and 0.3 from HTTP in all three content modes of the HTTP protocol binding. The content type
 * decides first, `ce-specversion` second. Attribute text and data stay as they were received.
 */
export function decodeMessage({ headers, body }: HttpMessage): Decoded {
  const contentType = valueOf(headers, 'content-type');
  switch (mediaType(contentType ?? '').toLowerCase()) {
    case 'application/cloudevents+json':
      return decodeStructured(body);
    case 'application/cloudevents-batch+json':
      return decodeBatch(body);
    default:
      return decodeBinary(headers, contentType, body);
  }
}

function decodeBinary(headers: HttpMessage['headers'], contentType: string | undefined, body: Buffer): Decoded {
  const specversion = valueOf(headers, VERSION_HEADER);
  if (specversion !== '1.0' && specversion !== '0.3') {
    return { is: 'not an event', sentence: whyNotAnEvent(specversion, contentType) };
  }
  const attributes = headerAttributes(headers);
  const misplaced = attributes.has('datacontenttype') ? [MISPLACED_TYPE] : [];
  attributes.set('datacontenttype', contentType);
  const checked = checkAttributes(specversion, attributes);
  const problems = [...misplaced, ...checked.problems];
  if (problems.length > 0) return { is: 'invalid', problems };
  const data = body.length === 0 ? undefined : { bytes: body, isBinary: false };
  return { is: 'event', received: assembleEvent(specversion, checked, data) };
}

function headerAttributes(headers: HttpMessage['headers']): Map<string, string | undefined> {
  const attributes = new Map<string, string | undefined>();
  for (const header of Object.keys(headers)) {
    if (!header.startsWith(PREFIX) || header === VERSION_HEADER) continue;
    const name = header.slice(PREFIX.length);
    const value = valueOf(headers, header) ?? '';
    attributes.set(name, URI_ATTRIBUTES.has(name) ? decodeHeaderUri(value) : decodeHeaderText(value));
  }
  return attributes;
}

function valueOf(headers: HttpMessage['headers'], name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'object' ? value.join(', ') : value;
}

function whyNotAnEvent(specversion: string | undefined, contentType: string | undefined): string {
  if (specversion !== undefined) return `ce-specversion is ${specversion}; understood are 1.0 and 0.3`;
  return `there is no ce-specversion, and the content type ${contentType ?? '(none)'} is no CloudEvents format that is understood`;
}
