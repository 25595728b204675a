import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HTTP, type CloudEvent as SdkEvent } from 'cloudevents';
import * as fc from 'fast-check';
import type { AttributeValue, CloudEvent } from '../../src/events/cloud-event.ts';
import { type ContentMode, encodeEvent } from '../../src/events/encode.ts';
import { anyEvent, jsonPayload, sdkExtensionName } from './any-event.ts';
import { headersOf, linesOf } from './headers-of.ts';

const EVENT: CloudEvent = { id: '1', source: '/s', type: 't', extensions: {} };

test('attributes become headers percent-encoded as the HTTP protocol binding wants it', () => {
  // 3.1.3.2: space, double quote, percent sign, and all outside U+0021 to U+007E.
  const rows: [attribute: string, header: string][] = [
    ['Euro € 😀', 'Euro%20%E2%82%AC%20%F0%9F%98%80'],
    ['/apis/apps/v1/namespaces/shop/deployments/web', '/apis/apps/v1/namespaces/shop/deployments/web'],
    ["!#$&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~", "!#$&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~"],
    ['100%25 "quoted"', '100%2525%20%22quoted%22'],
    ['a\r\nce-id: 2\0\t\x7f', 'a%0D%0Ace-id:%202%00%09%7F'],
    ['é\u0085\u00a0\u2028\uffff', '%C3%A9%C2%85%C2%A0%E2%80%A8%EF%BF%BF'],
    ['lone \ud83d and \ude00', 'lone%20%EF%BF%BD%20and%20%EF%BF%BD'],
    ['', ''],
  ];
  for (const [attribute, header] of rows) {
    const event = { ...EVENT, id: attribute, subject: attribute, extensions: { name: attribute } };
    const headers = headersOf(encodeEvent(event, 'binary'));
    assert.deepEqual([headers['ce-id'], headers['ce-subject'], headers['ce-name']], [header, header, header]);
  }
});

test('a binary message has a header for each attribute that is there, and the data’s own bytes', () => {
  const data = Buffer.from('{"n":9007199254740993}');
  const event = {
    ...EVENT,
    subject: 'sub',
    time: '2026-06-18T09:30:15.123Z',
    datacontenttype: 'application/json; charset=utf-8',
    dataschema: 'https://schemas.example/pod',
    extensions: { kind: 'Pod', recovered: true, knativeerrorcode: -5 },
    data,
  };
  const encoded = encodeEvent(event, 'binary');
  assert.deepEqual(headersOf(encoded), {
    'ce-specversion': '1.0',
    'ce-id': '1',
    'ce-source': '/s',
    'ce-type': 't',
    'ce-subject': 'sub',
    'ce-time': '2026-06-18T09:30:15.123Z',
    'ce-dataschema': 'https://schemas.example/pod',
    'ce-kind': 'Pod',
    'ce-recovered': 'true',
    'ce-knativeerrorcode': '-5',
    'content-type': 'application/json; charset=utf-8',
  });
  assert.equal(encoded.body, data);
  const bare = encodeEvent(EVENT, 'binary');
  assert.deepEqual(Object.keys(headersOf(bare)), ['ce-specversion', 'ce-id', 'ce-source', 'ce-type']);
  assert.equal(bare.body.length, 0);
});

test('a structured message is one JSON document with JSON data as it stands and other data as base64', () => {
  const start = '{"specversion":"1.0","id":"1","source":"/s","type":"t"';
  const rows: [what: string, Partial<CloudEvent>, body: string][] = [
    ['no data', {}, `${start}}`],
    [
      'no bytes',
      { datacontenttype: 'application/json', data: Buffer.alloc(0) },
      `${start},"datacontenttype":"application/json"}`,
    ],
    [
      'JSON',
      { datacontenttype: 'application/json', data: Buffer.from('{"b": 1.0,"a":9007199254740993}') },
      `${start},"datacontenttype":"application/json","data":{"b": 1.0,"a":9007199254740993}}`,
    ],
    [
      'JSON by its suffix',
      { datacontenttype: 'application/geo+json; v=1', data: Buffer.from('[]') },
      `${start},"datacontenttype":"application/geo+json; v=1","data":[]}`,
    ],
    [
      'text',
      { datacontenttype: 'text/plain', data: Buffer.from('hé') },
      `${start},"datacontenttype":"text/plain","data_base64":"aMOp"}`,
    ],
    ['bytes of no type', { data: Buffer.from([0, 255]) }, `${start},"data_base64":"AP8="}`],
    [
      'extensions keep their types',
      { extensions: { kind: 'Pod', recovered: true, code: -5, text: '"\n' } },
      `${start},"kind":"Pod","recovered":true,"code":-5,"text":"\\"\\n"}`,
    ],
  ];
  for (const [what, more, body] of rows) {
    const encoded = encodeEvent({ ...EVENT, ...more }, 'structured');
    assert.equal(encoded.head, 'content-type: application/cloudevents+json; charset=utf-8\r\n', what);
    assert.equal(Buffer.from(encoded.body).toString(), body, what);
  }
});

test('whatever an event holds, its headers hold visible ASCII only', () => {
  const text = fc.string({ unit: 'binary' });
  const event = fc.record(
    {
      id: text,
      source: text,
      type: text,
      subject: text,
      time: text,
      datacontenttype: text,
      dataschema: text,
      extensions: fc.dictionary(fc.constantFrom('a', 'b'), text),
    },
    { requiredKeys: ['id', 'source', 'type', 'extensions'] },
  );
  const line = fc.constantFrom('\r\nce-id: 2', '\0', '\x7f', '\u0085', '\ud800', 'application/json');
  fc.assert(
    fc.property(event, line, fc.constantFrom<ContentMode>('binary', 'structured'), (one, end, mode) => {
      const type = one.datacontenttype;
      const { head } = encodeEvent({ ...one, ...(type !== undefined && { datacontenttype: type + end }) }, mode);
      for (const header of linesOf(head)) assert.match(header, /^[a-z-]+: [\x20-\x7e]*$/);
    }),
  );
});

test('the JavaScript SDK reads both content modes, attribute for attribute and with the data’s value', () => {
  const modes = fc.constantFrom<ContentMode>('binary', 'structured');
  const payload = fc.oneof(
    // An object, as all of Kubernetes: scalars are left as text by the SDK.
    jsonPayload.map(({ data }) => ({
      datacontenttype: 'application/json',
      data: Buffer.from(`{"value":${data.toString()}}`),
    })),
    fc.constant({}),
  );
  fc.assert(
    fc.property(anyEvent({ name: sdkExtensionName, payload }), modes, (event, mode) => {
      const encoded = encodeEvent(event, mode);
      const body = Buffer.from(encoded.body).toString();
      const read = HTTP.toEvent({ headers: headersOf(encoded), body }) as SdkEvent;
      assert.equal(read.validate(), true);
      const { data, extensions, ...attributes } = event;
      for (const [name, value] of Object.entries<AttributeValue>({ ...attributes, ...extensions })) {
        // The SDK leaves the percent-encoding to whoever reads an attribute.
        if (mode === 'binary') assert.equal(decodeURIComponent(String(read[name])), String(value), name);
        else assert.equal(read[name], value, name);
      }
      if (data !== undefined) assert.deepEqual(read.data, JSON.parse(data.toString()));
    }),
  );
});
