import { compileCesql, type Result } from '../cesql/cesql.ts';
import { quote } from '../cesql/quote.ts';
import { typeOf } from '../cesql/value.ts';
import type { CloudEvent } from '../cloud-event.ts';
import type { Filter, FilterPath, Trouble } from './filter.ts';

export type CesqlFilter =
  | { readonly is: 'compiled'; readonly filter: Filter }
  | { readonly is: 'wrong'; readonly message: string };

/**
 * Matches an event for which the expression is true. An error, and a value that is no Boolean, are no match and a
 * trouble (CESQL 1.0, section 1.2). An expression that could never match any event is refused.
 */
export function cesqlFilter(text: string, path: FilterPath): CesqlFilter {
  const compiled = compileCesql(text);
  if (compiled.is === 'wrong') return { is: 'wrong', message: compiled.sentence };
  const { yields, unknownCalls, evaluate } = compiled;
  const [call] = unknownCalls;
  if (call !== undefined) {
    const { name, count, column } = call;
    return {
      is: 'wrong',
      message: `expected a function of CESQL at column ${column}, found ${name} of ${count} arguments`,
    };
  }
  if (yields !== 'Boolean' && yields !== 'Any') {
    return {
      is: 'wrong',
      message: `expected an expression that yields a Boolean, and this one yields ${yields === 'Integer' ? 'an Integer' : 'a String'}`,
    };
  }
  return { is: 'compiled', filter: filterBy(evaluate, path) };
}

function filterBy(evaluate: (event: CloudEvent) => Result, path: FilterPath): Filter {
  return (event, troubles: Trouble[]) => {
    const { value, error } = evaluate(event);
    if (error !== undefined) troubles.push({ path, ...error });
    else if (typeof value === 'boolean') return value;
    else
      troubles.push({
        kind: 'notBoolean',
        path,
        sentence: `the expression yields the ${typeOf(value)} ${quote(String(value))}, no Boolean`,
      });
    return false;
  };
}
