import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readOverrides } from '../../src/events/overrides.ts';

function read(extensions: unknown): ReturnType<typeof readOverrides> {
  return readOverrides(JSON.stringify({ extensions }));
}

test('extensions are taken with their names in lower case', () => {
  const rows: [text: string | undefined, overrides: Record<string, string>][] = [
    [undefined, {}],
    ['', {}],
    [' ', {}],
    ['null', {}],
    ['{}', {}],
    ['{"extensions":null}', {}],
    ['{"extensions":{}}', {}],
    ['{"extensions":{"cluster":"blue","namespace":"x"}}', { cluster: 'blue', namespace: 'x' }],
    ['{"extensions":{"Cluster":"blue"}}', { cluster: 'blue' }],
    ['{"extensions":{"a":""},"more":1}', { a: '' }],
    ['{"extensions":{"a":"é \\" % ☁"}}', { a: 'é " % ☁' }],
    ['{"extensions":{"constructor":"x"}}', { constructor: 'x' }],
  ];
  for (const [text, overrides] of rows) assert.deepEqual(readOverrides(text), { overrides, problems: [] }, text);
});

test('what would spoil every event is refused, all of it at once', () => {
  const nameless = 'has a name that CloudEvents does not allow; use letters and digits';
  const core = 'is an attribute of CloudEvents itself, which cannot be overridden; choose another name';
  const forbidden = 'MUST NOT contain control characters, surrogates or noncharacters, found U+';
  const rows: [extensions: object, name: string, problem: string][] = [
    [{ a_b: 'x' }, 'a_b', nameless],
    [{ '': 'x' }, '', nameless],
    [{ é: 'x' }, 'é', nameless],
    [{ 'a\r\nb': 'x' }, 'a\\r\\nb', nameless],
    [JSON.parse('{"__proto__":"x"}') as object, '__proto__', nameless],
    [{ id: 'x' }, 'id', core],
    [{ Source: 'x' }, 'Source', core],
    [{ data: 'x' }, 'data', core],
    [{ data_base64: 'x' }, 'data_base64', nameless],
    [{ specversion: '1.0' }, 'specversion', core],
    [{ datacontenttype: 'x' }, 'datacontenttype', core],
    [{ a: 5 }, 'a', 'must be a text: found 5'],
    [{ a: null }, 'a', 'must be a text: found null'],
    [{ a: { b: 'http://u:secret@h' } }, 'a', 'must be a text: found {"b":"***@h"}'],
    [{ a: 'x\r\nce-id: 2' }, 'a', `${forbidden}000D`],
    [{ a: '\u0085' }, 'a', `${forbidden}0085`],
    [{ a: '\ud800' }, 'a', `${forbidden}D800`],
    [{ a: 'x'.repeat(4_097) }, 'a', 'has 4097 characters; at most 4096 can be sent with every event'],
  ];
  for (const [extensions, name, problem] of rows) {
    assert.deepEqual(read(extensions).problems, [`K_CE_OVERRIDES: the extension "${name}" ${problem}.`]);
  }
  const together = read({ a_b: 'x', id: 'x', a: 5, b: '\n', cluster: 'blue' });
  assert.equal(together.problems.length, 4);
});

test('what is no set of extensions is refused', () => {
  const wanted = 'it must be an object of texts, such as {"extensions":{"cluster":"blue"}}';
  for (const [text, found] of [
    ['5', '5'],
    ['"x"', '"x"'],
    ['[]', '[]'],
    ['{"extensions":[]}', '{"extensions":[]}'],
    ['{"extensions":"a"}', '{"extensions":"a"}'],
    ['false', 'false'],
  ]) {
    const problem = `K_CE_OVERRIDES is no set of extensions: found ${found}; ${wanted}.`;
    assert.deepEqual(readOverrides(text), { overrides: {}, problems: [problem] });
  }
  for (const text of ['{', '{"extensions":{"a":"x",}}', '\ufeff{}', 'extensions', '{}{}']) {
    const { problems } = readOverrides(text);
    assert.match(problems.join(), /^K_CE_OVERRIDES is not JSON: .*; it must be an object of texts/, text);
  }
});

test('a problem never shows a password', () => {
  const texts = [
    '{"extensions":"http://u:secret@h"}',
    '{"a":"http://u:secret@h"x',
    'http://u:secret@h',
    '"u:secret@h"',
  ];
  for (const text of texts) assert.doesNotMatch(readOverrides(text).problems.join(), /secret/, text);
});

test('a text of a hundred thousand levels is refused like any other', () => {
  const { problems } = readOverrides('['.repeat(100_000) + ']'.repeat(100_000));
  assert.match(problems.join(), /^K_CE_OVERRIDES is no set of extensions: found something nested too deeply to show;/);
});

test('no text makes it throw, and what it gives can be sent', () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue());
  const name = fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom('a', 'B', '__proto__', 'toString', 'id'));
  const text = fc.oneof(
    fc.string(),
    fc.dictionary(name, value).map((extensions) => JSON.stringify({ extensions })),
  );
  fc.assert(
    fc.property(text, (it) => {
      const { overrides } = readOverrides(it);
      for (const [key, extension] of Object.entries(overrides)) {
        assert.match(key, /^[a-z0-9]+$/);
        assert.doesNotMatch(extension, /\p{Cc}/u);
      }
    }),
  );
});
