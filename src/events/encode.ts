import type { AttributeValue, CloudEvent } from './cloud-event.ts';
import { encodeHeaderText } from './header-text.ts';
import { isJsonType } from './media-type.ts';

/** A CloudEvent as HTTP wants it. */
export interface EncodedEvent {
  /** Header lines, each with its line end. */
  readonly head: string;
  readonly body: Uint8Array;
}

/** CloudEvents HTTP protocol binding, 3.1 (binary) and 3.2 (structured); {@link encodeBatch} is the third mode. */
export type ContentMode = 'binary' | 'structured';

const NO_DATA = new Uint8Array(0);
const CLOSE_BRACE = Buffer.from('}');
const OPEN_BRACKET = Buffer.from('[');
const COMMA = Buffer.from(',');
const CLOSE_BRACKET = Buffer.from(']');

export function encodeEvent(event: CloudEvent, mode: ContentMode): EncodedEvent {
  return mode === 'binary' ? encodeBinary(event) : encodeStructured(event);
}

/** Attributes as `ce-` headers, the data's own bytes as the body. */
function encodeBinary(event: CloudEvent): EncodedEvent {
  let head = `ce-specversion: 1.0\r\nce-id: ${encodeHeaderText(event.id)}\r\n${usualLine('source', event.source)}`;
  head += usualLine('type', event.type);
  if (event.subject !== undefined) head += `ce-subject: ${encodeHeaderText(event.subject)}\r\n`;
  if (event.time !== undefined) head += usualLine('time', event.time);
  if (event.dataschema !== undefined) head += usualLine('dataschema', event.dataschema);
  for (const name in event.extensions) head += usualLine(name, event.extensions[name] ?? '');
  if (event.datacontenttype !== undefined) head += contentTypeLine(event.datacontenttype);
  return { head, body: event.data ?? NO_DATA };
}

/** The last line of each attribute. A stream's events share most of them, and to check a text costs more than to find it. */
const lastLines = new Map<string, { value: AttributeValue; line: string }>();
/** Extensions are named by users; beyond this many the lines are written each time. */
const MOST_LINES = 256;

function usualLine(name: string, value: AttributeValue): string {
  const last = lastLines.get(name);
  if (last?.value === value) return last.line;
  const line = `ce-${name}: ${encodeHeaderText(String(value))}\r\n`;
  if (last !== undefined) {
    last.value = value;
    last.line = line;
  } else if (lastLines.size < MOST_LINES) lastLines.set(name, { value, line });
  return line;
}

let lastType = '';
let lastTypeLine = '';

function contentTypeLine(type: string): string {
  if (type !== lastType) {
    lastTypeLine = `content-type: ${contentType(type)}\r\n`;
    lastType = type;
  }
  return lastTypeLine;
}

/** The whole event as one JSON document. */
function encodeStructured(event: CloudEvent): EncodedEvent {
  const head = 'content-type: application/cloudevents+json; charset=utf-8\r\n';
  return { head, body: Buffer.concat(jsonOf(event)) };
}

/** Events, one at least, as one JSON array: CloudEvents HTTP protocol binding, 3.3, and JSON event format, 4. */
export function encodeBatch(events: readonly CloudEvent[]): EncodedEvent {
  const head = 'content-type: application/cloudevents-batch+json; charset=utf-8\r\n';
  const parts: Uint8Array[] = [];
  for (const event of events) parts.push(parts.length === 0 ? OPEN_BRACKET : COMMA, ...jsonOf(event));
  return { head, body: Buffer.concat([...parts, CLOSE_BRACKET]) };
}

/** The parts of an event's JSON document; JSON data is put in as it stands, other data as base64. */
function jsonOf({ data, extensions, ...attributes }: CloudEvent): Uint8Array[] {
  const envelope: Record<string, AttributeValue | undefined> = { specversion: '1.0', ...attributes, ...extensions };
  const text = JSON.stringify(envelope);
  // No bytes are no JSON.
  if (data === undefined || data.length === 0) return [Buffer.from(text)];
  const open = text.slice(0, -1);
  if (attributes.datacontenttype !== undefined && isJsonType(attributes.datacontenttype))
    return [Buffer.from(`${open},"data":`), data, CLOSE_BRACE];
  return [Buffer.from(`${open},"data_base64":"${Buffer.from(data).toString('base64')}"}`)];
}

/** The binding has no encoding for this header; what cannot stand in it must not break it up all the same. */
function contentType(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]+/g, (unfit) => encodeHeaderText(unfit));
}
