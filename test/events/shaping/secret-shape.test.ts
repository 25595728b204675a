import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createDigest } from '../../../src/events/shaping/digest.ts';
import type { FieldPath } from '../../../src/events/shaping/field-path.ts';
import { objectShape } from '../../../src/events/shaping/object-shape.ts';
import { tellsSecret } from '../../../src/events/shaping/secret-shape.ts';
import { reshape } from '../../../src/events/shaping/shape.ts';
import { anyDice, anyJson, layOut } from '../../support/json-text.ts';
import { LAST_APPLIED } from './any-object.ts';

const KEY = 'k'.repeat(32);
const CANARY = 'Q0FOQVJZ';

function redacted(text: string, uid = 'u1', key: string | null = KEY, fields?: FieldPath[]): string | undefined {
  const redaction = createDigest(key ?? undefined, 'shop/web');
  const shape = objectShape({ dropManagedFields: false, dropLastApplied: false, fields, redaction });
  return shape && reshape(Buffer.from(text), shape, uid)?.toString();
}

function parsed(text: string | undefined): { data: Record<string, string>; metadata: Record<string, unknown> } {
  return JSON.parse(text ?? '') as ReturnType<typeof parsed>;
}

const secret = (data: object, annotations: object = {}): string =>
  JSON.stringify({ kind: 'Secret', apiVersion: 'v1', metadata: { name: 'a', annotations }, data, type: 'Opaque' });

test('a value changes its digest, and nothing but itself does', () => {
  const [one, same, other] = ['YQ==', 'YQ==', 'Yg=='].map((value) => parsed(redacted(secret({ p: value }))).data['p']);
  assert.equal(one, same);
  assert.notEqual(one, other);
  assert.match(Buffer.from(one ?? '', 'base64').toString(), /^redacted:hmac-sha256:[0-9a-f]{32}$/);
});

test('equal values have different digests under another key, name, object or source', () => {
  const digest = createDigest(KEY, 'a');
  const value = Buffer.from('"YQ=="');
  const all = [
    digest('u1', 'p', value),
    digest('u2', 'p', value),
    digest('u1', 'q', value),
    createDigest(KEY, 'b')('u1', 'p', value),
    createDigest('x'.repeat(32), 'a')('u1', 'p', value),
  ];
  assert.equal(new Set(all).size, all.length);
});

test('without a key every value is the same text, since anybody could compute another digest', () => {
  const { data } = parsed(redacted(secret({ p: 'YQ==', q: 'Yg==' }), 'u1', null));
  assert.deepEqual(data, { p: 'cmVkYWN0ZWQ=', q: 'cmVkYWN0ZWQ=' });
  assert.equal(Buffer.from(data['p'] ?? '', 'base64').toString(), 'redacted');
});

test('what is no secret of a Secret stays', () => {
  const text = secret({}, { 'cert-manager.io/common-name': 'shop', 'kubernetes.io/service-account.name': 'web' });
  assert.equal(redacted(text), text);
});

test('the values of data in no place and no layout come through, nor what has their place', () => {
  const anyData = fc.dictionary(fc.constantFrom('password', '__proto__', 'type', 'é', ''), anyCanary(), { maxKeys: 4 });
  const anySecret = fc.record(
    {
      kind: fc.constant('Secret'),
      data: fc.oneof(anyData, anyCanary()),
      stringData: fc.oneof(anyData, anyCanary()),
      binaryData: fc.oneof(anyData, anyCanary()),
      type: fc.oneof(fc.constant('Opaque'), fc.array(fc.constant(CANARY), { minLength: 1 })),
      metadata: fc.record({
        name: fc.constant('a'),
        annotations: fc.oneof(
          fc.record({
            [LAST_APPLIED]: fc.constant(`x${CANARY}`),
            'openshift.io/token-secret.value': fc.constant(CANARY),
          }),
          fc.record({ unknown: fc.constant(`{"data":{"p":"${CANARY}"}}`) }),
          fc.record({ unknown: anyCanary().filter((it) => typeof it !== 'string') }),
          fc.array(fc.constant(CANARY), { minLength: 1 }),
          fc.constant(CANARY),
        ),
      }),
    },
    { requiredKeys: [] },
  );
  const anyFields = fc.option(
    fc.array(
      fc.oneof(
        fc.array(fc.constantFrom('data', 'stringData', 'password', 'type'), { minLength: 1, maxLength: 3 }),
        fc.constantFrom(['metadata'], ['metadata', 'annotations'], ['metadata', 'annotations', LAST_APPLIED]),
        fc.constant(['metadata', 'annotations', 'unknown', 'data']),
      ),
      { minLength: 1, maxLength: 3 },
    ),
    { nil: undefined },
  );
  fc.assert(
    fc.property(anySecret, anyFields, anyDice(), (value, fields, dice) => {
      const result = redacted(layOut(value, dice), 'u1', KEY, fields) ?? '';
      const told: unknown = JSON.parse(result);
      assert.ok(!JSON.stringify(told).includes(CANARY), result);
      if (fields === undefined) assert.deepEqual(Object.keys(told as object).sort(), Object.keys(value).sort());
    }),
    { numRuns: 500 },
  );
});

test('a name that comes twice is redacted twice', () => {
  const twice = `"data":{"p":"${CANARY}","p":"${CANARY}"},"d\\u0061ta":{"p":"${CANARY}"}`;
  const result = redacted(`{"metadata":{},"metadata":["${CANARY}"],${twice},"data":null}`);
  assert.ok(result !== undefined && !result.includes(CANARY), result);
  assert.match(result, /"data":null\}$/);
});

test('annotations that can hold a copy of a Secret or a token', () => {
  const rows: [name: string, value: string, tells: boolean][] = [
    [LAST_APPLIED, '', true],
    ['openshift.io/token-secret.value', 'x', true],
    ['kapp.k14s.io/original', 'x', true],
    ['objectset.rio.cattle.io/applied', 'x', true],
    ['example.com/last-applied-config', 'x', true],
    ['example.com/API-Token', 'x', true],
    ['example.com/password', 'x', true],
    ['example.com/state', ' {"data":{}}', true],
    ['example.com/state', '["x"]', true],
    ['example.com/state', 'eyJhbGciOi', true],
    ['example.com/state', 'H4sIAAAA', true],
    ['example.com/team', 'shop', false],
    ['kubernetes.io/service-account.uid', '0c11', false],
  ];
  for (const [name, value, tells] of rows) assert.equal(tellsSecret(name, value), tells, name);
});

/** A value with the canary somewhere in it. */
function anyCanary(): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.constant(CANARY),
    anyJson().map((it) => [it, CANARY]),
    anyJson().map((it) => ({ it, nested: { data: CANARY } })),
  );
}
