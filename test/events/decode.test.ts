import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeMessage } from '../../src/events/decode.ts';
import type { Decoded, ReceivedEvent } from '../../src/events/received-event.ts';

const STRUCTURED = { 'content-type': 'application/cloudevents+json' };
const BATCH = { 'content-type': 'application/cloudevents-batch+json' };
const REQUIRED = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't' };
const ENVELOPE = '"specversion":"1.0","id":"1","source":"/s","type":"t"';

function decode(headers: Record<string, string>, body: string | Uint8Array = ''): Decoded {
  return decodeMessage({ headers, body: Buffer.from(body) });
}

function receive(headers: Record<string, string>, body: string | Uint8Array = ''): ReceivedEvent {
  const decoded = decode(headers, body);
  assert.equal(decoded.is, 'event', JSON.stringify(decoded));
  return decoded.received;
}

function problems(headers: Record<string, string>, body: string | Uint8Array = ''): string[] {
  const decoded = decode(headers, body);
  assert.equal(decoded.is, 'invalid', JSON.stringify(decoded));
  return decoded.problems.map(({ attribute, sentence }) => `${attribute}: ${sentence}`);
}

function structuredData(rest: string): string | undefined {
  const { data } = receive(STRUCTURED, `{${ENVELOPE},${rest}}`).event;
  return data === undefined ? undefined : Buffer.from(data).toString('utf8');
}

describe('binary mode', () => {
  test('headers become attributes, every other ce- header an extension, the body the data', () => {
    const headers = {
      ...REQUIRED,
      'ce-subject': 'sub',
      'ce-time': '2020-01-01T10:00:00.10+02:00',
      'ce-dataschema': 'https://example.com/schema',
      'content-type': 'Application/JSON; charset=utf-8',
      'ce-the': '42',
      'ce-empty': '',
      host: 'display',
    };
    assert.deepEqual(receive(headers, '{"a": 1}'), {
      specversion: '1.0',
      dataIsBinary: false,
      event: {
        id: '1',
        source: '/s',
        type: 't',
        subject: 'sub',
        time: '2020-01-01T10:00:00.10+02:00',
        datacontenttype: 'Application/JSON; charset=utf-8',
        dataschema: 'https://example.com/schema',
        extensions: { the: '42', empty: '' },
        data: Buffer.from('{"a": 1}'),
      },
    });
  });

  test('an empty body is no data, and an empty optional header is no attribute', () => {
    const { event } = receive({
      ...REQUIRED,
      'ce-subject': '',
      'ce-time': '',
      'ce-dataschema': '',
      'content-type': '',
    });
    assert.deepEqual(event, { id: '1', source: '/s', type: 't', extensions: {} });
  });

  const texts: readonly (readonly [sent: string, text: string])[] = [
    ['plain', 'plain'],
    ['Euro%20%E2%82%AC%20%F0%9F%98%80', 'Euro € 😀'],
    ['%e2%82%ac', '€'],
    ['100%25', '100%'],
    ['%2525', '%25'],
    ['100%', '100%'],
    ['%zz', '%zz'],
    ['%C3%28', '%C3%28'],
    ['"a \\"b\\" c"', 'a "b" c'],
    ['"', '"'],
    [Buffer.from('é☁').toString('latin1'), 'é☁'],
    ['\u00e9', 'é'],
  ];
  for (const [sent, text] of texts) {
    test(`the header value ${JSON.stringify(sent)} is the text ${JSON.stringify(text)}`, () => {
      assert.equal(receive({ ...REQUIRED, 'ce-subject': sent }).event.subject, text);
      assert.equal(receive({ ...REQUIRED, 'ce-ext': sent }).event.extensions['ext'], text);
    });
  }

  const uris: readonly (readonly [sent: string, uri: string])[] = [
    ['https://example.com/a%20b%2Fc', 'https://example.com/a%20b%2Fc'],
    ['https://example.com/a%2520b%252Fc', 'https://example.com/a%20b%2Fc'],
    ['/%C3%A9%25', '/%C3%A9%25'],
  ];
  for (const [sent, uri] of uris) {
    test(`the URI in the header value ${sent} is ${uri}`, () => {
      assert.equal(receive({ ...REQUIRED, 'ce-source': sent }).event.source, uri);
    });
  }

  test('0.3 has schemaurl and datacontentencoding, and the body stays as it is', () => {
    const headers = {
      ...REQUIRED,
      'ce-specversion': '0.3',
      'ce-schemaurl': 'schema',
      'ce-datacontentencoding': 'base64',
      'content-type': 'text/plain',
    };
    const received = receive(headers, 'AAEC');
    assert.equal(received.specversion, '0.3');
    assert.equal(received.datacontentencoding, 'base64');
    assert.equal(received.dataIsBinary, false);
    assert.equal(received.event.dataschema, 'schema');
    assert.deepEqual(received.event.data, Buffer.from('AAEC'));
  });
});

describe('what is not an event', () => {
  const messages: readonly (readonly [why: string, headers: Record<string, string>])[] = [
    ['there is no ce-specversion', { 'content-type': 'application/json', 'ce-id': '1' }],
    ['ce-specversion is 2.0', { ...REQUIRED, 'ce-specversion': '2.0' }],
    ['the content type application/cloudevents+xml', { 'content-type': 'application/cloudevents+xml' }],
    ['the content type (none)', {}],
  ];
  for (const [why, headers] of messages) {
    test(`says why: ${why}`, () => {
      const decoded = decode(headers, '{}');
      assert.equal(decoded.is, 'not an event');
      assert.ok(decoded.sentence.includes(why), decoded.sentence);
    });
  }
});

describe('validation', () => {
  test('every problem is told, in one order, with the sentences of the Go SDK', () => {
    const headers = {
      'content-type': 'a b',
      'ce-bad-name': 'x',
      'ce-dataschema': 'relative',
      'ce-time': 'yesterday',
      'ce-subject': '%20',
      'ce-specversion': '1.0',
    };
    assert.deepEqual(problems(headers), [
      'id: MUST be a non-empty string',
      'source: REQUIRED',
      'type: MUST be a non-empty string',
      'subject: if present, MUST be a non-empty string',
      'time: if present, MUST adhere to the format specified in RFC 3339',
      'datacontenttype: if present, MUST adhere to the format specified in RFC 2046',
      'dataschema: if present, MUST adhere to the format specified in RFC 3986, Section 4.3. Absolute URI',
      'bad-name: is no attribute name, these consist of lower-case letters and digits',
    ]);
  });

  const structured: readonly (readonly [rest: string, problem: string])[] = [
    ['"id":5', 'id: MUST be a string'],
    ['"id":null', 'id: MUST be a non-empty string'],
    ['"id":"1\\n2"', 'id: MUST NOT contain control characters, surrogates or noncharacters, found U+000A'],
    ['"ext":"\\ud800"', 'ext: MUST NOT contain control characters, surrogates or noncharacters, found U+D800'],
    ['"ext":1.5', 'ext: MUST be a string, a boolean or an integer of 32 bits'],
    ['"ext":2147483648', 'ext: MUST be a string, a boolean or an integer of 32 bits'],
    ['"ext":{}', 'ext: MUST be a string, a boolean or an integer of 32 bits'],
    ['"__proto__":"x"', '__proto__: is no attribute name, these consist of lower-case letters and digits'],
    ['"Subject":"x"', 'Subject: MUST be written in lower case, subject'],
    ['"data":1,"data_base64":"AAEC"', 'data_base64: MUST NOT stand beside data'],
    ['"data_base64":"AAE"', 'data_base64: MUST be a string of padded base64 (RFC 4648, section 4)'],
    ['"data_base64":7', 'data_base64: MUST be a string of padded base64 (RFC 4648, section 4)'],
    ['"datacontenttype":"text/xml","data":{}', 'data: MUST be a JSON string, because text/xml is not JSON'],
  ];
  for (const [rest, problem] of structured) {
    test(`an envelope with ${rest} is refused: ${problem}`, () => {
      assert.deepEqual(problems(STRUCTURED, `{${ENVELOPE},${rest}}`), [problem]);
    });
  }

  const versions: readonly (readonly [body: string, problem: string])[] = [
    ['{}', 'specversion: no specversion'],
    ['[]', 'specversion: no specversion'],
    ['null', 'specversion: no specversion'],
    ['{"specversion":"2.0"}', 'specversion: unknown value: 2.0'],
    ['{"specversion":{"a":1}}', 'specversion: unknown value: {"a":1}'],
  ];
  for (const [body, problem] of versions) {
    test(`a structured ${body} is refused: ${problem}`, () => {
      assert.deepEqual(problems(STRUCTURED, body), [problem]);
    });
  }

  test('0.3 takes no encoding but base64', () => {
    const body = `{${ENVELOPE.replace('1.0', '0.3')},"datacontentencoding":"gzip","data":"x"}`;
    assert.deepEqual(problems(STRUCTURED, body), [
      "datacontentencoding: invalid datacontentencoding value, the only allowed value is 'base64'",
    ]);
  });

  test('a content type in ce-datacontenttype is refused', () => {
    assert.deepEqual(problems({ ...REQUIRED, 'ce-datacontenttype': 'text/plain' }), [
      'datacontenttype: MUST be the header Content-Type, not ce-datacontenttype',
    ]);
  });
});

test('of thousands of mistakes in a message about a hundred are told', () => {
  const names = Array.from({ length: 2_000 }, (_, i) => `"_${i}":1`).join(',');
  const bad = `{${ENVELOPE},${names}}`;
  assert.equal(problems(STRUCTURED, bad).length, 100);
  assert.equal(problems(BATCH, `[${'1,'.repeat(2_000)}1]`).length, 100);
  assert.equal(problems(BATCH, `[1,${bad},1]`).length, 101);
});

describe('structured mode', () => {
  test('wins over ce- headers, whatever the parameters and the case of the content type', () => {
    const headers = { ...REQUIRED, 'ce-id': 'header', 'content-type': 'Application/CloudEvents+JSON ; charset=UTF-8' };
    assert.equal(receive(headers, `{${ENVELOPE}}`).event.id, '1');
  });

  test('booleans and integers stay what they are, null is absent, names become lower-case', () => {
    const { event } = receive(
      STRUCTURED,
      `{${ENVELOPE},"b":true,"n":1e3,"s":"x","subject":null,"none":null,"Big":"y"}`,
    );
    assert.deepEqual(event.extensions, { b: true, n: 1000, s: 'x', big: 'y' });
    assert.equal('subject' in event, false);
  });

  const data: readonly (readonly [rest: string, data: string | undefined])[] = [
    ['"x":"data"', undefined],
    ['"data": {"z":1, "a" : 12345678901234567890,"z":1.0}  ', '{"z":1, "a" : 12345678901234567890,"z":1.0}'],
    ['"data":1,"d\\u0061ta":[ 2 ]', '[ 2 ]'],
    ['"data":"hello"', '"hello"'],
    ['"data":null', 'null'],
    ['"datacontenttype":"application/vnd.x+json","data":"a\\u00e9"', '"a\\u00e9"'],
    ['"datacontenttype":"text/json","data":[]', '[]'],
    ['"datacontenttype":"text/plain","data":"h\\u00e9\\nllo"', 'hé\nllo'],
    ['"datacontenttype":"text/plain","data":""', ''],
    ['"datacontenttype":"text/plain","data":null', ''],
    ['"data_base64":null', undefined],
  ];
  for (const [rest, expected] of data) {
    test(`the data of an envelope with ${rest} is ${expected}`, () => {
      assert.equal(structuredData(rest), expected);
    });
  }

  test('data_base64 is decoded and marked binary', () => {
    const received = receive(STRUCTURED, `{${ENVELOPE},"data_base64":"AAEC"}`);
    assert.deepEqual(received.event.data, Buffer.from([0, 1, 2]));
    assert.equal(received.dataIsBinary, true);
  });

  test('0.3 data with datacontentencoding base64 is decoded and marked binary', () => {
    const received = receive(
      STRUCTURED,
      `{"datacontentencoding":"base64","data":"e30=",${ENVELOPE.replace('1.0', '0.3')}}`,
    );
    assert.deepEqual(received.event.data, Buffer.from('{}'));
    assert.equal(received.dataIsBinary, true);
  });

  for (const body of ['', '{', `{${ENVELOPE}`, `{${ENVELOPE}} x`, `{${ENVELOPE},"data":{]}`, `\ufeff{${ENVELOPE}}`]) {
    test(`the body ${JSON.stringify(body)} is malformed`, () => {
      const decoded = decode(STRUCTURED, body);
      assert.equal(decoded.is, 'malformed');
      assert.match(decoded.sentence, /^the body is not JSON: /);
    });
  }
});

describe('batch mode', () => {
  test('every element is an event, in order, each with its own bytes of data', () => {
    const body = `[ {${ENVELOPE},"data":{"a" :1}} ,{${ENVELOPE.replace('"1"', '"2"')},"data":[ 1.0 ]} ]`;
    const decoded = decode(BATCH, body);
    assert.equal(decoded.is, 'batch');
    const seen = decoded.received.map(({ event }) => [event.id, Buffer.from(event.data ?? '').toString()]);
    assert.deepEqual(seen, [
      ['1', '{"a" :1}'],
      ['2', '[ 1.0 ]'],
    ]);
  });

  test('an empty batch holds no events', () => {
    assert.deepEqual(decode(BATCH, '[]'), { is: 'batch', received: [] });
  });

  test('an invalid element refuses the batch and is named by its index', () => {
    assert.deepEqual(problems(BATCH, `[{${ENVELOPE}},{"specversion":"1.0","id":"1","type":"t"},7]`), [
      '[1].source: REQUIRED',
      '[2].specversion: no specversion',
    ]);
  });

  test('a batch is an array', () => {
    assert.deepEqual(problems(BATCH, `{${ENVELOPE}}`), ['batch: MUST be a JSON array']);
    assert.equal(decode(BATCH, '[').is, 'malformed');
  });
});
