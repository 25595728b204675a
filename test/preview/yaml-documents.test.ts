import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readYaml } from '../../src/preview/yaml-documents.ts';

const TEXT = `# a comment
a: 1
list:
  - x: one
    w: {z: two}
  - &anchor
    x: three
same: *anchor
empty:
---
second: yes
`;

test('documents of a file are read, and where things stand in them', () => {
  const { documents, problems } = readYaml(TEXT);
  assert.deepEqual(problems, []);
  const [first, second] = documents;
  assert.deepEqual(first?.value, {
    a: 1,
    list: [{ x: 'one', w: { z: 'two' } }, { x: 'three' }],
    same: { x: 'three' },
    empty: null,
  });
  assert.deepEqual(second?.value, { second: true });
  const at = (path: readonly (string | number)[], where: 'key' | 'value'): string => {
    const { line, column } = first?.place(path, where) ?? { line: 0, column: 0 };
    return `${line}:${column}`;
  };
  assert.equal(at(['a'], 'key'), '2:1');
  assert.equal(at(['a'], 'value'), '2:4');
  assert.equal(at(['list', 0, 'x'], 'value'), '4:8');
  assert.equal(at(['list', 0, 'w', 'z'], 'key'), '5:9');
  assert.equal(at(['list', 1, 'x'], 'value'), '7:8');
  // Inside an alias is where the anchor is.
  assert.equal(at(['same', 'x'], 'value'), '7:8');
  // What is missing stands where what should have it stands.
  assert.equal(at(['list', 0, 'missing'], 'key'), '4:5');
  assert.equal(at(['missing', 'deep'], 'key'), '2:1');
  assert.deepEqual(second?.place(['second'], 'value'), { line: 11, column: 9 });
});

test('YAML is what kubectl takes it for', () => {
  const read = (text: string): unknown => readYaml(text).documents[0]?.value;
  assert.deepEqual(read('[yes, on, no, off, y, n, true]'), [true, true, false, false, true, false, true]);
  assert.deepEqual(read('[12:30, 1:30:00, 2020-01-01, "yes", ~, 1.0, 1e3]'), [
    '12:30',
    '1:30:00',
    '2020-01-01',
    'yes',
    null,
    1,
    1000,
  ]);
  assert.deepEqual(read('a: &x {b: 1}\nc: {<<: *x, d: 2}'), { a: { b: 1 }, c: { b: 1, d: 2 } });
  assert.deepEqual(read('{"a": [1, "b"]}'), { a: [1, 'b'] });
});

const WRONG: readonly (readonly [what: string, text: string, line: number, says: RegExp])[] = [
  ['two values on a line', 'a: 1\nb: c: d', 2, /Nested mappings/],
  ['a key twice', 'a: 1\nb: 2\na: 3', 3, /unique/],
  ['a quote that does not end', 'a: "b', 1, /quote/],
  ['a tab for indentation', 'a:\n\tb: 1', 2, /[Tt]ab/],
  ['an alias without anchor', 'a: *b', 1, /alias/i],
];

for (const [what, text, line, says] of WRONG) {
  test(`what is no YAML is told with its line: ${what}`, () => {
    const { documents, problems } = readYaml(text);
    assert.deepEqual(documents, []);
    assert.equal(problems[0]?.line, line);
    assert.match(problems[0]?.message ?? '', says);
    assert.ok(!problems[0]?.message.includes('\n'));
  });
}

test('aliases that make a billion of ten are refused', () => {
  const level = (name: string, of: string): string => `${name}: &${name} [${Array(9).fill(`*${of}`).join(', ')}]\n`;
  const text = `a: &a [x]\n${level('b', 'a')}${level('c', 'b')}${level('d', 'c')}${level('e', 'd')}${level('f', 'e')}`;
  const { documents, problems } = readYaml(text);
  assert.deepEqual(documents, []);
  assert.match(problems[0]?.message ?? '', /alias/i);
});

test('one document that is no YAML does not hide the others', () => {
  const { documents, problems } = readYaml('a: 1\n---\nb: c: d\n---\ne: 2\n');
  assert.deepEqual(
    documents.map(({ value }) => value),
    [{ a: 1 }, { e: 2 }],
  );
  assert.equal(problems.length, 1);
});
