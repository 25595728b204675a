import { quote } from './quote.ts';
import { type Failure, failure, isInteger, type Value, type ValueType } from './value.ts';

const INTEGER = /^[+-]?[0-9]+$/;

/** Casts of section 3.7. Every one is defined; those of a String can fail. */
export function castTo(type: ValueType, value: Value): Value | Failure {
  switch (type) {
    case 'String':
      return toText(value);
    case 'Integer':
      return toInteger(value);
    case 'Boolean':
      return toBoolean(value);
  }
}

export function toText(value: Value): string {
  return String(value);
}

export function toInteger(value: Value): number | Failure {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  const integer = INTEGER.test(value) ? Number(value) : Number.NaN;
  // The sum makes 0 of -0.
  return isInteger(integer) ? integer + 0 : failure('cast', `${quote(value)} is no integer of 32 bits`, 0);
}

export function toBoolean(value: Value): boolean | Failure {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  const word = value.toLowerCase();
  if (word === 'true' || word === 'false') return word === 'true';
  return failure('cast', `${quote(value)} is neither true nor false`, false);
}
