import { attributeReader } from '../attribute.ts';
import { castTo, toText } from './casts.ts';
import { findFunction, type ParameterType } from './functions.ts';
import { compileLike } from './like.ts';
import { comparison, type Evaluate, logic, membership, negation, onIntegers, unary } from './operations.ts';
import { ARITHMETIC, negate } from './operators.ts';
import type { Expression } from './syntax.ts';
import { failure, isFailure, isInteger, passOn, typeOf, type Value, type ValueType, zeroOf } from './value.ts';

/** What an expression yields, as far as that can be told without an event: an attribute can be of any type. */
export type Yields = ValueType | 'Any';

export interface Evaluator {
  readonly yields: Yields;
  readonly evaluate: Evaluate;
}

/**
 * Turns an expression into functions, once for all events. An operation whose operand failed yields the zero value of
 * its own type and the operand's error (sections 3.2 and 3.3; section 4.1 calls this the fail fast mode).
 */
export function compileExpression(expression: Expression): Evaluator {
  switch (expression.is) {
    case 'literal': {
      const { value } = expression;
      return { yields: typeOf(value), evaluate: () => value };
    }
    case 'attribute':
      return { yields: 'Any', evaluate: attribute(expression.name) };
    case 'exists': {
      const read = attributeReader(expression.name);
      return { yields: 'Boolean', evaluate: (event) => read(event) !== undefined };
    }
    case 'call':
      return call(expression.name, expression.args);
    case 'not':
      return { yields: 'Boolean', evaluate: negation(evaluateOf(expression.operand)) };
    case 'negate':
      return { yields: 'Integer', evaluate: unary(evaluateOf(expression.operand), 0, negate) };
    case 'like': {
      const matches = compileLike(expression.pattern);
      return {
        yields: 'Boolean',
        evaluate: unary(evaluateOf(expression.operand), false, (value) => matches(toText(value))),
      };
    }
    case 'in':
      return {
        yields: 'Boolean',
        evaluate: membership(evaluateOf(expression.operand), expression.elements.map(evaluateOf)),
      };
    case 'arithmetic':
      return {
        yields: 'Integer',
        evaluate: onIntegers(
          evaluateOf(expression.left),
          evaluateOf(expression.right),
          0,
          ARITHMETIC[expression.operator],
        ),
      };
    case 'comparison':
      return {
        yields: 'Boolean',
        evaluate: comparison(expression.operator, evaluateOf(expression.left), evaluateOf(expression.right)),
      };
    case 'logic':
      return { yields: 'Boolean', evaluate: logic(expression.operands.map(evaluateOf), expression.operators) };
  }
}

function evaluateOf(expression: Expression): Evaluate {
  return compileExpression(expression).evaluate;
}

function attribute(name: string): Evaluate {
  const read = attributeReader(name);
  // Where no operation says of what type the value should be, section 3.2 has it be a Boolean.
  const missing = failure('missingAttribute', `the event has no attribute ${name}`, false);
  return (event) => {
    const value = read(event);
    if (value === undefined) return missing;
    return typeof value === 'number' && !isInteger(value) ? String(value) : value;
  };
}

function call(name: string, args: readonly Expression[]): Evaluator {
  const called = findFunction(name, args.length);
  if (called === undefined) {
    const unknown = failure('missingFunction', `there is no function ${name} of ${args.length} arguments`, false);
    return { yields: 'Boolean', evaluate: () => unknown };
  }
  const { returns, parameters, run } = called;
  const zero = zeroOf(returns);
  const evaluators = args.map((argument, index) => parameter(argument, parameters[index] ?? 'Any'));
  const evaluate: Evaluate = (event) => {
    const values: Value[] = [];
    for (const each of evaluators) {
      const value = each(event);
      if (isFailure(value)) return passOn(value, zero);
      values.push(value);
    }
    return run(values);
  };
  return { yields: returns, evaluate };
}

function parameter(argument: Expression, type: ParameterType): Evaluate {
  const evaluate = evaluateOf(argument);
  if (type === 'Any') return evaluate;
  return (event) => {
    const value = evaluate(event);
    return isFailure(value) ? value : castTo(type, value);
  };
}
