import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromJsonData, payloadOf, payloadProblems } from '../../../src/sources/ping/payload.ts';
import type { PingSpec } from '../../../src/sources/ping/spec.ts';

const JSON_DATA: readonly (readonly [given: string, sent: string])[] = [
  ['{"message": "hello, world!"}', '{"message":"hello, world!"}'],
  [
    '{ "b" : [ 1.0 , 9007199254740993 ] , "a" : { "2": 1, "1": "x  y" } }',
    '{"a":{"2":1,"1":"x  y"},"b":[1.0,9007199254740993]}',
  ],
  ['{"a":1,"a":2}', '{"a":2}'],
  ['{}', '{}'],
  ['null', 'null'],
  ['{"html": "<b>&</b>"}', '{"html":"\\u003cb\\u003e\\u0026\\u003c/b\\u003e"}'],
  ['{"q\\"": "a \\" b"}', '{"q\\"":"a \\" b"}'],
  ['[1, 2]', '{"body":"[1, 2]"}'],
  ['"text"', '{"body":"\\"text\\""}'],
  ['12', '{"body":"12"}'],
  ['hello', '{"body":"hello"}'],
  ['', '{"body":""}'],
];

for (const [given, sent] of JSON_DATA) {
  test(`jsonData ${given} is sent as ${sent}`, () => {
    assert.equal(fromJsonData(given), sent);
  });
}

const PAYLOADS: readonly (readonly [spec: PingSpec, contentType: string | undefined, data: string | undefined])[] = [
  [{}, undefined, undefined],
  [{ data: 'hello' }, undefined, 'hello'],
  [{ data: '', contentType: '' }, undefined, undefined],
  [{ data: '{ "a": 1 }', contentType: 'application/json' }, 'application/json', '{ "a": 1 }'],
  [{ dataBase64: 'aGVsbG8=', contentType: 'text/plain' }, 'text/plain', 'hello'],
  [{ jsonData: '{ "a": 1 }' }, 'application/json', '{"a":1}'],
];

for (const [spec, contentType, data] of PAYLOADS) {
  test(`the payload of ${JSON.stringify(spec)} is ${data} of type ${contentType}`, () => {
    const payload = payloadOf(spec);
    assert.equal(payload.contentType, contentType);
    assert.equal(payload.data && Buffer.from(payload.data).toString(), data);
    assert.deepEqual(payloadProblems(spec), []);
  });
}

const WRONG: readonly (readonly [spec: PingSpec, sentence: RegExp])[] = [
  [{ data: 'a', dataBase64: 'YQ==' }, /^spec\.data and spec\.dataBase64 are both there; /],
  [{ jsonData: '{}', data: 'a' }, /^spec\.jsonData, of v1beta1, is there beside/],
  [{ dataBase64: 'a' }, /^spec\.dataBase64 is not base64; /],
  [{ dataBase64: 'YQ', contentType: 'application/json' }, /^spec\.dataBase64 is not base64; /],
  [
    { data: 'hello', contentType: 'application/json' },
    /^spec\.data is not JSON, although spec\.contentType is application\/json: /,
  ],
  [{ dataBase64: 'aGVsbG8=', contentType: 'application/json' }, /^spec\.dataBase64 is not JSON, /],
];

for (const [spec, sentence] of WRONG) {
  test(`${JSON.stringify(spec)} is refused with a sentence`, () => {
    const problems = payloadProblems(spec);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', sentence);
  });
}

test('a JSON list is data like any other', () => {
  assert.deepEqual(payloadProblems({ data: '[1]', contentType: 'application/json' }), []);
});
