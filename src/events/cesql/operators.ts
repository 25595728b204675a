import { toInteger } from './casts.ts';
import { type Failure, failure, isFailure, isInteger, type Value } from './value.ts';

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';
export type OrderOperator = '<' | '<=' | '>' | '>=';

type Arithmetic = (x: number, y: number) => number | Failure;

/** Section 3.4.2. Division rounds towards zero, and a remainder has the sign of `x`. */
export const ARITHMETIC: Readonly<Record<ArithmeticOperator, Arithmetic>> = {
  '+': (x, y) => inRange(x + y),
  '-': (x, y) => inRange(x - y),
  '*': (x, y) => inRange(x * y),
  '/': (x, y) => (y === 0 ? byZero(x, '/') : inRange(Math.trunc(x / y))),
  '%': (x, y) => (y === 0 ? byZero(x, '%') : inRange(x % y)),
};

export const ORDER: Readonly<Record<OrderOperator, (x: number, y: number) => boolean>> = {
  '<': (x, y) => x < y,
  '<=': (x, y) => x <= y,
  '>': (x, y) => x > y,
  '>=': (x, y) => x >= y,
};

/**
 * The specification does not say what happens beyond the range of an Integer. Upstream's engine goes on at its other
 * end, so that a large sum is less than zero; this is an error instead.
 */
function inRange(exact: number): number | Failure {
  // The sum makes 0 of -0.
  return isInteger(exact) ? exact + 0 : failure('math', `the result ${exact} is no integer of 32 bits`, 0);
}

function byZero(x: number, operator: ArithmeticOperator): Failure {
  return failure('math', `${x} ${operator} 0 has no result`, 0);
}

export function negate(value: Value): number | Failure {
  const integer = toInteger(value);
  return isFailure(integer) ? integer : inRange(-integer);
}

/**
 * The specification casts every integer to a Boolean (section 3.7), but its test kit wants an error from `NOT 10`,
 * and `true`. Both hold for 0 and 1; to a filter both come to the same for the others, no match.
 */
export function not(value: Value, asBoolean: boolean): boolean | Failure {
  if (typeof value !== 'number' || value === 0 || value === 1) return !asBoolean;
  return failure('cast', `${value} is neither true nor false`, true);
}
