import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { printEvent } from '../../src/display/print.ts';
import type { CloudEvent } from '../../src/events/cloud-event.ts';
import { decodeMessage } from '../../src/events/decode.ts';
import type { ReceivedEvent } from '../../src/events/received-event.ts';

const TITLE = '☁️  cloudevents.Event\n';
const GOLDEN = readFileSync(new URL('../golden/event-display.log', import.meta.url), 'utf8');

interface Message {
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** The binary mode request behind a block of text that upstream printed; its data as it was printed, moved back. */
function messageBehind(block: string): Message {
  const [context = '', data] = block.split(/^Data,\n {2}/m);
  const headers: Record<string, string> = {};
  for (const [, attribute = '', value = ''] of context.matchAll(/^ {2}([a-z]+): (.*)$/gm)) {
    headers[attribute === 'datacontenttype' ? 'content-type' : `ce-${attribute}`] = value;
  }
  return { headers, body: Buffer.from(data === undefined ? '' : data.slice(0, -1).replaceAll('\n  ', '\n')) };
}

/** The same request with its JSON without white space. */
function compact(message: Message): Message {
  return { ...message, body: Buffer.from(JSON.stringify(JSON.parse(message.body.toString()))) };
}

function printed(message: Message, validationLine = false): string {
  const decoded = decodeMessage(message);
  assert.equal(decoded.is, 'event', JSON.stringify(decoded));
  return printEvent(decoded.received, { validationLine }).toString();
}

function print(event: Partial<CloudEvent>, received: Partial<ReceivedEvent> = {}): string {
  const whole = { id: '1', source: '/s', type: 't', extensions: {}, ...event };
  return printEvent(
    { specversion: '1.0', dataIsBinary: false, ...received, event: whole },
    { validationLine: false },
  ).toString();
}

function blockOf(lines: string): string {
  return `${TITLE}Context Attributes,\n  specversion: 1.0\n  type: t\n  source: /s\n${lines}`;
}

describe('what upstream printed', () => {
  const blocks = GOLDEN.split(TITLE).slice(1);

  test('the recording holds events', () => {
    assert.equal(blocks.length, 5);
  });

  for (const [index, block] of blocks.entries()) {
    test(`event ${index} of the recording is printed to the byte, sent laid out and sent compact`, () => {
      const message = messageBehind(block);
      assert.equal(printed(message), TITLE + block);
      assert.equal(printed(compact(message)), TITLE + block);
    });
  }
});

describe('samples', () => {
  const heartbeat = {
    'ce-specversion': '1.0',
    'ce-type': 'dev.knative.eventing.samples.heartbeat',
    'ce-source': 'https://knative.dev/eventing-contrib/cmd/heartbeats/#event-test/mypod',
    'ce-id': '0b4c2e0e-5a3b-4f0e-9d2a-0c1f6f1c9a11',
    'ce-time': '2020-09-09T06:31:17.811801518Z',
    'ce-the': '42',
    'ce-heart': 'yes',
    'ce-beats': 'true',
    'content-type': 'application/json',
  };
  const heartbeatText = `${TITLE}Context Attributes,
  specversion: 1.0
  type: dev.knative.eventing.samples.heartbeat
  source: https://knative.dev/eventing-contrib/cmd/heartbeats/#event-test/mypod
  id: 0b4c2e0e-5a3b-4f0e-9d2a-0c1f6f1c9a11
  time: 2020-09-09T06:31:17.811801518Z
  datacontenttype: application/json
Extensions,
  beats: true
  heart: yes
  the: 42
Data,
  {
    "id": 655,
    "label": ""
  }
`;
  const body = Buffer.from('{"id":655,"label":""}');

  test('a heartbeat', () => {
    assert.equal(printed({ headers: heartbeat, body }), heartbeatText);
  });

  test('a heartbeat with an extension from a SinkBinding, sorted among the others', () => {
    const expected = heartbeatText.replace('  the: 42\n', '  hello: world\n  the: 42\n');
    assert.equal(printed({ headers: { ...heartbeat, 'ce-hello': 'world' }, body }), expected);
  });

  test('the line of eventing 0.22 on request', () => {
    assert.equal(
      printed({ headers: heartbeat, body }, true),
      heartbeatText.replace(TITLE, `${TITLE}Validation: valid\n`),
    );
  });

  test('a ping', () => {
    const headers = {
      'ce-specversion': '1.0',
      'ce-type': 'dev.knative.sources.ping',
      'ce-source': '/apis/v1/namespaces/default/pingsources/test-ping-source',
      'ce-id': 'f8b5a2d0-7e0f-4a77-8f59-2d3a1f1a8b3c',
      'ce-time': '2020-09-14T05:01:00.000313058Z',
      'content-type': 'application/json',
    };
    const expected = `${TITLE}Context Attributes,
  specversion: 1.0
  type: dev.knative.sources.ping
  source: /apis/v1/namespaces/default/pingsources/test-ping-source
  id: f8b5a2d0-7e0f-4a77-8f59-2d3a1f1a8b3c
  time: 2020-09-14T05:01:00.000313058Z
  datacontenttype: application/json
Data,
  {
    "message": "hello, world!"
  }
`;
    assert.equal(printed({ headers, body: Buffer.from('{"message": "hello, world!"}') }), expected);
  });

  test('data without a type is shown as it came', () => {
    assert.equal(print({ data: Buffer.from('hello') }), blockOf('  id: 1\nData,\n  hello\n'));
    assert.equal(print({ data: Buffer.from('{"a":1}') }), blockOf('  id: 1\nData,\n  {"a":1}\n'));
  });

  test('an event without data and extensions ends with its last attribute', () => {
    assert.equal(print({}), blockOf('  id: 1\n'));
  });

  test('data that came as base64 is shown decoded, and said to be binary', () => {
    const event = { id: '1', source: '/s', type: 't', extensions: {}, data: Buffer.from([0, 1, 0xff]) };
    const bytes = printEvent({ specversion: '1.0', event, dataIsBinary: true }, { validationLine: false });
    const head = Buffer.from(blockOf('  id: 1\nData (binary),\n  '));
    assert.deepEqual(bytes, Buffer.concat([head, Buffer.from([0, 1, 0xff, 0x0a])]));
  });

  test('an event through a broker shows its arrival time among the extensions', () => {
    const extensions = { knativearrivaltime: '2020-09-14T05:01:00.000313058Z' };
    const expected = blockOf('  id: 1\nExtensions,\n  knativearrivaltime: 2020-09-14T05:01:00.000313058Z\n');
    assert.equal(print({ extensions }), expected);
  });
});

describe('rules', () => {
  const json = Buffer.from('{"a":1}\n');
  const rules: readonly (readonly [why: string, event: Partial<CloudEvent>, after: string])[] = [
    [
      'optional attributes have their places',
      { subject: 'x', time: '2020-01-01T10:00:00.50+02:00', dataschema: 'urn:x', datacontenttype: 'text/plain' },
      '  subject: x\n  id: 1\n  time: 2020-01-01T08:00:00.5Z\n  dataschema: urn:x\n  datacontenttype: text/plain\n',
    ],
    ['a time that is none is shown as it came', { time: 'noon' }, '  id: 1\n  time: noon\n'],
    [
      'extensions are sorted and keep their values',
      { extensions: { b: true, a2: 42, a1: 'x', a: '' } },
      '  id: 1\nExtensions,\n  a: \n  a1: x\n  a2: 42\n  b: true\n',
    ],
    [
      'white space after JSON is kept',
      { datacontenttype: 'application/json', data: json },
      '  id: 1\n  datacontenttype: application/json\nData,\n  {\n    "a": 1\n  }\n\n',
    ],
    [
      'parameters do not matter',
      { datacontenttype: 'application/json ; charset=UTF-8', data: json },
      '  id: 1\n  datacontenttype: application/json ; charset=UTF-8\nData,\n  {\n    "a": 1\n  }\n\n',
    ],
    [
      'capitals do',
      { datacontenttype: 'Application/JSON', data: json },
      '  id: 1\n  datacontenttype: Application/JSON\nData,\n  {"a":1}\n\n',
    ],
    [
      '+json is shown as it came',
      { datacontenttype: 'application/vnd.x+json', data: json },
      '  id: 1\n  datacontenttype: application/vnd.x+json\nData,\n  {"a":1}\n\n',
    ],
    [
      'text/json is shown as it came',
      { datacontenttype: 'text/json', data: json },
      '  id: 1\n  datacontenttype: text/json\nData,\n  {"a":1}\n\n',
    ],
    [
      'broken JSON is shown as it came',
      { datacontenttype: 'application/json', data: Buffer.from('{"a":}') },
      '  id: 1\n  datacontenttype: application/json\nData,\n  {"a":}\n',
    ],
    [
      'empty data is data',
      { datacontenttype: 'text/plain', data: Buffer.alloc(0) },
      '  id: 1\n  datacontenttype: text/plain\nData,\n  \n',
    ],
  ];
  for (const [why, event, after] of rules) {
    test(why, () => {
      assert.equal(print(event), blockOf(after));
    });
  }

  const sources: readonly (readonly [source: string, shown: string])[] = [
    ['http://EX.com/a b|"<é', 'http://EX.com/a%20b%7C%22%3C%C3%A9'],
    ['http://x/a?q=a b#f g', 'http://x/a?q=a b#f%20g'],
    ['/a%2Fb?', '/a%2Fb?'],
    ['/a#', '/a'],
    ['/\ud800', '/%EF%BF%BD'],
  ];
  for (const [source, shown] of sources) {
    test(`the source ${source} is shown as ${shown}`, () => {
      assert.equal(print({ source }), blockOf('  id: 1\n').replace('source: /s', `source: ${shown}`));
    });
  }

  test('0.3 has schemaurl, and its encoding after the type', () => {
    const event = { dataschema: '/x', datacontenttype: 'application/json', data: Buffer.from('{}') };
    const received = { specversion: '0.3', datacontentencoding: 'base64', dataIsBinary: true } as const;
    const attributes = '  id: 1\n  schemaurl: /x\n  datacontenttype: application/json\n  datacontentencoding: base64\n';
    assert.equal(print(event, received), `${blockOf(attributes).replace('1.0', '0.3')}Data (binary),\n  {}\n`);
  });
});

test('no event makes printing throw', () => {
  const text = fc.string({ unit: 'binary' });
  const event = fc.record(
    {
      id: text,
      source: text,
      type: text,
      subject: text,
      time: text,
      datacontenttype: fc.oneof(text, fc.constant('application/json')),
      dataschema: text,
      extensions: fc.dictionary(text, fc.oneof(text, fc.boolean(), fc.double())),
      data: fc.uint8Array(),
    },
    { requiredKeys: ['id', 'source', 'type', 'extensions'] },
  );
  fc.assert(
    fc.property(event, (anything) => {
      const block = printEvent({ specversion: '1.0', dataIsBinary: false, event: anything }, { validationLine: true });
      assert.ok(block.toString().startsWith(`${TITLE}Validation: valid\nContext Attributes,\n`));
    }),
  );
});
