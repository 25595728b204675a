import type { AttributeValue } from '../events/cloud-event.ts';
import { mediaType } from '../events/media-type.ts';
import type { ReceivedEvent } from '../events/received-event.ts';
import { utcTimestamp } from '../events/timestamp.ts';
import { indentJson } from './indent-json.ts';

/** U+2601 U+FE0F, a cloud drawn as an emoji. */
const TITLE = '\u2601\ufe0f  cloudevents.Event\n';
/** What cannot stand in a URI (RFC 3986, section 2). */
const NOT_IN_URI = /[^\w.~:/?#[\]@!$&'()*+,;=%-]+/g;

/**
 * The block of text that event-display shows for an event, to the byte what Knative's event_display prints
 * (`Event.String` of CloudEvents' Go SDK v2). `validationLine` adds the line `Validation: valid` of eventing 0.22 and older.
 */
export function printEvent(received: ReceivedEvent, options: { readonly validationLine: boolean }): Buffer {
  const { event } = received;
  const validation = options.validationLine ? 'Validation: valid\n' : '';
  const head = `${TITLE}${validation}${contextText(received)}${extensionsText(event.extensions)}`;
  if (event.data === undefined) return Buffer.from(head);
  const label = received.dataIsBinary ? 'Data (binary),\n  ' : 'Data,\n  ';
  return Buffer.concat([Buffer.from(head + label), dataBytes(event.data, event.datacontenttype), Buffer.from('\n')]);
}

function contextText({ specversion, event, datacontentencoding }: ReceivedEvent): string {
  const lines = [
    'Context Attributes,\n',
    line('specversion', specversion),
    line('type', event.type),
    line('source', uriText(event.source)),
    line('subject', event.subject),
    line('id', event.id),
    line('time', event.time === undefined ? undefined : (utcTimestamp(event.time) ?? event.time)),
    line(
      specversion === '0.3' ? 'schemaurl' : 'dataschema',
      event.dataschema === undefined ? undefined : uriText(event.dataschema),
    ),
    line('datacontenttype', event.datacontenttype),
    line('datacontentencoding', datacontentencoding),
  ];
  return lines.join('');
}

function extensionsText(extensions: Readonly<Record<string, AttributeValue>>): string {
  const names = Object.keys(extensions).sort();
  if (names.length === 0) return '';
  return `Extensions,\n${names.map((name) => line(name, extensions[name])).join('')}`;
}

function line(name: string, value: AttributeValue | undefined): string {
  return value === undefined ? '' : `  ${name}: ${value}\n`;
}

/** Laid out where the type is `application/json` in just these letters; anything else is shown as it came. */
function dataBytes(data: Uint8Array, contentType: string | undefined): Uint8Array {
  if (contentType === undefined || mediaType(contentType) !== 'application/json') return data;
  return indentJson(Buffer.from(data.buffer, data.byteOffset, data.byteLength)) ?? data;
}

/** As Go's `URL.String` writes it: what a URI cannot hold is percent-encoded but for the query, an empty fragment is left out. */
function uriText(uri: string): string {
  const [, path = '', query = '', fragment = ''] = /^([^?#]*)(\?[^#]*)?#?(.*)$/s.exec(uri) ?? [];
  return `${percentEncoded(path)}${query}${fragment === '' ? '' : `#${percentEncoded(fragment)}`}`;
}

function percentEncoded(text: string): string {
  return text.toWellFormed().replaceAll(NOT_IN_URI, encodeURIComponent);
}
