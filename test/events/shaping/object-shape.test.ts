import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type FieldPath, parseFieldPath } from '../../../src/events/shaping/field-path.ts';
import { objectShape, type ShapeRules } from '../../../src/events/shaping/object-shape.ts';
import { reshape } from '../../../src/events/shaping/shape.ts';
import { anyCorruption, anyObjectText, LAST_APPLIED } from './any-object.ts';

type Json = Record<string, unknown>;

const NOTHING: ShapeRules = {
  dropManagedFields: false,
  dropLastApplied: false,
  fields: undefined,
  redaction: undefined,
};
const anyDrops = fc.record({ dropManagedFields: fc.boolean(), dropLastApplied: fc.boolean() });
const anyFields = fc.array(
  fc.array(fc.constantFrom('metadata', 'annotations', 'labels', 'spec', 'a', 'b', '__proto__'), {
    minLength: 1,
    maxLength: 3,
  }),
  { minLength: 1, maxLength: 3 },
);

function shaped(bytes: Buffer, rules: Partial<ShapeRules>): Buffer | undefined {
  const shape = objectShape({ ...NOTHING, ...rules });
  return shape === undefined ? bytes : reshape(bytes, shape, 'uid');
}

function textOf(text: string, rules: Partial<ShapeRules>): string | undefined {
  return shaped(Buffer.from(text), rules)?.toString();
}

/** What JSON.parse and delete would do. */
function dropped(text: string, rules: Pick<ShapeRules, 'dropManagedFields' | 'dropLastApplied'>): unknown {
  const object = JSON.parse(text) as Json;
  const metadata = own(object, 'metadata');
  if (isObject(metadata)) {
    if (rules.dropManagedFields) delete metadata['managedFields'];
    const annotations = own(metadata, 'annotations');
    if (rules.dropLastApplied && isObject(annotations)) delete annotations[LAST_APPLIED];
  }
  return object;
}

function projected(value: unknown, paths: readonly FieldPath[]): unknown {
  if (!isObject(value) || paths.some((path) => path.length === 0)) return value;
  const kept = {};
  for (const [key, inner] of Object.entries(value)) {
    const rests = paths.filter(([first]) => first === key).map(([, ...rest]) => rest);
    if (rests.length === 0) continue;
    const it = { value: projected(inner, rests), enumerable: true, configurable: true, writable: true };
    Object.defineProperty(kept, key, it);
  }
  return kept;
}

const NAMES = ['apiVersion', 'kind', ...['name', 'namespace', 'uid', 'resourceVersion'].map((it) => `metadata.${it}`)];

test('dropping cuts out what JSON.parse and delete would, in every layout, and nothing else', () => {
  fc.assert(
    fc.property(anyObjectText, anyDrops, (text, rules) => {
      const bytes = Buffer.from(text);
      const result = shaped(bytes, rules);
      assert.ok(result !== undefined);
      assert.deepEqual(JSON.parse(result.toString()), dropped(text, rules));
      assert.ok(isSubsequence(result, bytes));
    }),
    { numRuns: 300 },
  );
});

test('a projection keeps what its paths name, beside the names of the object, and drops with it', () => {
  fc.assert(
    fc.property(anyObjectText, anyFields, anyDrops, (text, fields, rules) => {
      const bytes = Buffer.from(text);
      const result = shaped(bytes, { ...rules, fields });
      assert.ok(result !== undefined);
      const names = NAMES.map((name) => name.split('.'));
      assert.deepEqual(JSON.parse(result.toString()), projected(dropped(text, rules), [...names, ...fields]));
      assert.ok(isSubsequence(result, bytes));
    }),
    { numRuns: 300 },
  );
});

test('bytes that are no JSON object make nothing throw, and never grow', () => {
  fc.assert(
    fc.property(anyCorruption(anyObjectText), anyDrops, fc.option(anyFields), (bytes, rules, fields) => {
      const result = shaped(bytes, { ...rules, ...(fields !== null && { fields }) });
      assert.ok(result === undefined || isSubsequence(result, bytes));
    }),
    { numRuns: 300 },
  );
});

test('the places of a member that is dropped', () => {
  const rows: [text: string, rest: string][] = [
    ['{"metadata":{"managedFields":[1]}}', '{"metadata":{}}'],
    ['{"metadata":{"managedFields":[1],"name":"a"}}', '{"metadata":{"name":"a"}}'],
    ['{"metadata":{"name":"a","managedFields":[1]},"spec":1.0}', '{"metadata":{"name":"a"},"spec":1.0}'],
    ['{"metadata":{"a":1 , "managedFields" : [1] , "b":2}}', '{"metadata":{"a":1 , "b":2}}'],
    ['{"metadata":{"managedFields":1,"managedFields":2,"a":3}}', '{"metadata":{"a":3}}'],
    ['{"metadata":{"a":3,"managedFields":1,"managedFields":2}}', '{"metadata":{"a":3}}'],
    ['{"metadata":{"managedFields":1,"a":3,"managedFields":2}}', '{"metadata":{"a":3}}'],
    ['{"metadata":{"managed\\u0046ields":1},"metadata":{"managedFields":2}}', '{"metadata":{},"metadata":{}}'],
    [
      '{"metadata":{"managedFields":2},"\\u006detadata":{"managed\\u0046ields":2}}',
      '{"metadata":{},"\\u006detadata":{}}',
    ],
    ['{"spec":{"managedFields":[1]},"managedFields":2}', '{"spec":{"managedFields":[1]},"managedFields":2}'],
    ['{"metadata":["managedFields"]}', '{"metadata":["managedFields"]}'],
    ['{"metadata":{"managedFields":"\u2028"},"n":9007199254740993}', '{"metadata":{},"n":9007199254740993}'],
    [' {"metadata":{}} ', ' {"metadata":{}} '],
  ];
  for (const [text, rest] of rows) assert.equal(textOf(text, { dropManagedFields: true }), rest, text);
});

test('an object that has nothing to be dropped is the very same bytes', () => {
  const bytes = Buffer.from('{"metadata":{"name":"a"}}');
  assert.equal(shaped(bytes, { dropManagedFields: true, dropLastApplied: true }), bytes);
  assert.equal(objectShape(NOTHING), undefined);
});

test('a path that meets no object on its way keeps what it meets', () => {
  const fields = [['spec', 'containers', 'name']];
  const text = '{"kind":"Pod","spec":{"containers":[{"name":"a","image":"b"}],"nodeName":"n"},"status":{}}';
  assert.equal(textOf(text, { fields }), '{"kind":"Pod","spec":{"containers":[{"name":"a","image":"b"}]}}');
});

test('what is dropped stays dropped when a path names it', () => {
  const text = '{"metadata":{"labels":{},"managedFields":[1],"name":"a"}}';
  const fields = [['metadata', 'managedFields']];
  assert.equal(textOf(text, { fields, dropManagedFields: true }), '{"metadata":{"name":"a"}}');
  assert.equal(textOf(text, { fields }), '{"metadata":{"managedFields":[1],"name":"a"}}');
});

test('depth and size cost time in proportion', () => {
  const deep = `${'{"metadata":['.repeat(100_000)}1${']}'.repeat(100_000)}`;
  assert.equal(textOf(deep, { dropManagedFields: true }), deep);
  const long = `{"metadata":{"managedFields":["${'\\"x'.repeat(1_400_000)}"]},"data":{"a":"${'\u2028'.repeat(1_400_000)}"}}`;
  assert.ok(Buffer.byteLength(long) > 8 * 1024 * 1024);
  const rest = textOf(long, { dropManagedFields: true, dropLastApplied: true });
  assert.equal(rest, long.replace(/"managedFields":\[[^\]]*\]/, ''));
  assert.equal(textOf(long.slice(0, -1), { fields: [['a']] }), undefined);
});

test('paths of fields', () => {
  const rows: [text: string, path: FieldPath | undefined][] = [
    ['spec', ['spec']],
    ['spec.replicas', ['spec', 'replicas']],
    ['metadata.annotations.example\\.com/owner', ['metadata', 'annotations', 'example.com/owner']],
    ['a\\\\b', ['a\\b']],
    ['data.é', ['data', 'é']],
    ['', undefined],
    ['.spec', undefined],
    ['spec.', undefined],
    ['spec..a', undefined],
    ['spec\\', undefined],
    [Array(32).fill('a').join('.'), Array(32).fill('a')],
    [Array(33).fill('a').join('.'), undefined],
  ];
  for (const [text, path] of rows) assert.deepEqual(parseFieldPath(text), path, text);
});

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(object: Json, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function isSubsequence(part: Buffer, whole: Buffer): boolean {
  let at = 0;
  for (const byte of whole) if (byte === part[at]) at++;
  return at === part.length;
}
