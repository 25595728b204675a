import type { ChangeType } from '../../watch/change.ts';
import type { CelExpression } from '../cel/cel.ts';
import type { CelTrouble } from '../cel/trouble.ts';
import { projection } from '../shaping/object-shape.ts';
import { reshape } from '../shaping/shape.ts';
import type { Condition } from './condition.ts';

/** Whether an expression is true for an object; what comes to nothing is not, and is told. */
export type Judge = (body: Buffer, type: ChangeType) => boolean;

export function judgeBy(expression: CelExpression, tell: (trouble: CelTrouble) => void): Judge {
  const { needs } = expression;
  const shape = needs && projection(needs);
  return (body, type) => {
    // Cutting out what the expression looks at takes a fraction of what parsing all the rest would.
    const looked = shape === undefined ? body : reshape(body, shape, '');
    const object = looked === undefined ? undefined : parsed(looked);
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
