import type { ChangeType } from '../../watch/change.ts';
import type { CelExpression } from '../cel/cel.ts';
import type { CelTrouble } from '../cel/trouble.ts';
import type { Condition } from './condition.ts';

/** Whether an expression is true for an object; what comes to nothing is not, and is told. */
export type Judge = (body: Buffer, type: ChangeType) => boolean;

export function judgeBy(expression: CelExpression, tell: (trouble: CelTrouble) => void): Judge {
  return (body, type) => {
    const object = parsed(body);
    const value = object === undefined ? 'malformed' : expression.evaluate(object.value, type);
    if (typeof value === 'boolean') return value;
    tell(value);
    return false;
  };
}

/** Holds where the expression is true. A delete whose last state is not known could have been one of those, and holds. */
export function whenTrue(judge: Judge): Condition {
  return {
    reason: 'when',
    holds: ({ type, body }) => body === undefined || judge(body, type),
  };
}

function parsed(body: Buffer): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(body.toString()) };
  } catch {
    return undefined;
  }
}
