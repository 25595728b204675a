import type { AttributeValue, CloudEvent } from './cloud-event.ts';
import { isJsonType } from './media-type.ts';

/** A CloudEvent as HTTP wants it: header names and values in turn, and the body. */
export interface EncodedEvent {
  readonly headers: string[];
  readonly body: Uint8Array;
}

/** CloudEvents HTTP protocol binding, 3.1 (binary) and 3.2 (structured). */
export type ContentMode = 'binary' | 'structured';

const NO_DATA = new Uint8Array(0);
/** What must be percent-encoded in a header value (HTTP protocol binding 3.1.3.2): space, `"`, `%` and all outside U+0021 to U+007E. */
const NEEDS_ENCODING = /[^\x21\x23\x24\x26-\x7e]/;

export function encodeEvent(event: CloudEvent, mode: ContentMode): EncodedEvent {
  return mode === 'binary' ? encodeBinary(event) : encodeStructured(event);
}

/** Attributes as `ce-` headers, the data's own bytes as the body. */
function encodeBinary(event: CloudEvent): EncodedEvent {
  const headers = ['ce-specversion', '1.0', 'ce-id', headerText(event.id)];
  headers.push('ce-source', headerText(event.source), 'ce-type', headerText(event.type));
  if (event.subject !== undefined) headers.push('ce-subject', headerText(event.subject));
  if (event.time !== undefined) headers.push('ce-time', event.time);
  if (event.dataschema !== undefined) headers.push('ce-dataschema', headerText(event.dataschema));
  for (const name in event.extensions) headers.push(`ce-${name}`, headerText(String(event.extensions[name])));
  if (event.datacontenttype !== undefined) headers.push('content-type', event.datacontenttype);
  return { headers, body: event.data ?? NO_DATA };
}

/** The whole event as one JSON document; JSON data is put in as it stands, other data as base64. */
function encodeStructured(event: CloudEvent): EncodedEvent {
  const { data, extensions, ...attributes } = event;
  const envelope: Record<string, AttributeValue | undefined> = { specversion: '1.0', ...attributes, ...extensions };
  const headers = ['content-type', 'application/cloudevents+json; charset=utf-8'];
  const text = JSON.stringify(envelope);
  if (data === undefined) return { headers, body: Buffer.from(text) };
  const open = text.slice(0, -1);
  if (event.datacontenttype !== undefined && isJsonType(event.datacontenttype)) {
    return { headers, body: Buffer.concat([Buffer.from(`${open},"data":`), data, Buffer.from('}')]) };
  }
  return { headers, body: Buffer.from(`${open},"data_base64":"${Buffer.from(data).toString('base64')}"}`) };
}

function headerText(value: string): string {
  if (!NEEDS_ENCODING.test(value)) return value;
  // A lone surrogate has no UTF-8 form; encodeURIComponent would throw where a replacement character says as much.
  return Array.from(value.toWellFormed(), (c) => (NEEDS_ENCODING.test(c) ? percentEncoded(c) : c)).join('');
}

function percentEncoded(character: string): string {
  return Array.from(Buffer.from(character), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
