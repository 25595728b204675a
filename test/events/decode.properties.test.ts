import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CloudEvent as SdkEvent, HTTP } from 'cloudevents';
import * as fc from 'fast-check';
import type { AttributeValue } from '../../src/events/cloud-event.ts';
import { decodeMessage } from '../../src/events/decode.ts';
import { type ContentMode, type EncodedEvent, encodeEvent } from '../../src/events/encode.ts';
import type { ReceivedEvent } from '../../src/events/received-event.ts';
import { anyEvent, sdkExtensionName, timestamp, uri } from './any-event.ts';
import { headersOf } from './headers-of.ts';

const event = anyEvent();
/** What the JavaScript SDK can send without encoding it: printable ASCII without percent signs and quotes, URIs without encoded percent signs. */
const sdkText = fc.stringMatching(/^[!#$&-~]{1,20}$/);
const sdkUri = uri.filter((value) => !value.includes('%25'));

function sent(encoded: EncodedEvent): ReceivedEvent {
  return receivedFrom(headersOf(encoded), Buffer.from(encoded.body));
}

function receivedFrom(headers: Record<string, string>, body: Buffer): ReceivedEvent {
  const decoded = decodeMessage({ headers, body });
  assert.equal(decoded.is, 'event', JSON.stringify(decoded));
  return decoded.received;
}

function asText(extensions: Readonly<Record<string, AttributeValue>>): Record<string, string> {
  return Object.fromEntries(Object.entries(extensions).map(([key, value]) => [key, String(value)]));
}

test('an event encoded in binary mode decodes to itself, extensions as text', () => {
  fc.assert(
    fc.property(event, (original) => {
      const received = sent(encodeEvent(original, 'binary'));
      const { data, ...attributes } = original;
      const expected = { ...attributes, extensions: asText(original.extensions) };
      assert.deepEqual(received.event, data === undefined || data.length === 0 ? expected : { ...expected, data });
      assert.equal(received.dataIsBinary, false);
    }),
  );
});

test('an event encoded in structured mode decodes to itself, data to the byte', () => {
  fc.assert(
    fc.property(event, (original) => {
      const received = sent(encodeEvent(original, 'structured'));
      assert.deepEqual(received.event, original);
      assert.equal(received.dataIsBinary, original.datacontenttype === 'image/png');
    }),
  );
});

test('what the JavaScript SDK sends decodes to the attributes that it sent', () => {
  const modes: readonly ContentMode[] = ['binary', 'structured'];
  const extensions = fc.dictionary(sdkExtensionName, fc.oneof(sdkText, fc.boolean(), fc.integer()), {
    noNullPrototype: true,
  });
  const attributes = fc.record({
    id: sdkText,
    source: sdkUri,
    type: sdkText,
    subject: sdkText,
    dataschema: sdkUri,
    time: timestamp,
  });
  fc.assert(
    fc.property(attributes, extensions, fc.jsonValue(), fc.constantFrom(...modes), (core, more, value, mode) => {
      const data = { value };
      const sdkEvent = new SdkEvent({ ...more, ...core, datacontenttype: 'application/json', data });
      const message = mode === 'binary' ? HTTP.binary(sdkEvent) : HTTP.structured(sdkEvent);
      const headers = Object.fromEntries(Object.entries(message.headers).map(([key, header]) => [key, String(header)]));
      const received = receivedFrom(headers, Buffer.from(String(message.body))).event;
      assert.deepEqual(
        { ...received, data: JSON.parse(Buffer.from(received.data ?? []).toString()) },
        {
          ...core,
          datacontenttype: 'application/json',
          extensions: mode === 'binary' ? asText(more) : more,
          data: JSON.parse(JSON.stringify(data)),
        },
      );
    }),
  );
});

test('no message makes decoding throw', () => {
  const type = fc.constantFrom(
    'application/cloudevents+json',
    'application/cloudevents-batch+json',
    'application/json',
  );
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.json().map((value) => Buffer.from(value)),
    fc
      .array(fc.jsonValue())
      .map((values) => Buffer.from(JSON.stringify(values.map((data) => ({ specversion: '1.0', data }))))),
  );
  const names = fc.constantFrom('ce-id', 'ce-source', 'ce-type', 'ce-time', 'ce-', 'ce-x', 'ce-dataschema');
  fc.assert(
    fc.property(type, fc.dictionary(names, fc.string({ unit: 'binary' })), bytes, (contentType, headers, body) => {
      const message = { ...headers, 'ce-specversion': '1.0', 'content-type': contentType };
      assert.doesNotThrow(() => decodeMessage({ headers: message, body: Buffer.from(body) }));
    }),
  );
});
