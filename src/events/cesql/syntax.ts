import type { ArithmeticOperator, OrderOperator } from './operators.ts';
import type { Value } from './value.ts';

export type ComparisonOperator = OrderOperator | '=' | '!=';
export type LogicOperator = 'AND' | 'OR' | 'XOR';

/** A parsed expression, without its parentheses: they are in its shape. */
export type Expression =
  | { readonly is: 'literal'; readonly value: Value }
  /** Names of attributes are in lower case, those of functions in upper case. */
  | { readonly is: 'attribute'; readonly name: string }
  | { readonly is: 'exists'; readonly name: string }
  | { readonly is: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly is: 'not'; readonly operand: Expression }
  | { readonly is: 'negate'; readonly operand: Expression }
  | { readonly is: 'like'; readonly operand: Expression; readonly pattern: string }
  | { readonly is: 'in'; readonly operand: Expression; readonly elements: readonly Expression[] }
  | Binary<'arithmetic', ArithmeticOperator>
  | Binary<'comparison', ComparisonOperator>
  | Logic;

interface Binary<Is, Operator> {
  readonly is: Is;
  readonly operator: Operator;
  readonly left: Expression;
  readonly right: Expression;
}

/**
 * AND, OR and XOR bind equally, and from the right: `a OR b AND c` is `a OR (b AND c)`, `a AND b OR c` is
 * `a AND (b OR c)`. A chain of them is kept flat, however long; there is one operator less than operands.
 */
interface Logic {
  readonly is: 'logic';
  readonly operands: readonly Expression[];
  readonly operators: readonly LogicOperator[];
}
