import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { compileCel } from '../../../src/events/cel/cel.ts';
import { CEL_TROUBLES } from '../../../src/events/cel/trouble.ts';

const NAMES = ['spec', 'list', 'name', 'constructor', '__proto__', 'a', 'toString'] as const;
const OUTCOMES: ReadonlySet<unknown> = new Set([true, false, ...CEL_TROUBLES]);

const LEAVES =
  "object|type|x|1|-1|2u|1.5|'a'|''|b'a'|true|null|[]|{}|oldObject|9223372036854775807|int|.object|{'a': [1]}|" +
  "timestamp('2026-01-01T00:00:00Z')|duration('1h')";
const anyLeaf = fc.constantFrom(...LEAVES.split('|'));

/** Text that is CEL, whatever it means. */
const { expression: anyExpression } = fc.letrec<{ expression: string }>((tie) => {
  const inner = tie('expression');
  const infix = fc.constantFrom('+', '-', '*', '/', '%', '==', '!=', '<', '>=', '&&', '||', 'in');
  const macro = fc.constantFrom('all', 'exists', 'exists_one', 'map', 'filter');
  const call = fc.constantFrom('size', 'int', 'string', 'double', 'bytes', 'timestamp', 'duration', 'type', 'dyn', '!');
  const method = fc.constantFrom('size()', "startsWith('a')", "contains('')", "matches('a*')", 'getHours()');
  return {
    expression: fc.oneof(
      { maxDepth: 6, withCrossShrink: true },
      anyLeaf,
      fc.tuple(inner, infix, inner).map(([a, by, b]) => `(${a} ${by} ${b})`),
      fc.tuple(inner, fc.constantFrom(...NAMES)).map(([a, name]) => `${a}.${name}`),
      fc.tuple(inner, inner).map(([a, b]) => `${a}[${b}]`),
      fc.tuple(inner, macro, inner).map(([a, by, b]) => `${a}.${by}(x, ${b})`),
      fc.tuple(call, inner).map(([name, a]) => `${name}(${a})`),
      fc.tuple(inner, method).map(([a, name]) => `${a}.${name}`),
      fc.tuple(inner, inner, inner).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
      inner.map((a) => `has(object.${a.replaceAll(/\W/g, '')})`),
    ),
  };
});

const anyObject = fc
  .tuple(fc.jsonValue({ maxDepth: 4 }), fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 40 }), fc.string())
  .map(([spec, list, name]): unknown => JSON.parse(JSON.stringify({ spec, list, name, a: { a: list } })));

test('no expression and no object make it throw or change the object, and the same comes to the same', () => {
  let evaluated = 0;
  fc.assert(
    fc.property(anyExpression, anyObject, fc.constantFrom('add', 'update', 'delete'), (text, object, type) => {
      // Of a kind that could be true or false, most are.
      for (const wrapped of [text, `${text} == ${text}`]) {
        const compiled = compileCel(wrapped);
        if (compiled.is === 'wrong') {
          assert.ok(compiled.messages.length > 0 && compiled.messages.every((it) => it.startsWith('expected ')));
          continue;
        }
        const before = JSON.stringify(object);
        const first = compiled.evaluate(object, type);
        assert.ok(OUTCOMES.has(first), `${wrapped}: ${String(first)}`);
        assert.equal(compiled.evaluate(object, type), first, wrapped);
        assert.equal(JSON.stringify(object), before);
        evaluated++;
      }
    }),
    { numRuns: 600 },
  );
  assert.ok(evaluated > 100, `${evaluated} were evaluated`);
});

test('any text is compiled or refused in sentences, and nothing else happens', () => {
  const pieces = fc.constantFrom(
    'object',
    '.',
    '(',
    ')',
    '[',
    '"',
    "'",
    '\\',
    '{',
    '}',
    '?',
    ':',
    '&&',
    '\n',
    '//',
    '😀',
  );
  const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.array(fc.oneof(pieces, fc.string()), { maxLength: 60 }));
  fc.assert(
    fc.property(anyText, (given) => {
      const text = typeof given === 'string' ? given : given.join('');
      const compiled = compileCel(text);
      if (compiled.is === 'wrong') assert.ok(compiled.messages.every((it) => /^expected [^\n]*[^.]$/s.test(it)));
      else assert.ok(OUTCOMES.has(compiled.evaluate({}, 'add')));
    }),
    { numRuns: 800 },
  );
});
