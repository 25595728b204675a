import { type Cursor, expected } from './cursor.ts';
import type { Expression } from './syntax.ts';

/** Far below what the stack holds, both of a parser and of an evaluation. */
export const MOST_LEVELS = 200;

/** An expression and how many levels it has. */
export interface Leveled {
  readonly expression: Expression;
  readonly levels: number;
}

/** Undefined once the cursor has a problem. */
export type Read = Leveled | undefined;

export function leaf(expression: Expression): Read {
  return { expression, levels: 1 };
}

export function above(cursor: Cursor, expression: Expression, below: readonly Leveled[]): Read {
  const levels = below.reduce((most, it) => Math.max(most, it.levels), 0) + 1;
  return levels > MOST_LEVELS ? tooDeep(cursor) : { expression, levels };
}

export function tooDeep(cursor: Cursor): undefined {
  return expected(cursor, `at most ${MOST_LEVELS} levels`);
}

export function bare({ expression }: Leveled): Expression {
  return expression;
}
