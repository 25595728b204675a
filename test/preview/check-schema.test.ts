import assert from 'node:assert/strict';
import { test } from 'node:test';
import { schemaProblems } from '../../src/preview/check-schema.ts';
import { pathText } from '../../src/preview/problem.ts';
import type { Schema } from '../../src/preview/schema.ts';

const schema: Schema = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', description: 'What it is called.', minLength: 2, maxLength: 4 },
    mode: { type: 'string', enum: ['Reference', 'Resource'] },
    count: { type: 'integer', format: 'int32', minimum: 0 },
    most: { type: 'integer', maximum: 5 },
    share: { type: 'number' },
    on: { type: 'boolean' },
    size: { 'x-kubernetes-int-or-string': true, maxLength: 3 },
    names: { type: 'array', minItems: 1, maxItems: 2, 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    labels: { type: 'object', maxProperties: 1, additionalProperties: { type: 'string' } },
    nothing: { type: 'string', nullable: true },
  },
};

const CASES: readonly (readonly [what: string, value: unknown, problems: readonly string[]])[] = [
  ['a good value', { name: 'abc', nothing: null, size: 1, labels: { a: 'b' } }, []],
  ['a list for an object', [], ['expected an object of named fields; found []']],
  ['a field that is missing', {}, ['it.name: expected a value; found none. What it is called.']],
  [
    'a field of another name',
    { name: 'abc', Mode: 'Resource' },
    [
      'it.Mode: expected a field that it has; found "Mode". The nearest is mode; then most, name, on, size, count, names, share, labels, nothing',
    ],
  ],
  ['a number for a text', { name: 12 }, ['it.name: expected a text; found 12; write it in quotes']],
  [
    'a text for a number',
    { name: 'abc', count: '1' },
    ['it.count: expected a whole number; found "1"; write it without quotes'],
  ],
  ['a fraction', { name: 'abc', count: 1.5 }, ['it.count: expected a whole number; found 1.5']],
  ['a fraction for a number', { name: 'abc', share: 1.5 }, []],
  ['no list', { name: 'abc', names: 'a' }, ['it.names: expected a list; found "a"; begin each item with "- "']],
  [
    'null',
    { name: 'abc', on: null },
    ['it.on: expected true or false; found nothing; give it a value, or take it out'],
  ],
  [
    'another value than those of the enum',
    { name: 'abc', mode: 'resource' },
    ['it.mode: expected one of "Reference", "Resource"; found "resource"; write "Resource"'],
  ],
  ['a short text', { name: 'a' }, ['it.name: expected at least 2 characters; found "a"']],
  ['a long text', { name: 'abcde' }, ['it.name: expected at most 4 characters; found 5: "abcde"']],
  ['a text of 4 characters in 8 units', { name: '😀😀😀😀' }, []],
  ['a small number', { name: 'abc', count: -1 }, ['it.count: expected at least 0; found -1']],
  ['a large number', { name: 'abc', most: 6 }, ['it.most: expected at most 5; found 6']],
  [
    'a number of 33 bits',
    { name: 'abc', count: 2 ** 32 },
    ['it.count: expected a number of 32 bits; found 4294967296'],
  ],
  ['an integer or a text', { name: 'abc', size: true }, ['it.size: expected a text or a whole number; found true']],
  [
    'a long integer or text',
    { name: 'abc', size: '1234' },
    ['it.size: expected at most 3 characters; found 4: "1234"'],
  ],
  ['an empty list', { name: 'abc', names: [] }, ['it.names: expected at least 1 item; found 0']],
  ['a long list', { name: 'abc', names: ['a', 'b', 'c'] }, ['it.names: expected at most 2 items; found 3']],
  [
    'an item twice',
    { name: 'abc', names: ['a', 'a'] },
    ['it.names[1]: expected each item once; found "a" a second time; take it out'],
  ],
  ['a wrong item', { name: 'abc', names: [1] }, ['it.names[0]: expected a text; found 1; write it in quotes']],
  [
    'a wrong entry',
    { name: 'abc', labels: { 'a b': 1 } },
    ['it.labels[a b]: expected a text; found 1; write it in quotes'],
  ],
  ['many entries', { name: 'abc', labels: { a: 'a', b: 'b' } }, ['it.labels: expected at most 1 entry; found 2']],
  [
    'several problems',
    { mode: 'x', count: -1 },
    [
      'it.name: expected a value; found none. What it is called.',
      'it.mode: expected one of "Reference", "Resource"; found "x"',
      'it.count: expected at least 0; found -1',
    ],
  ],
];

for (const [what, value, problems] of CASES) {
  test(`the schema is held against ${what}`, () => {
    const found = schemaProblems(value, schema, ['it']).map(({ path, message }) =>
      path.length === 1 ? message : `${pathText(path)}: ${message}`,
    );
    assert.deepEqual(found, problems);
  });
}

test('what every JavaScript object inherits is no field', () => {
  const [problem] = schemaProblems(JSON.parse('{"name":"abc","constructor":1}'), schema, []);
  assert.deepEqual(problem?.path, ['constructor']);
});

test('a message shows neither passwords nor private keys', () => {
  const key = ['-----BEGIN', 'PRIVATE KEY-----\nMIIsecret\n'].join(' ');
  const [url, pem] = [{ name: 'http://me:secret@orders' }, { name: key }].map((value) =>
    schemaProblems(value, schema, []),
  );
  assert.match(url?.[0]?.message ?? '', /found 23: "http:\/\/\*\*\*@orders"/);
  assert.ok(!pem?.[0]?.message.includes('secret'));
});
