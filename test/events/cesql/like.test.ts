import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { compileLike } from '../../../src/events/cesql/like.ts';

test('a pattern matches the whole text', () => {
  const rows: readonly [text: string, pattern: string, matches: boolean][] = [
    ['', '', true],
    ['a', '', false],
    ['', '%', true],
    ['', '%%', true],
    ['', '_', false],
    ['abc', 'abc', true],
    ['abc', 'ab', false],
    ['abc', 'bc', false],
    ['abc', 'ABC', false],
    ['abc', '%', true],
    ['abc', 'a%', true],
    ['abc', '%c', true],
    ['abc', '%b%', true],
    ['abc', '%d%', false],
    ['abc', 'a%c%', true],
    ['abc', 'a_c', true],
    ['abc', '___', true],
    ['abc', '__', false],
    ['abc', '____', false],
    ['abc', '_%_', true],
    ['a', '_%_', false],
    ['abcabd', '%ab_', true],
    ['aab', '%ab', true],
    ['mississippi', '%iss%ip%', true],
    ['mississippi', '%issi_i%', false],
    ['a.c', 'a.c', true],
    ['abc', 'a.c', false],
    ['a*c', 'a*', false],
    // A backslash takes the meaning of % and _ away, and is itself anywhere else.
    ['100%', '100\\%', true],
    ['1000', '100\\%', false],
    ['a_b', 'a\\_b', true],
    ['axb', 'a\\_b', false],
    ['a\\b', 'a\\b', true],
    ['a\\', 'a\\', true],
    ['a\\%', 'a\\\\%', true],
    ['a\\xyz', 'a\\\\%', false],
    // One character of Unicode is one character, also where JavaScript has two halves of it.
    ['😀', '_', true],
    ['😀', '__', false],
    ['a😀b', 'a_b', true],
    ['a😀b', '%😀%', true],
    ['😀😁', '%😁', true],
    ['line\nbreak', 'line%', true],
    ['line\nbreak', 'line_break', true],
  ];
  for (const [text, pattern, matches] of rows) {
    assert.equal(compileLike(pattern)(text), matches, `${JSON.stringify(text)} LIKE ${JSON.stringify(pattern)}`);
  }
});

test('matching agrees with the definition, step by step', () => {
  const unit = fc.constantFrom('a', 'b', '😀', '%', '_', '\\');
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '😀', '%', '%', '_', '\\'), maxLength: 8 });
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 10 }), pattern, (text, like) => {
      assert.equal(compileLike(like)(text), isLike(Array.from(text), Array.from(like)));
    }),
    { numRuns: 1_000 },
  );
});

test('a pattern of many % gives up on a text that nearly matches as fast as it reads it', () => {
  const matches = compileLike(`${'%a'.repeat(40)}%b`);
  assert.equal(matches('a'.repeat(2_000)), false);
});

function isLike(text: readonly string[], pattern: readonly string[]): boolean {
  const [wanted, ...rest] = pattern;
  if (wanted === undefined) return text.length === 0;
  if (wanted === '%') return isLike(text, rest) || (text.length > 0 && isLike(text.slice(1), pattern));
  const [escaped, ...others] = rest;
  if (wanted === '\\' && (escaped === '%' || escaped === '_'))
    return text[0] === escaped && isLike(text.slice(1), others);
  return text.length > 0 && (wanted === '_' || wanted === text[0]) && isLike(text.slice(1), rest);
}
