import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { decodeRecord, encodeRecord } from '../../src/checkpoint/record.ts';

const anyPosition = fc.record(
  {
    resourceVersion: fc.oneof(
      fc.maxSafeNat().map(String),
      fc.constantFrom('abc', '9'.repeat(30)),
      fc.string({ minLength: 1 }),
    ),
    epoch: fc.maxSafeNat(),
    complete: fc.boolean(),
  },
  { noNullPrototype: true },
);
const anyKey = fc.oneof(fc.stringMatching(/^[0-9a-f]{12}$/), fc.string(), fc.constant('__proto__'));

test('what is encoded is what is decoded', () => {
  const anyRecord = fc.record(
    {
      lease: fc.option(fc.uuid(), { nil: undefined }),
      positions: fc.array(fc.tuple(anyKey, anyPosition)).map((entries) => new Map(entries)),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(anyRecord, fc.option(fc.base64String(), { nil: undefined }), (record, delta) => {
      const whole = delta === undefined ? record : { ...record, delta };
      assert.deepEqual(decodeRecord(encodeRecord(whole).text), { is: 'record', record: whole });
    }),
  );
});

test('a program that knows no deltas refuses a record that has one, and uses one that has none', () => {
  const versionOf = (delta: string | undefined): unknown =>
    (JSON.parse(encodeRecord({ lease: 'u', positions: new Map(), delta }).text) as { version: unknown }).version;
  assert.deepEqual([versionOf(undefined), versionOf('AAAA')], [1, 2]);
});

test('a record of 1,000 streams takes a fifth of what the API server allows for annotations', () => {
  const position = { resourceVersion: '123456789', epoch: 1, complete: true };
  const positions = new Map(Array.from({ length: 1_000 }, (_, i) => [i.toString(16).padStart(12, '0'), position]));
  assert.ok(encodeRecord({ lease: 'a3bb189e-8bf9-3888-9912-ace4e6543002', positions }).text.length < 256 * 1_024 * 0.2);
});

test('no record is absent, and nothing else is', () => {
  assert.deepEqual(decodeRecord(undefined), { is: 'absent' });
  assert.equal(decodeRecord('').is, 'unusable');
});

test('a record that cannot be used says why, and never a position of it is used', () => {
  const positions = (entry: string): string => `{"version":1,"positions":{"good":["5",0,true],"bad":${entry}}}`;
  const rows: [text: string, why: RegExp][] = [
    ['', /it is not JSON/],
    ['{"version":1,"positions":{"a":["5"', /it is not JSON/],
    ['null', /it has no version/],
    ['7', /it has no version/],
    ['"{}"', /it has no version/],
    ['[]', /it has no version/],
    ['{}', /it has no version/],
    ['{"version":"1","positions":{}}', /it has no version/],
    ['{"version":0,"positions":{}}', /it has no version/],
    ['{"version":-1,"positions":{}}', /it has no version/],
    ['{"version":1.5,"positions":{}}', /it has no version/],
    ['{"version":3,"positions":{}}', /version 3, and this program understands up to 2; run a newer one/],
    ['{"version":7}', /version 7, and this program/],
    ['{"version":1}', /it has no positions/],
    ['{"version":1,"positions":null}', /it has no positions/],
    ['{"version":1,"positions":"all"}', /it has no positions/],
    [positions('null'), /the position of bad has no resourceVersion/],
    [positions('"6"'), /the position of bad has no resourceVersion/],
    [positions('[]'), /the position of bad has no resourceVersion/],
    [positions('[6,0]'), /the position of bad has no resourceVersion/],
    [positions('["",0]'), /the position of bad has no resourceVersion/],
    [positions('["6"]'), /the position of bad has no epoch/],
    [positions('["6","0"]'), /the position of bad has no epoch/],
    [positions('["6",-1]'), /the position of bad has no epoch/],
    [positions('["6",0.5]'), /the position of bad has no epoch/],
    [positions('["6",1e300]'), /the position of bad has no epoch/],
  ];
  for (const [text, why] of rows) {
    const read = decodeRecord(text);
    assert.ok(read.is === 'unusable', text);
    assert.match(read.sentence, /^The stored checkpoint cannot be used: .*\.$/, text);
    assert.match(read.sentence, why, text);
  }
});

test('a position that does not say that all objects are known is taken as one that does not know them', () => {
  for (const entry of ['["5",0]', '["5",0,false]', '["5",0,1]', '["5",0,"true"]']) {
    const read = decodeRecord(`{"version":1,"lease":7,"positions":{"a":${entry}}}`);
    const positions = new Map([['a', { resourceVersion: '5', epoch: 0, complete: false }]]);
    assert.deepEqual(read, { is: 'record', record: { lease: undefined, positions } }, entry);
  }
});

test('no text makes the decoder throw', () => {
  const anyText = fc.oneof(
    fc.string(),
    fc.json(),
    fc.object({ key: fc.constantFrom('version', 'positions', 'a') }).map((it) => JSON.stringify(it)),
  );
  fc.assert(
    fc.property(anyText, (text) => void decodeRecord(text)),
    { numRuns: 500 },
  );
});

test('positions that a Lease has no room for are left out, and how many is told', () => {
  const positions = new Map(
    Array.from({ length: 6_000 }, (_, i) => [
      i.toString(16).padStart(12, '0'),
      { resourceVersion: String(10 ** 9 + i), epoch: 0, complete: true },
    ]),
  );
  const shorter = encodeRecord({ lease: 'u', positions, delta: 'A'.repeat(16_384) });
  assert.ok(shorter.text.length < 215_000, `${shorter.text.length} characters with a delta`);
  const { text, left } = encodeRecord({ lease: 'u', positions });
  assert.ok(text.length < 215_000 && text.length > 200_000, `${text.length} characters`);
  const read = decodeRecord(text);
  assert.ok(read.is === 'record');
  assert.equal(read.record.positions.size + left, 6_000);
  assert.ok(read.record.positions.size > 4_000, 'those that came first are kept');
  assert.deepEqual([...read.record.positions], [...positions].slice(0, read.record.positions.size));
});
