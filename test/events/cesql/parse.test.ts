import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileCesql } from '../../../src/events/cesql/cesql.ts';
import { parseCesql } from '../../../src/events/cesql/parse.ts';
import { printed } from './print.ts';

const VALUE = 'an attribute, a literal, a function or "("';

test('a wrong expression is told with what was expected where, and what stands there', () => {
  const rows: readonly [text: string, column: number, sentence: string][] = [
    ['', 1, `expected ${VALUE} at column 1, found the end`],
    [' \t\r\n', 5, `expected ${VALUE} at column 5, found the end`],
    ['type =', 7, `expected ${VALUE} at column 7, found the end`],
    ['type = =', 8, `expected ${VALUE} at column 8, found "="`],
    ['type == 1', 7, `expected ${VALUE} at column 7, found "="`],
    ['AND true', 1, `expected ${VALUE} at column 1, found "AND"`],
    ['true and or', 10, `expected ${VALUE} at column 10, found "or"`],
    ['is_int', 1, `expected ${VALUE} at column 1, found "is_int"`],
    ['a b', 3, 'expected an operator or the end at column 3, found "b"'],
    ['a "b c"', 3, 'expected an operator or the end at column 3, found "b c"'],
    ['(a))', 4, 'expected an operator or the end at column 4, found ")"'],
    ['(a', 3, 'expected an operator or ")" at column 3, found the end'],
    ['(a, b)', 3, 'expected an operator or ")" at column 3, found ","'],
    ['ABC(', 5, `expected ${VALUE} at column 5, found the end`],
    ['ABC(1', 6, 'expected "," or ")" at column 6, found the end'],
    ['ABC(1,)', 7, `expected ${VALUE} at column 7, found ")"`],
    ['a1(2)', 1, 'expected a function, whose name is of letters and underscores, at column 1, found "a1"'],
    ['a IN b', 6, 'expected "(" at column 6, found "b"'],
    ['a IN ()', 7, `expected ${VALUE} at column 7, found ")"`],
    ['a IN (1 2)', 9, 'expected "," or ")" at column 9, found "2"'],
    ['a LIKE 12', 8, 'expected a pattern in quotation marks at column 8, found "12"'],
    ['a LIKE', 7, 'expected a pattern in quotation marks at column 7, found the end'],
    ['a NOT b', 7, 'expected LIKE or IN at column 7, found "b"'],
    ['EXISTS', 7, 'expected the name of an attribute at column 7, found the end'],
    ['EXISTS (a)', 8, 'expected the name of an attribute at column 8, found "("'],
    ['EXISTS like', 8, 'expected the name of an attribute at column 8, found "like"'],
    ['EXISTS a_b', 8, 'expected the name of an attribute at column 8, found "a_b"'],
    ['2147483648', 1, 'expected an integer of 32 bits at column 1, found "2147483648"'],
    ['1 - -2147483649', 5, 'expected an integer of 32 bits at column 5, found "-2147483649"'],
    ['- 2147483648', 3, 'expected an integer of 32 bits at column 3, found "2147483648"'],
    ['+ 5', 1, `expected ${VALUE} at column 1, found "+"`],
    ['a ! b', 3, 'expected an operator or a value at column 3, found "!"'],
    ['a = 😀', 5, 'expected an operator or a value at column 5, found "😀"'],
    ['a\u00a0= 1', 2, 'expected an operator or a value at column 2, found "\u00a0"'],
    [`a = 'x`, 7, `expected a ' that ends the string of column 5, found the end`],
    [`a = 'x\\'`, 9, `expected a ' that ends the string of column 5, found the end`],
    [`a = "x\\`, 8, 'expected a " that ends the string of column 5, found the end'],
    [`'it''s'`, 4, `expected \\' for a quotation mark inside a string, found two of them at column 4`],
    [`"it""s"`, 4, 'expected \\" for a quotation mark inside a string, found two of them at column 4'],
  ];
  for (const [text, column, sentence] of rows) {
    assert.deepEqual(compileCesql(text), { is: 'wrong', sentence, column }, text);
  }
});

test('operators bind as the grammar says', () => {
  const rows: readonly [text: string, meaning: string][] = [
    ['1 + 2 * 3 - 4', '((1 + (2 * 3)) - 4)'],
    ['1 - 2 - 3', '((1 - 2) - 3)'],
    ['8 / 4 % 3 * 2', '(((8 / 4) % 3) * 2)'],
    ['a + 1 < b * 2', '((a + 1) < (b * 2))'],
    ['a < b = c', '((a < b) = c)'],
    ['a = 1 AND b <> 2', '((a = 1) AND (b != 2))'],
    ['a AND b OR c', '(a AND (b OR c))'],
    ['a OR b AND c', '(a OR (b AND c))'],
    ['(a OR b) AND c', '((a OR b) AND c)'],
    // NOT and minus come before everything else, even before LIKE and the comparisons.
    ['NOT a = b', '((NOT a) = b)'],
    ['NOT a AND b', '((NOT a) AND b)'],
    [`NOT a LIKE 'x'`, `((NOT a) LIKE 'x')`],
    ['NOT EXISTS a', '(NOT (EXISTS a))'],
    ['-a + b', '((- a) + b)'],
    ['- -a', '(- (- a))'],
    ['--1', '(- -1)'],
    ['1 + -a', '(1 + (- a))'],
    ['1-1', '(1 - 1)'],
    ['a-1', '(a - 1)'],
    ['a - 1 IN (2)', '(a - (1 IN (2)))'],
    [`a NOT LIKE 'x' = true`, `((NOT (a LIKE 'x')) = true)`],
    ['a NOT IN (1, b) AND c', '((NOT (a IN (1, b))) AND c)'],
    [`a LIKE 'x' IN (true)`, `((a LIKE 'x') IN (true))`],
    ['abs(a) + 1', '(ABS(a) + 1)'],
    ['ABS (a)', 'ABS(a)'],
    ['concat ( )', 'CONCAT()'],
    ['int', 'int'],
    ['2nd', '2nd'],
    ['Exists TYPE', '(EXISTS type)'],
    ['a\n  =\t1\r\n', '(a = 1)'],
  ];
  for (const [text, meaning] of rows) {
    const parsed = parseCesql(text);
    assert.ok(parsed.is === 'parsed', `${text}: ${parsed.is === 'wrong' ? parsed.sentence : ''}`);
    assert.equal(printed(parsed.expression), meaning, text);
  }
});

test('an expression that goes too deep is told, and does not use up the stack', () => {
  const deep: readonly string[] = [
    `${'('.repeat(20_000)}1`,
    `${'NOT '.repeat(10_000)}true`,
    `${'- '.repeat(10_000)}1`,
    `${'ABS('.repeat(10_000)}1`,
    `${'1 IN ('.repeat(10_000)}1`,
    `1${' + 1'.repeat(10_000)}`,
    `1${' = 1'.repeat(10_000)}`,
    `1${` LIKE ''`.repeat(5_000)}`,
    `1${` NOT IN (1)`.repeat(5_000)}`,
  ];
  for (const text of deep) {
    const parsed = compileCesql(text);
    assert.match(
      parsed.is === 'wrong' ? parsed.sentence : '',
      /^expected at most 200 levels at column \d+, found /,
      text.slice(0, 20),
    );
  }
});

test('what stands side by side is no depth', () => {
  const wide: readonly string[] = [
    Array.from({ length: 300 }, () => '(true)').join(' AND '),
    Array.from({ length: 300 }, () => 'NOT true').join(' OR '),
    Array.from({ length: 300 }, () => '-(-1) = 1').join(' XOR '),
    `CONCAT(${Array.from({ length: 300 }, () => `LOWER('x')`).join(', ')})`,
    `1 IN (${Array.from({ length: 300 }, () => '(2)').join(', ')})`,
  ];
  for (const text of wide) assert.equal(compileCesql(text).is, 'compiled', text.slice(0, 20));
});

test('a long chain of AND and OR is no depth', () => {
  const event = { id: 'e', source: 's', type: 't', extensions: {} };
  const text = `${Array.from({ length: 3_000 }, (_, i) => `id = '${i}'`).join(' OR ')} OR id = 'e'`;
  const compiled = compileCesql(text);
  assert.ok(compiled.is === 'compiled');
  assert.deepEqual(compiled.evaluate(event), { value: true });
});

test('a text of more than 65536 characters is not read', () => {
  const text = `'${'x'.repeat(65_534)}'`;
  assert.equal(compileCesql(text).is, 'compiled');
  assert.deepEqual(compileCesql(`${text} `), {
    is: 'wrong',
    sentence: 'expected at most 65536 characters, found 65537',
    column: 65_537,
  });
});

test('calls of functions that do not exist are told beside the expression', () => {
  const compiled = compileCesql(`nope(1) OR CONCAT_WS() = LEFT('a', OTHER())`);
  assert.ok(compiled.is === 'compiled');
  assert.deepEqual(compiled.unknownCalls, [
    { name: 'NOPE', count: 1, column: 1 },
    { name: 'CONCAT_WS', count: 0, column: 12 },
    { name: 'OTHER', count: 0, column: 36 },
  ]);
});
