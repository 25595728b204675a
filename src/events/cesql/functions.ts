import { toBoolean, toInteger, toText } from './casts.ts';
import { cut, lengthOf } from './characters.ts';
import {
  type Failure,
  failure,
  GREATEST_INTEGER,
  isFailure,
  LEAST_INTEGER,
  type Value,
  type ValueType,
} from './value.ts';

export type ParameterType = ValueType | 'Any';

/** A function as a call with a certain number of arguments sees it. */
export interface CesqlFunction {
  readonly returns: ValueType;
  /** What each argument is cast to. */
  readonly parameters: readonly ParameterType[];
  /** Is given as many arguments as there are parameters, and of their types. */
  readonly run: (args: readonly Value[]) => Value | Failure;
}

type ArgumentOf<Type> = Type extends 'String'
  ? string
  : Type extends 'Integer'
    ? number
    : Type extends 'Boolean'
      ? boolean
      : Value;

/** Tells the function that a call with this many arguments means, if there is one. */
type Overload = (count: number) => CesqlFunction | undefined;

/** The functions of section 3.5, and those named after the casts, which its examples and upstream's engine use. */
const FUNCTIONS: ReadonlyMap<string, readonly Overload[]> = new Map([
  ['ABS', [fixed('Integer', ['Integer'], absolute)]],
  ['BOOL', [fixed('Boolean', ['Any'], toBoolean)]],
  ['CONCAT', [variadic(0, (texts) => texts.join(''))]],
  ['CONCAT_WS', [variadic(1, ([delimiter, ...texts]) => texts.join(delimiter))]],
  ['INT', [fixed('Integer', ['Any'], toInteger)]],
  ['IS_BOOL', [fixed('Boolean', ['Any'], (value) => !isFailure(toBoolean(value)))]],
  ['IS_INT', [fixed('Boolean', ['Any'], (value) => !isFailure(toInteger(value)))]],
  ['LEFT', [fixed('String', ['String', 'Integer'], left)]],
  ['LENGTH', [fixed('Integer', ['String'], lengthOf)]],
  ['LOWER', [fixed('String', ['String'], (text) => text.toLowerCase())]],
  ['RIGHT', [fixed('String', ['String', 'Integer'], right)]],
  ['STRING', [fixed('String', ['Any'], toText)]],
  [
    'SUBSTRING',
    [
      fixed('String', ['String', 'Integer'], (text, position) => substring(text, position, GREATEST_INTEGER)),
      fixed('String', ['String', 'Integer', 'Integer'], substring),
    ],
  ],
  ['TRIM', [fixed('String', ['String'], trim)]],
  ['UPPER', [fixed('String', ['String'], (text) => text.toUpperCase())]],
]);

/** The function that `name`, in upper case, means in a call with this many arguments; undefined where there is none. */
export function findFunction(name: string, count: number): CesqlFunction | undefined {
  for (const overload of FUNCTIONS.get(name) ?? []) {
    const found = overload(count);
    if (found !== undefined) return found;
  }
  return undefined;
}

function fixed<const Parameters extends readonly ParameterType[]>(
  returns: ValueType,
  parameters: Parameters,
  run: (...args: { [Index in keyof Parameters]: ArgumentOf<Parameters[Index]> }) => Value | Failure,
): Overload {
  const anyRun = run as (...args: readonly Value[]) => Value | Failure;
  const definition: CesqlFunction = { returns, parameters, run: (args) => anyRun(...args) };
  return (count) => (count === parameters.length ? definition : undefined);
}

function variadic(least: number, run: (texts: readonly string[]) => string): Overload {
  return (count) => {
    if (count < least) return undefined;
    const parameters = Array.from({ length: count }, (): ParameterType => 'String');
    return { returns: 'String', parameters, run: (args) => run(args as readonly string[]) };
  };
}

function absolute(x: number): number | Failure {
  if (x === LEAST_INTEGER) return failure('math', `the absolute value of ${x} has more than 32 bits`, GREATEST_INTEGER);
  return Math.abs(x);
}

function left(text: string, count: number): string | Failure {
  return count < 0 ? negativeCount('LEFT', count, text) : cut(text, 0, count);
}

function right(text: string, count: number): string | Failure {
  if (count < 0) return negativeCount('RIGHT', count, text);
  const length = lengthOf(text);
  return cut(text, Math.max(0, length - count), length);
}

/** Characters are counted from 1, and from the end for a negative position; position 0 is before all of them. */
function substring(text: string, position: number, most: number): string | Failure {
  const length = lengthOf(text);
  if (Math.abs(position) > length) {
    return failure('functionEvaluation', `SUBSTRING has no character ${position} in a text of ${length}`, '');
  }
  if (most < 0) return negativeCount('SUBSTRING', most, '');
  if (position === 0) return '';
  const start = position > 0 ? position - 1 : length + position;
  return cut(text, start, start + most);
}

/** Takes Unicode's white space off both ends. JavaScript's own `trim` has another idea of it. */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text[start])) start++;
  while (end > start && isSpace(text[end - 1])) end--;
  return text.slice(start, end);
}

function isSpace(unit: string | undefined): boolean {
  return unit !== undefined && /\p{White_Space}/u.test(unit);
}

function negativeCount(name: string, count: number, value: string): Failure {
  return failure('functionEvaluation', `${name} takes no negative number of characters, found ${count}`, value);
}
