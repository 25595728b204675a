import type { CloudEvent } from '../cloud-event.ts';
import type { Call } from './cursor.ts';
import { compileExpression, type Yields } from './evaluate.ts';
import { findFunction } from './functions.ts';
import { parseCesql } from './parse.ts';
import type { SyntaxProblem } from './tokens.ts';
import { type EvaluationError, isFailure, type Value } from './value.ts';

/** What an expression comes to. It has a value even where there was an error; the value then says nothing. */
export interface Result {
  readonly value: Value;
  /** The first error met; nothing is evaluated after it. */
  readonly error?: EvaluationError;
}

/** An expression ready for any number of events. */
export interface CompiledCesql {
  readonly is: 'compiled';
  /** What every result's value is, errors apart; `Any` where that depends on the event. */
  readonly yields: Yields;
  /** Calls of functions that do not exist: the specification has the evaluation fail, not the parser. */
  readonly unknownCalls: readonly Call[];
  /** Never throws, and never changes the event. */
  readonly evaluate: (event: CloudEvent) => Result;
}

/** Compiles an expression in the CloudEvents SQL Expression Language, version 1.0. Never throws. */
export function compileCesql(text: string): CompiledCesql | SyntaxProblem {
  const parsed = parseCesql(text);
  if (parsed.is === 'wrong') return parsed;
  const { yields, evaluate } = compileExpression(parsed.expression);
  return {
    is: 'compiled',
    yields,
    unknownCalls: parsed.calls.filter(({ name, count }) => findFunction(name, count) === undefined),
    evaluate: (event) => {
      const result = evaluate(event);
      return isFailure(result) ? result : { value: result };
    },
  };
}
