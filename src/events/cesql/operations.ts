import type { CloudEvent } from '../cloud-event.ts';
import { castTo, toBoolean, toInteger } from './casts.ts';
import { not, ORDER } from './operators.ts';
import type { ComparisonOperator, LogicOperator } from './syntax.ts';
import { type Failure, isFailure, passOn, typeOf, type Value } from './value.ts';

/** Evaluates an expression, or a part of it, against an event. Never throws. */
export type Evaluate = (event: CloudEvent) => Value | Failure;

export function unary(evaluate: Evaluate, zero: Value, apply: (value: Value) => Value | Failure): Evaluate {
  return (event) => {
    const value = evaluate(event);
    return isFailure(value) ? passOn(value, zero) : apply(value);
  };
}

export function negation(evaluate: Evaluate): Evaluate {
  return unary(evaluate, false, (value) => {
    const truth = toBoolean(value);
    return isFailure(truth) ? truth : not(value, truth);
  });
}

/** Elements are cast to the type of the operand, and not looked at any more once one is equal. */
export function membership(evaluate: Evaluate, set: readonly Evaluate[]): Evaluate {
  return (event) => {
    const value = evaluate(event);
    if (isFailure(value)) return passOn(value, false);
    const type = typeOf(value);
    for (const each of set) {
      const element = each(event);
      if (isFailure(element)) return passOn(element, false);
      const cast = castTo(type, element);
      if (isFailure(cast)) return passOn(cast, false);
      if (cast === value) return true;
    }
    return false;
  };
}

export function comparison(operator: ComparisonOperator, left: Evaluate, right: Evaluate): Evaluate {
  if (operator === '=' || operator === '!=') return equality(left, right, operator === '=');
  return onIntegers(left, right, false, ORDER[operator]);
}

export function onIntegers(
  left: Evaluate,
  right: Evaluate,
  zero: Value,
  apply: (x: number, y: number) => Value | Failure,
): Evaluate {
  return (event) => {
    const leftValue = left(event);
    if (isFailure(leftValue)) return passOn(leftValue, zero);
    const rightValue = right(event);
    if (isFailure(rightValue)) return passOn(rightValue, zero);
    const x = toInteger(leftValue);
    if (isFailure(x)) return passOn(x, zero);
    const y = toInteger(rightValue);
    return isFailure(y) ? passOn(y, zero) : apply(x, y);
  };
}

/** The right operand's type decides, for equality is defined for each type (section 3.7). */
function equality(left: Evaluate, right: Evaluate, wanted: boolean): Evaluate {
  return (event) => {
    const x = left(event);
    if (isFailure(x)) return passOn(x, false);
    const y = right(event);
    if (isFailure(y)) return passOn(y, false);
    const cast = castTo(typeOf(y), x);
    return isFailure(cast) ? passOn(cast, false) : (cast === y) === wanted;
  };
}

/**
 * Goes from left to right until an operand decides, which for an expression that binds from the right needs no
 * recursion: after AND, false decides, and after OR, true; after XOR, the rest is turned round where it was true.
 */
export function logic(operands: readonly Evaluate[], operators: readonly LogicOperator[]): Evaluate {
  return (event) => {
    let turned = false;
    let truth = false;
    for (let i = 0; i < operands.length; i++) {
      const value = operands[i]?.(event) ?? false;
      const cast = isFailure(value) ? value : toBoolean(value);
      if (isFailure(cast)) return passOn(cast, false);
      truth = cast;
      const operator = operators[i];
      if (operator === 'XOR') turned = turned !== truth;
      else if (operator === (truth ? 'OR' : 'AND')) break;
    }
    return truth !== turned;
  };
}
