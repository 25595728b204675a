/** What a CESQL expression yields (section 3.1): an Integer has 32 bits; URIs and timestamps are Strings. */
export type Value = string | number | boolean;

export type ValueType = 'String' | 'Integer' | 'Boolean';

/** The kinds of error that an evaluation can meet (section 3.3), named as in the specification's test kit. */
export type ErrorKind = 'math' | 'cast' | 'missingAttribute' | 'missingFunction' | 'functionEvaluation';

export interface EvaluationError {
  readonly kind: ErrorKind;
  /** What went wrong; it may quote values of the event. */
  readonly sentence: string;
}

/** An operation that met an error. It has a value all the same: CESQL is total. */
export interface Failure {
  readonly value: Value;
  readonly error: EvaluationError;
}

/** The range of an Integer. */
export const LEAST_INTEGER = -(2 ** 31);
export const GREATEST_INTEGER = 2 ** 31 - 1;

export function isInteger(value: number): boolean {
  return Number.isInteger(value) && value >= LEAST_INTEGER && value <= GREATEST_INTEGER;
}

export function typeOf(value: Value): ValueType {
  if (typeof value === 'string') return 'String';
  return typeof value === 'number' ? 'Integer' : 'Boolean';
}

/** What an operation yields whose operands could not be had. */
export function zeroOf(type: ValueType): Value {
  switch (type) {
    case 'String':
      return '';
    case 'Integer':
      return 0;
    case 'Boolean':
      return false;
  }
}

export function failure(kind: ErrorKind, sentence: string, value: Value): Failure {
  return { value, error: { kind, sentence } };
}

export function isFailure(result: Value | Failure): result is Failure {
  return typeof result === 'object';
}

/** The same error, met by an operation that yields `value`. */
export function passOn(met: Failure, value: Value): Failure {
  return met.value === value ? met : { value, error: met.error };
}
