import type { AttributeValue, CloudEvent } from './cloud-event.ts';
import { encodeHeaderText } from './header-text.ts';
import { isJsonType } from './media-type.ts';

/** A CloudEvent as HTTP wants it: header names and values in turn, and the body. */
export interface EncodedEvent {
  readonly headers: string[];
  readonly body: Uint8Array;
}

/** CloudEvents HTTP protocol binding, 3.1 (binary) and 3.2 (structured). */
export type ContentMode = 'binary' | 'structured';

const NO_DATA = new Uint8Array(0);

export function encodeEvent(event: CloudEvent, mode: ContentMode): EncodedEvent {
  return mode === 'binary' ? encodeBinary(event) : encodeStructured(event);
}

/** Attributes as `ce-` headers, the data's own bytes as the body. */
function encodeBinary(event: CloudEvent): EncodedEvent {
  const headers = ['ce-specversion', '1.0', 'ce-id', encodeHeaderText(event.id)];
  headers.push('ce-source', encodeHeaderText(event.source), 'ce-type', encodeHeaderText(event.type));
  if (event.subject !== undefined) headers.push('ce-subject', encodeHeaderText(event.subject));
  if (event.time !== undefined) headers.push('ce-time', encodeHeaderText(event.time));
  if (event.dataschema !== undefined) headers.push('ce-dataschema', encodeHeaderText(event.dataschema));
  for (const name in event.extensions) headers.push(`ce-${name}`, encodeHeaderText(String(event.extensions[name])));
  if (event.datacontenttype !== undefined) headers.push('content-type', contentType(event.datacontenttype));
  return { headers, body: event.data ?? NO_DATA };
}

/** The whole event as one JSON document; JSON data is put in as it stands, other data as base64. */
function encodeStructured(event: CloudEvent): EncodedEvent {
  const { data, extensions, ...attributes } = event;
  const envelope: Record<string, AttributeValue | undefined> = { specversion: '1.0', ...attributes, ...extensions };
  const headers = ['content-type', 'application/cloudevents+json; charset=utf-8'];
  const text = JSON.stringify(envelope);
  // No bytes are no JSON.
  if (data === undefined || data.length === 0) return { headers, body: Buffer.from(text) };
  const open = text.slice(0, -1);
  if (event.datacontenttype !== undefined && isJsonType(event.datacontenttype)) {
    return { headers, body: Buffer.concat([Buffer.from(`${open},"data":`), data, Buffer.from('}')]) };
  }
  return { headers, body: Buffer.from(`${open},"data_base64":"${Buffer.from(data).toString('base64')}"}`) };
}

/** The binding has no encoding for this header; what cannot stand in it must not break it up all the same. */
function contentType(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]+/g, (unfit) => encodeHeaderText(unfit));
}
