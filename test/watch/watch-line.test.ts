import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readHead, readWatchLine, type WatchLine } from '../../src/watch/watch-line.ts';
import { anyDice, anyJson, layOut, Verbatim } from '../support/json-text.ts';
import { anyObjectText, headByParsing } from './any-object.ts';

const read = (line: string): WatchLine => readWatchLine(Buffer.from(line));

/** What was read, with an object's bytes as text: two texts can be compared by eye. */
const readText = (line: string) => {
  const found = read(line);
  return found.is === 'object' ? { ...found, bytes: found.bytes.toString() } : found;
};

const METADATA = '"metadata":{"name":"a","namespace":"n","uid":"u","resourceVersion":"7"}';
const HEAD = { namespace: 'n', name: 'a', uid: 'u', resourceVersion: '7' };

test('the head is the one that JSON.parse finds, in every order, escape and script', () => {
  let complete = 0;
  fc.assert(
    fc.property(anyObjectText(), (text) => {
      const expected = headByParsing(text);
      if (expected !== undefined) complete++;
      assert.deepEqual(readHead(Buffer.from(text)), expected);
    }),
    { numRuns: 1_000 },
  );
  assert.ok(complete > 100, `only ${complete} objects had a head`);
});

test('a head is read from where it stands in the objects that servers send', () => {
  const rows: [what: string, text: string, head: object | undefined][] = [
    ['a built-in kind', `{"kind":"Pod","apiVersion":"v1",${METADATA},"spec":{}}`, HEAD],
    [
      'a custom resource, whose keys are sorted',
      '{"apiVersion":"x/v1","kind":"X","metadata":{"annotations":{"name":"no","uid":"no"},"managedFields":[{"name":"no"}],' +
        '"name":"a","namespace":"n","resourceVersion":"7","uid":"u"}}',
      HEAD,
    ],
    ['metadata after a spec that has one too', `{"spec":{"metadata":{"name":"no","uid":"no"}},${METADATA}}`, HEAD],
    [
      'a cluster-scoped object',
      '{"metadata":{"name":"a","uid":"u","resourceVersion":"7"}}',
      { ...HEAD, namespace: '' },
    ],
    [
      'escapes in keys and values',
      '{"met\\u0061data":{"n\\u0061me":"\\u0061","namespac\\u0065":"n","u\\u0069d":"u","resourceVersion":"\\u0037"}}',
      HEAD,
    ],
    [
      'a name of RBAC and one in another script',
      '{"metadata":{"name":"system:node/é 漢😀","namespace":"n","uid":"u","resourceVersion":"7"}}',
      { ...HEAD, name: 'system:node/é 漢😀' },
    ],
    [
      'a lone surrogate',
      '{"metadata":{"name":"\\ud800","uid":"u","resourceVersion":"7"}}',
      { ...HEAD, namespace: '', name: '\ud800' },
    ],
    ['a key twice: the first counts', `{${METADATA},"metadata":{"name":"b"}}`, HEAD],
    [
      'a version beyond 2^53',
      `{${METADATA.replace('7', '9'.repeat(40))}}`,
      { ...HEAD, resourceVersion: '9'.repeat(40) },
    ],
    ['no object', 'null', undefined],
    ['an array', `[${METADATA}]`, undefined],
    ['no metadata', '{"spec":{}}', undefined],
    ['metadata that is null', '{"metadata":null}', undefined],
    ['metadata in an array', '{"metadata":[{"name":"a","uid":"u","resourceVersion":"7"}]}', undefined],
    ['no name', '{"metadata":{"uid":"u","resourceVersion":"7"}}', undefined],
    ['no uid', '{"metadata":{"name":"a","resourceVersion":"7"}}', undefined],
    ['an empty uid', '{"metadata":{"name":"a","uid":"","resourceVersion":"7"}}', undefined],
    ['no resourceVersion', '{"metadata":{"name":"a","uid":"u"}}', undefined],
    ['an empty resourceVersion', '{"metadata":{"name":"a","uid":"u","resourceVersion":""}}', undefined],
    ['a resourceVersion that is a number', '{"metadata":{"name":"a","uid":"u","resourceVersion":7}}', undefined],
    ['a name that is an object', '{"metadata":{"name":{},"uid":"u","resourceVersion":"7"}}', undefined],
    ['metadata cut short', '{"metadata":{"name":"a","uid":"u","resourceVersion":"7"', undefined],
  ];
  for (const [what, text, head] of rows) assert.deepEqual(readHead(Buffer.from(text)), head, what);
});

test('a line in any layout means the same, and its object comes out byte for byte', () => {
  const type = fc.constantFrom('ADDED', 'MODIFIED', 'DELETED');
  const more = fc.dictionary(fc.constantFrom('a', 'typed', 'objects'), anyJson());
  fc.assert(
    fc.property(
      type,
      anyObjectText(),
      more,
      anyDice(),
      fc.constantFrom('', ' ', '\t\r'),
      (is, text, rest, dice, space) => {
        const line = layOut({ ...rest, type: is, object: new Verbatim(text) }, dice);
        const found = readText(space + line + space);
        const head = headByParsing(text);
        if (head === undefined) {
          assert.equal(found.is, 'malformed');
        } else {
          assert.deepEqual(found, { is: 'object', type: is, head, bytes: text });
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('an object comes out as it came, whatever JSON.parse and JSON.stringify would make of it', () => {
  const oddities = [
    '"int64":9223372036854775807',
    '"float":1.0,"big":1e400,"minus":-0',
    '"10":1,"2":2',
    '"a":1,"a":2',
    '"__proto__":{"constructor":1}',
    '"text":"\u2028\u2029\u0085"',
    '"lone":"\\ud800"',
    '"escaped":"\\u0041\\/"',
    '"spaced": [ 1 , 2 ]',
    `"deep":${'['.repeat(10_000)}${']'.repeat(10_000)}`,
  ];
  for (const oddity of oddities) {
    for (const object of [`{${METADATA},${oddity}}`, `{${oddity},${METADATA}}`]) {
      for (const line of [`{"type":"ADDED","object":${object}}`, `{"object":${object} , "type":"ADDED"}`]) {
        assert.deepEqual(readText(line), { is: 'object', type: 'ADDED', head: HEAD, bytes: object });
      }
    }
  }
});

test('what stands behind the object of a line is not taken for a part of it', () => {
  const object = `{${METADATA}}`;
  for (const behind of [' }', '}\r', ',"more":1}', ',"more":"}"}', '\t} ']) {
    const line = readText(`{"type":"ADDED","object":${object}${behind}`);
    assert.deepEqual(line, { is: 'object', type: 'ADDED', head: HEAD, bytes: object }, behind);
  }
});

test('a bookmark tells its version, and whether it ends the initial events', () => {
  const rows: [metadata: string, endsInitialEvents: boolean][] = [
    ['{"resourceVersion":"9","creationTimestamp":null}', false],
    ['{"resourceVersion":"9","annotations":{"k8s.io/initial-events-end":"true"}}', true],
    ['{"resourceVersion":"9","annotations":{"k8s.io/initial-events-end":"false"}}', false],
    ['{"resourceVersion":"9","annotations":{"k8s.io/initial-events-end":true}}', false],
    ['{"resourceVersion":"9","annotations":{}}', false],
    ['{"resourceVersion":"9","annotations":null}', false],
    ['{"annotations":{"k8s.io\\/initial-events-end":"tru\\u0065"},"resourceVersion":"\\u0039"}', true],
  ];
  for (const [metadata, endsInitialEvents] of rows) {
    const expected = { is: 'bookmark', resourceVersion: '9', endsInitialEvents };
    assert.deepEqual(read(`{"type":"BOOKMARK","object":{"kind":"Pod","metadata":${metadata}}}`), expected, metadata);
    assert.deepEqual(read(`{ "object": {"metadata": ${metadata}}, "type": "BOOKMARK" }`), expected, metadata);
  }
});

test('an ERROR line brings whatever stands in for a Status', () => {
  for (const status of [{ kind: 'Status', code: 410, reason: 'Expired' }, {}, null, 'text', 7, []]) {
    assert.deepEqual(read(`{"type":"ERROR","object":${JSON.stringify(status)}}`), { is: 'error', status });
  }
});

test('a line that is no watch event is malformed, and the sentence says what was found', () => {
  const table = '{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"7"},"rows":[]}';
  const list = `{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[{${METADATA}}]}`;
  const rows: [line: string, sentence: RegExp][] = [
    ['', /a line without a type.* has 0 bytes/],
    [' ', /without a type/],
    ['not JSON', /without a type; it starts with "not JSON"/],
    ['<html><body>502 Bad Gateway</body></html>', /without a type; it starts with "<html>/],
    ['\u001f\u008b\u0008\u0000', /without a type/],
    ['null', /without a type/],
    ['[]', /without a type/],
    ['{}', /without a type/],
    [`{"object":{${METADATA}}}`, /without a type/],
    ['{"type":"ADDED"}', /without an object/],
    ['{"type":"ADDED","obj', /without an object/],
    [`{"type":"UNKNOWN","object":{${METADATA}}}`, /the unknown type UNKNOWN/],
    [`{"type":"added","object":{${METADATA}}}`, /the unknown type added/],
    [`{"type":"","object":{${METADATA}}}`, /the unknown type/],
    [`{"type":7,"object":{${METADATA}}}`, /the unknown type \(not a string\)/],
    [`{"type":null,"object":{${METADATA}}}`, /the unknown type \(not a string\)/],
    ['{"type":"ADDED","object":null}', /a line of type ADDED whose object has no metadata/],
    ['{"type":"MODIFIED","object":[]}', /a line of type MODIFIED whose object has no metadata/],
    ['{"type":"DELETED","object":{}}', /a line of type DELETED whose object has no metadata/],
    ['{"type":"DELETED","object":{}', /without an object/],
    [`{"type":"ADDED","object":${table}}`, /no metadata with name, uid and resourceVersion/],
    [`{"type":"ADDED","object":${list}}`, /no metadata with name, uid and resourceVersion/],
    ['{"type":"BOOKMARK","object":{"metadata":{}}}', /a BOOKMARK without a resourceVersion/],
    ['{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":""}}}', /a BOOKMARK without a resourceVersion/],
    ['{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":7}}}', /a BOOKMARK without a resourceVersion/],
    ['{"type":"BOOKMARK","object":{"metadata":null}}', /a BOOKMARK without a resourceVersion/],
    ['{"type":"BOOKMARK","object":{"items":[]}}', /a BOOKMARK without a resourceVersion/],
    ['{"type":"BOOKMARK","object":null}', /a BOOKMARK without a resourceVersion/],
    ['{"type":"BOOKMARK","object":7}', /a BOOKMARK without a resourceVersion/],
    ['{"type":"BOOKMARK","object":tru}', /a BOOKMARK without a resourceVersion/],
    ['{"type":"ERROR","object":{"code":}}', /an ERROR line that is not JSON/],
  ];
  for (const [line, sentence] of rows) {
    const found = read(line);
    assert.equal(found.is, 'malformed', line);
    assert.match(found.is === 'malformed' ? found.sentence : '', sentence);
  }
});

test('the sentence about a malformed line is short and safe to log, whatever the line holds', () => {
  const endless = 'x'.repeat(1_000_000);
  const lines = [
    `{"type":"${endless}","object":{}}`,
    '{"type":"a\\nb\\u001b[31m\\u009b\\u2028c","object":{}}',
    `{"type":"ADDED","object":{"a":"${endless}"}}`,
    '\u001b[31m\u009b31m\u2028',
    endless,
  ];
  for (const line of lines) {
    const found = read(line);
    const sentence = found.is === 'malformed' ? found.sentence : assert.fail();
    assert.ok(sentence.length < 600, `${sentence.length} characters`);
    assert.doesNotMatch(sentence, /[\p{Cc}\p{Zl}\p{Zp}]/u);
  }
});

test('no bytes make the reader throw', () => {
  const line = fc
    .tuple(anyObjectText(), anyDice())
    .map(([text, dice]) => Buffer.from(layOut({ type: 'ADDED', object: new Verbatim(text) }, dice)));
  const corruption = fc.tuple(fc.nat(), fc.uint8Array({ maxLength: 3 }), fc.nat(4));
  fc.assert(
    fc.property(
      fc.oneof(line, fc.constant(Buffer.from(`{"type":"ADDED","object":{${METADATA}}}`))),
      corruption,
      (bytes, [at, put, remove]) => {
        const start = at % (bytes.length + 1);
        const broken = Buffer.concat([bytes.subarray(0, start), put, bytes.subarray(start + remove)]);
        const found = readWatchLine(broken);
        if (found.is === 'object') assert.deepEqual(readHead(found.bytes), found.head);
        readWatchLine(bytes.subarray(0, start));
      },
    ),
    { numRuns: 500 },
  );
});
