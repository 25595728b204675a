import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { indentJson } from '../../src/display/indent-json.ts';

function indent(json: string): string | undefined {
  return indentJson(Buffer.from(json, 'latin1'))?.toString('latin1');
}

const cases: readonly (readonly [why: string, json: string, laidOut: string | undefined])[] = [
  ['empty containers stay closed', ' {"a":[ ],"b":{\n}} ', '{\n    "a": [],\n    "b": {}\n  } '],
  [
    'tokens are kept',
    '[1e3,12345678901234567890,1.0,-0,"\\u00e9\\/"]',
    '[\n    1e3,\n    12345678901234567890,\n    1.0,\n    -0,\n    "\\u00e9\\/"\n  ]',
  ],
  [
    'keys keep their order and may repeat',
    '{"b":1,"2":2,"1":3,"b":4}',
    '{\n    "b": 1,\n    "2": 2,\n    "1": 3,\n    "b": 4\n  }',
  ],
  ['punctuation in a string is text', '["{[,:]}\\""]', '[\n    "{[,:]}\\""\n  ]'],
  ['white space after the value is kept', '5 \n\t', '5 \n\t'],
  ['bytes that are not UTF-8 are kept', '["\xff\xc3"]', '[\n    "\xff\xc3"\n  ]'],
  ['a bracket too few', '[1', undefined],
  ['two values', '1 2', undefined],
  ['a comma too many', '[1,]', undefined],
  ['nothing', ' ', undefined],
  ['a byte order mark', '\xef\xbb\xbf{}', undefined],
];

for (const [why, json, laidOut] of cases) {
  test(`${why}: ${JSON.stringify(json)}`, () => {
    assert.equal(indent(json), laidOut);
  });
}

test('the layout is that of JSON.stringify with two spaces, moved in by two', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 1, 4, '\t'), (value, space) => {
      const json = Buffer.from(JSON.stringify(value, null, space));
      const expected = JSON.stringify(JSON.parse(json.toString()), null, 2).replaceAll('\n', '\n  ');
      assert.equal(indentJson(json)?.toString(), expected);
    }),
  );
});

test('what is valid after laying out is what was valid before, and means the same', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '1',
    '-',
    '.5',
    'e1',
    'true',
    'nul',
    ' ',
    '\n',
    '\\',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const json = pieces.join('');
      const laidOut = indent(json);
      if (laidOut === undefined) assert.throws(() => JSON.parse(json));
      else assert.deepEqual(JSON.parse(laidOut), JSON.parse(json));
    }),
    { numRuns: 1000 },
  );
});

test('depth by itself is no limit', () => {
  const levels = 2_000;
  const laidOut = indent('['.repeat(levels) + ']'.repeat(levels)) ?? '';
  assert.equal(laidOut.split('\n').length, 2 * levels - 1);
});

test('a document that would grow beyond 64 MiB is not laid out', () => {
  const deep = `${'['.repeat(5_000)}${'1,'.repeat(10_000)}1${']'.repeat(5_000)}`;
  assert.equal(indent(deep), undefined);
});
