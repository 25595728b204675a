import * as fc from 'fast-check';
import type { ComparisonOperator, Expression, LogicOperator } from '../../../src/events/cesql/syntax.ts';
import type { ArithmeticOperator } from '../../../src/events/cesql/operators.ts';

/** Text that a literal can hold: no backslash before a quotation mark or at the end. */
const literalText: fc.Arbitrary<string> = fc
  .oneof(
    fc.constantFrom('', 'true', 'FALSE', '12', '-3', '%', '_', '\\%', `it's`, '"', '😀', 'Pod'),
    fc.string({ unit: 'binary', maxLength: 6 }),
  )
  .filter((text) => !/\\(?:'|$)/.test(text));

const integer = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer(), fc.constantFrom(-(2 ** 31), 2 ** 31 - 1));

/** Attributes that a Kubernetes event has, some that it has not, and a name that every object inherits. */
const attributeName = fc.constantFrom(
  'id',
  'type',
  'subject',
  'kind',
  'recovered',
  'attempts',
  'missing',
  'constructor',
);

const FUNCTIONS =
  'ABS BOOL CONCAT CONCAT_WS INT IS_BOOL IS_INT LEFT LENGTH LOWER RIGHT STRING SUBSTRING TRIM UPPER NOPE VALUEOF';
const functionName = fc.constantFrom(...FUNCTIONS.split(' '));

const { tree } = fc.letrec<Record<'tree' | 'leaf' | 'operation', Expression>>((tie) => ({
  tree: fc.oneof({ maxDepth: 4, withCrossShrink: true }, tie('leaf'), tie('operation')),
  leaf: fc.oneof(
    fc.record({ is: fc.constant('literal' as const), value: fc.oneof(literalText, integer, fc.boolean()) }),
    fc.record({ is: fc.constant('attribute' as const), name: attributeName }),
    fc.record({ is: fc.constant('exists' as const), name: attributeName }),
  ),
  operation: fc.oneof(
    fc.record({ is: fc.constantFrom('not' as const, 'negate' as const), operand: tie('tree') }),
    fc.record({ is: fc.constant('like' as const), operand: tie('tree'), pattern: literalText }),
    fc.record({ is: fc.constant('in' as const), operand: tie('tree'), elements: some(tie('tree'), 1) }),
    fc.record({ is: fc.constant('call' as const), name: functionName, args: some(tie('tree'), 0) }),
    fc.record({
      is: fc.constant('arithmetic' as const),
      operator: fc.constantFrom<ArithmeticOperator[]>('+', '-', '*', '/', '%'),
      left: tie('tree'),
      right: tie('tree'),
    }),
    fc.record({
      is: fc.constant('comparison' as const),
      operator: fc.constantFrom<ComparisonOperator[]>('=', '!=', '<', '<=', '>', '>='),
      left: tie('tree'),
      right: tie('tree'),
    }),
    fc
      .array(fc.tuple(fc.constantFrom<LogicOperator[]>('AND', 'OR', 'XOR'), tie('tree')), {
        minLength: 2,
        maxLength: 4,
      })
      .map((links) => ({
        is: 'logic' as const,
        operands: links.map(([, operand]) => operand),
        operators: links.slice(1).map(([operator]) => operator),
      })),
  ),
}));

export const anyExpression: fc.Arbitrary<Expression> = tree;

/** Text of the language's own words in any order, mostly no expression. */
export const anyWords: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'AND',
        'or',
        'XOR',
        'not',
        'LIKE',
        'in',
        'EXISTS',
        'true',
        'kind',
        'ABS',
        'is_int',
        'a1',
        '12',
        '-',
      ),
      fc.constantFrom(
        '(',
        ')',
        ',',
        '+',
        '*',
        '/',
        '%',
        '=',
        '!=',
        '<>',
        '<',
        '>=',
        '!',
        "'x'",
        '"y"',
        "'",
        '\\',
        '😀',
      ),
    ),
    { maxLength: 12 },
  )
  .map((words) => words.join(' '));

function some<Item>(item: fc.Arbitrary<Item>, minLength: number): fc.Arbitrary<Item[]> {
  return fc.array(item, { minLength, maxLength: 3 });
}
