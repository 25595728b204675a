import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Result, compileCesql } from '../../../src/events/cesql/cesql.ts';
import type { ErrorKind, Value } from '../../../src/events/cesql/value.ts';
import type { CloudEvent } from '../../../src/events/cloud-event.ts';

type Row = readonly [expression: string, value: Value, error?: ErrorKind];

const EVENT: CloudEvent = {
  id: 'e-1',
  source: 'https://10.96.0.1:443',
  type: 'dev.knative.apiserver.resource.update',
  subject: '/apis/v1/namespaces/shop/pods/web-0',
  time: '2026-03-01T12:00:00Z',
  datacontenttype: 'application/json',
  extensions: {
    kind: 'Pod',
    namespace: '',
    resourceversion: '4711',
    recovered: true,
    attempts: 3,
    ratio: 0.5,
    big: 2 ** 40,
  },
};

function evaluated(expression: string): Result {
  const compiled = compileCesql(expression);
  assert.ok(compiled.is === 'compiled', `${expression}: ${compiled.is === 'wrong' ? compiled.sentence : ''}`);
  return compiled.evaluate(EVENT);
}

function check(rows: readonly Row[]): void {
  for (const [expression, value, error] of rows) {
    const result = evaluated(expression);
    assert.deepEqual([result.value, result.error?.kind], [value, error], expression);
  }
}

test('a literal is its value', () => {
  check([
    ['true', true],
    ['fAlSe', false],
    ['0', 0],
    ['-0', 0],
    ['+7', 7],
    ['007', 7],
    ['2147483647', 2147483647],
    ['-2147483648', -2147483648],
    [`'one'`, 'one'],
    [`"two"`, 'two'],
    [`''`, ''],
    [`'it\\'s'`, `it's`],
    [`"say \\"hi\\""`, 'say "hi"'],
    [`'a\\"b'`, 'a\\"b'],
    [`'back\\\\slash'`, 'back\\\\slash'],
    [`'tab\\t'`, 'tab\\t'],
    [`'line\nbreak 漢😀'`, 'line\nbreak 漢😀'],
    [`'TRUE'`, 'TRUE'],
  ]);
});

test('an attribute is its value in the event, of its own type', () => {
  check([
    ['specversion', '1.0'],
    ['id', 'e-1'],
    ['source', 'https://10.96.0.1:443'],
    ['type', 'dev.knative.apiserver.resource.update'],
    ['subject', '/apis/v1/namespaces/shop/pods/web-0'],
    ['time', '2026-03-01T12:00:00Z'],
    ['datacontenttype', 'application/json'],
    ['kind', 'Pod'],
    ['KiNd', 'Pod'],
    ['namespace', ''],
    ['recovered', true],
    ['attempts', 3],
    // CESQL has no such numbers, so they are text.
    ['ratio', '0.5'],
    ['big', '1099511627776'],
  ]);
});

test('a missing attribute is an error, and the operation around it yields the zero of its type', () => {
  check([
    ['dataschema', false, 'missingAttribute'],
    ['constructor', false, 'missingAttribute'],
    ['data', false, 'missingAttribute'],
    ['missing = 1', false, 'missingAttribute'],
    ['1 != missing', false, 'missingAttribute'],
    ['missing < 1', false, 'missingAttribute'],
    ['1 >= missing', false, 'missingAttribute'],
    ['missing + 1', 0, 'missingAttribute'],
    ['1 / missing', 0, 'missingAttribute'],
    [`'abc' * missing`, 0, 'missingAttribute'],
    ['-missing', 0, 'missingAttribute'],
    ['NOT missing', false, 'missingAttribute'],
    ['missing AND true', false, 'missingAttribute'],
    ['true AND missing', false, 'missingAttribute'],
    ['true XOR missing', false, 'missingAttribute'],
    [`missing LIKE '%'`, false, 'missingAttribute'],
    [`missing NOT LIKE '%'`, false, 'missingAttribute'],
    ['missing IN (1)', false, 'missingAttribute'],
    ['1 NOT IN (2, missing)', false, 'missingAttribute'],
    ['LENGTH(missing)', 0, 'missingAttribute'],
    [`CONCAT('a', missing)`, '', 'missingAttribute'],
    ['IS_INT(missing)', false, 'missingAttribute'],
  ]);
});

test('EXISTS tells whether the event has the attribute, whatever its value', () => {
  check([
    ['EXISTS id', true],
    ['exists SUBJECT', true],
    ['EXISTS dataschema', false],
    ['EXISTS namespace', true],
    ['EXISTS recovered', true],
    ['EXISTS constructor', false],
    ['NOT EXISTS dataschema', true],
    ['EXISTS missing OR EXISTS kind', true],
  ]);
});

test('arithmetic is of 32 bits, and an error beyond them', () => {
  check([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['10 - 4 - 3', 3],
    ['100 / 10 / 5', 2],
    ['4-1', 3],
    ['4 -1', 3],
    ['4 - -1', 5],
    ['4+1', 5],
    ['--4', 4],
    ['- 4', -4],
    ['-(4)', -4],
    ['7 / 2', 3],
    ['-7 / 2', -3],
    ['7 % 3', 1],
    ['-7 % 3', -1],
    ['7 % -3', 1],
    ['-4 % 2', 0],
    ['0 * -5', 0],
    ['-1 / 2', 0],
    ['-FALSE', 0],
    [`'5' + TRUE`, 6],
    ['attempts + resourceversion', 4714],
    ['1 / 0', 0, 'math'],
    ['1 % 0', 0, 'math'],
    ['2147483647 + 1', 0, 'math'],
    ['-2147483648 - 1', 0, 'math'],
    ['65536 * 65536', 0, 'math'],
    ['-2147483648 / -1', 0, 'math'],
    ['-2147483648 % -1', 0],
    ['-(-2147483648)', 0, 'math'],
    ['2147483647 + 1 - 1', 0, 'math'],
    [`1 + 'one'`, 0, 'cast'],
    [`'one' + 1 / 0`, 0, 'math'],
    [`-'one'`, 0, 'cast'],
  ]);
});

test('a comparison by order is of integers', () => {
  check([
    ['1 < 2', true],
    ['2 < 2', false],
    ['2 <= 2', true],
    ['3 <= 2', false],
    ['3 > 2', true],
    ['2 > 2', false],
    ['2 >= 2', true],
    ['1 >= 2', false],
    ['-1 < FALSE', true],
    [`'10' > '9'`, true],
    ['resourceversion > 4710', true],
    [`'a' < 'b'`, false, 'cast'],
    [`1 >= ''`, false, 'cast'],
    ['3 > 2 > 1', false],
  ]);
});

test('equality casts its left side to the type of its right one', () => {
  check([
    [`kind = 'Pod'`, true],
    [`kind = 'pod'`, false],
    [`kind <> 'pod'`, true],
    [`kind != 'Pod'`, false],
    [`namespace = ''`, true],
    ['resourceversion = 4711', true],
    [`attempts = '3'`, true],
    [`attempts = '03'`, false],
    [`'03' = attempts`, true],
    ['attempts = TRUE', true],
    ['TRUE = attempts', false],
    [`recovered = 'true'`, true],
    [`recovered = 'TRUE'`, false],
    [`'TRUE' = recovered`, true],
    ['kind = 1', false, 'cast'],
    ['kind != 1', false, 'cast'],
    ['kind = true', false, 'cast'],
    ['1 = kind', false],
    ['1 = 1 = true', true],
  ]);
});

test('logic stops at the operand that decides', () => {
  check([
    ['true AND true', true],
    ['true AND false', false],
    ['false OR true', true],
    ['false OR false', false],
    ['true XOR true', false],
    ['true XOR false', true],
    ['false XOR false', false],
    [`'true' AND 1`, true],
    ['0 OR 2', true],
    ['false AND missing', false],
    ['false AND 1 / 0', false],
    ['true OR missing', true],
    ['false OR missing', false, 'missingAttribute'],
    ['true XOR missing OR true', false, 'missingAttribute'],
    [`'yes' OR true`, false, 'cast'],
    ['NOT true', false],
    ['NOT NOT true', true],
    [`NOT 'FALSE'`, true],
    ['NOT 0', true],
    ['NOT 1', false],
    ['NOT 2', true, 'cast'],
    [`NOT 'no'`, false, 'cast'],
  ]);
});

test('AND, OR and XOR bind equally, and from the right', () => {
  const truths = [true, false];
  const operators: Readonly<Record<string, (x: boolean, y: boolean) => boolean>> = {
    AND: (x, y) => x && y,
    OR: (x, y) => x || y,
    XOR: (x, y) => x !== y,
  };
  for (const [first, one] of Object.entries(operators)) {
    for (const [second, other] of Object.entries(operators)) {
      for (const a of truths) {
        for (const b of truths) {
          for (const c of truths) {
            check([[`${a} ${first} ${b} ${second} ${c}`, one(a, other(b, c))]]);
          }
        }
      }
    }
  }
});

test('IN casts its elements to the type of its left side, until one is equal', () => {
  check([
    [`kind IN ('Node', 'Pod')`, true],
    [`kind IN ('node', 'pod')`, false],
    [`kind NOT IN ('Node')`, true],
    [`kind NOT IN ('Pod')`, false],
    ['attempts IN (1 + 1, 1 + 2)', true],
    [`attempts IN ('3')`, true],
    [`'3' IN (attempts)`, true],
    [`TRUE IN ('TRUE')`, true],
    [`'TRUE' IN (TRUE)`, false],
    [`1 IN (1, 'one', missing)`, true],
    [`1 IN ('one', 1)`, false, 'cast'],
    [`1 NOT IN ('one')`, false, 'cast'],
    ['1 IN (1 / 0)', false, 'math'],
    [`1 + 1 IN (2)`, 1],
    [`(1 + 1) IN (2)`, true],
  ]);
});

test('LIKE looks at the text of any value', () => {
  check([
    [`type LIKE '%.update'`, true],
    [`type NOT LIKE '%.update'`, false],
    [`subject LIKE '/apis/%/pods/web-_'`, true],
    [`kind LIKE 'pod'`, false],
    [`attempts LIKE '_'`, true],
    [`recovered LIKE 'tr%'`, true],
    [`NOT TRUE LIKE 'f%'`, true],
  ]);
});

test('casting functions cast as the table of the specification says', () => {
  check([
    [`INT('12')`, 12],
    [`INT('+12')`, 12],
    [`INT('-0')`, 0],
    [`INT('0012')`, 12],
    [`INT('2147483647')`, 2147483647],
    [`INT('-2147483648')`, -2147483648],
    ['INT(TRUE)', 1],
    ['INT(FALSE)', 0],
    [`INT('')`, 0, 'cast'],
    [`INT('+')`, 0, 'cast'],
    [`INT(' 1')`, 0, 'cast'],
    [`INT('1.0')`, 0, 'cast'],
    [`INT('1e3')`, 0, 'cast'],
    [`INT('0x10')`, 0, 'cast'],
    [`INT('٣')`, 0, 'cast'],
    [`INT('2147483648')`, 0, 'cast'],
    [`INT('-2147483649')`, 0, 'cast'],
    [`BOOL('tRue')`, true],
    [`BOOL('FALSE')`, false],
    ['BOOL(0)', false],
    ['BOOL(-3)', true],
    [`BOOL('yes')`, false, 'cast'],
    [`BOOL('1')`, false, 'cast'],
    [`BOOL('')`, false, 'cast'],
    ['STRING(TRUE)', 'true'],
    ['STRING(FALSE)', 'false'],
    ['STRING(-007)', '-7'],
    ['STRING(0 * -1)', '0'],
    [`STRING('x')`, 'x'],
    [`IS_INT('12')`, true],
    [`IS_INT('twelve')`, false],
    ['IS_INT(TRUE)', true],
    ['IS_INT(3)', true],
    [`IS_BOOL('True')`, true],
    [`IS_BOOL('12')`, false],
    ['IS_BOOL(12)', true],
    ['IS_BOOL(FALSE)', true],
  ]);
});

test('functions of text count characters of Unicode, not halves of them', () => {
  check([
    [`LENGTH('')`, 0],
    [`LENGTH('héllo')`, 5],
    [`LENGTH('😀a😀')`, 3],
    ['LENGTH(-12)', 3],
    ['LENGTH(TRUE)', 4],
    [`LEFT('abc', 2)`, 'ab'],
    [`LEFT('abc', 0)`, ''],
    [`LEFT('abc', 9)`, 'abc'],
    [`LEFT('😀a😀', 1)`, '😀'],
    [`LEFT(12345, '2')`, '12'],
    [`LEFT('abc', -1)`, 'abc', 'functionEvaluation'],
    [`LEFT('abc', 'x')`, '', 'cast'],
    [`RIGHT('abc', 2)`, 'bc'],
    [`RIGHT('abc', 0)`, ''],
    [`RIGHT('abc', 9)`, 'abc'],
    [`RIGHT('a😀', 1)`, '😀'],
    [`RIGHT('abc', -1)`, 'abc', 'functionEvaluation'],
    [`SUBSTRING('abcdef', 1)`, 'abcdef'],
    [`SUBSTRING('abcdef', 6)`, 'f'],
    [`SUBSTRING('abcdef', -2)`, 'ef'],
    [`SUBSTRING('abcdef', 0)`, ''],
    [`SUBSTRING('', 0)`, ''],
    [`SUBSTRING('abcdef', 7)`, '', 'functionEvaluation'],
    [`SUBSTRING('abcdef', -7)`, '', 'functionEvaluation'],
    [`SUBSTRING('', 1)`, '', 'functionEvaluation'],
    [`SUBSTRING('abcdef', 2, 3)`, 'bcd'],
    [`SUBSTRING('abcdef', -3, 2)`, 'de'],
    [`SUBSTRING('abcdef', 5, 9)`, 'ef'],
    [`SUBSTRING('abcdef', 2, 0)`, ''],
    [`SUBSTRING('abcdef', 2, 2147483647)`, 'bcdef'],
    [`SUBSTRING('abcdef', 2, -1)`, '', 'functionEvaluation'],
    [`SUBSTRING('abcdef', 9, 1)`, '', 'functionEvaluation'],
    [`SUBSTRING('a😀b', 2, 1)`, '😀'],
  ]);
});

test('other functions of text do what they say', () => {
  check([
    ['CONCAT()', ''],
    [`CONCAT('a', 1, TRUE)`, 'a1true'],
    [`CONCAT_WS('-', 'a', 'b', 3)`, 'a-b-3'],
    [`CONCAT_WS('-')`, ''],
    [`CONCAT_WS('', 'a', 'b')`, 'ab'],
    ['CONCAT_WS()', false, 'missingFunction'],
    [`LOWER('ÄbC')`, 'äbc'],
    [`UPPER('äBc')`, 'ÄBC'],
    [`TRIM(' \t\n\u0085\u00a0\u2003\u3000a b\u2028 ')`, 'a b'],
    [`TRIM('\u200ba\ufeff')`, '\u200ba\ufeff'],
    [`TRIM('\u0000 a')`, '\u0000 a'],
    [`TRIM('   ')`, ''],
    [`lower(Upper('x'))`, 'x'],
    ['ABS(-5)', 5],
    ['ABS(5)', 5],
    ['ABS(0)', 0],
    [`ABS('-5')`, 5],
    ['ABS(-2147483648)', 2147483647, 'math'],
    ['ABS(-2147483648) + 1', 0, 'math'],
    ['NOPE()', false, 'missingFunction'],
    ['ABS()', false, 'missingFunction'],
    ['ABS(1, 2)', false, 'missingFunction'],
    [`SUBSTRING('abc')`, false, 'missingFunction'],
    ['CONSTRUCTOR()', false, 'missingFunction'],
    ['1 + NOPE()', 0, 'missingFunction'],
    ['true OR NOPE()', true],
  ]);
});

test('an error says what was wrong', () => {
  const rows: readonly [string, string][] = [
    ['missing', 'the event has no attribute missing'],
    ['kind > 1', '"Pod" is no integer of 32 bits'],
    ['NOT kind', '"Pod" is neither true nor false'],
    ['5 / 0', '5 / 0 has no result'],
    ['2147483647 * 2', 'the result 4294967294 is no integer of 32 bits'],
    ['NOPE(1)', 'there is no function NOPE of 1 arguments'],
    [`LEFT('a', -1)`, 'LEFT takes no negative number of characters, found -1'],
    [`SUBSTRING('a', 3)`, 'SUBSTRING has no character 3 in a text of 1'],
    [`INT(CONCAT('\n', '${'x'.repeat(100)}'))`, `"\\n${'x'.repeat(62)}…" is no integer of 32 bits`],
  ];
  for (const [expression, sentence] of rows) assert.equal(evaluated(expression).error?.sentence, sentence);
});

test('what an expression yields is known before there is an event, but for attributes', () => {
  const rows: readonly [string, string][] = [
    ['kind', 'Any'],
    ['(kind)', 'Any'],
    ['1', 'Integer'],
    [`'1'`, 'String'],
    ['TRUE', 'Boolean'],
    ['-kind', 'Integer'],
    ['kind + 1', 'Integer'],
    ['kind = 1', 'Boolean'],
    [`kind LIKE ''`, 'Boolean'],
    ['kind IN (1)', 'Boolean'],
    ['EXISTS kind', 'Boolean'],
    ['NOT kind', 'Boolean'],
    ['kind AND kind', 'Boolean'],
    ['LENGTH(kind)', 'Integer'],
    ['LOWER(kind)', 'String'],
    ['BOOL(kind)', 'Boolean'],
  ];
  for (const [expression, yields] of rows) {
    const compiled = compileCesql(expression);
    assert.ok(compiled.is === 'compiled');
    assert.equal(compiled.yields, yields, expression);
  }
});
