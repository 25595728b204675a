import {
  celEnv,
  type CelFunc,
  celFunc,
  celList,
  type CelList,
  celMethod,
  CelScalar,
  type CelValue,
  isCelError,
  isCelList,
  isCelMap,
  listType,
  parse,
  plan,
} from '@bufbuild/cel';
import type { Budget } from './budget.ts';
import { patternSearch } from './pattern.ts';

const { BOOL, BYTES, DYN, INT, STRING } = CelScalar;
const LIST = listType(DYN);
/** Turning a text into an int takes the square of its length; no number, time or duration is nearly so long. */
const LONGEST_CONVERTED = 256;
const CONVERSIONS = new Set(['int', 'uint', 'double', 'bool', 'timestamp', 'duration']);
const CHARACTERS_A_STEP = 64;
/** Copied from one array to another. */
const ELEMENTS_A_STEP = 64;
/** Finding out what time it is elsewhere. */
const STEPS_OF_A_TIME_ZONE = 200;
const MATCHES = 'matches';
const STANDARD = [...celEnv().funcs];

/** The functions, methods and operators that an expression may call. */
export const FUNCTION_NAMES: ReadonlySet<string> = new Set(STANDARD.map(({ name }) => name));

/** What a loop is guarded by; no expression can call it. */
export const SPEND = '@spend';

/**
 * The standard functions whose cost depends on their arguments, at a price. Those not among them take a time that is
 * bounded by the size of the expression.
 */
export function pricedFunctions(budget: Budget): CelFunc[] {
  const { spend } = budget;
  const matches = patternSearch(spend);
  /** Of the lists that were made here. */
  const arrays = new WeakMap<CelList, CelValue[]>();
  const elementsOf = (list: CelList): CelValue[] => arrays.get(list) ?? [...list];
  const equal = (a: CelValue, b: CelValue): boolean => {
    spend(1);
    if (typeof a !== 'object' && typeof b !== 'object' && typeof a === typeof b) return a === b;
    if (isCelList(a) && isCelList(b)) return a.size === b.size && zip(a, b).every(([x, y]) => equal(x, y));
    if (!isCelMap(a) || !isCelMap(b)) return equalInCel({ a, b }) === true;
    if (a.size !== b.size) return false;
    return [...a.entries()].every(([key, value]) => {
      const other = b.get(key);
      return other !== undefined && equal(value, other);
    });
  };
  return [
    ...STANDARD.filter((it) => takesText(it) && it.name !== MATCHES).map((it) => priced(it, budget)),
    celMethod(MATCHES, STRING, [STRING], BOOL, function (pattern) {
      return matches(this, pattern);
    }),
    celFunc(SPEND, [INT], BOOL, (steps) => {
      spend(Number(steps));
      return true;
    }),
    celFunc('_==_', [DYN, DYN], BOOL, equal),
    celFunc('_!=_', [DYN, DYN], BOOL, (a, b) => !equal(a, b)),
    celFunc('@in', [DYN, LIST], BOOL, (value, list) => [...list].some((it) => equal(it, value))),
    celFunc('_+_', [LIST, LIST], LIST, (a, b) => {
      spend(1 + Math.floor((a.size + b.size) / ELEMENTS_A_STEP));
      // The library chains lists, and takes the square of their length to go through them.
      const elements = elementsOf(a).concat(elementsOf(b));
      const list = celList(elements);
      arrays.set(list, elements);
      return list;
    }),
  ];
}

const equalInCel = plan(celEnv(), parse('a == b'));

function zip(a: Iterable<CelValue>, b: Iterable<CelValue>): [CelValue, CelValue][] {
  const others = [...b];
  return [...a].map((it, i) => [it, others[i] ?? null]);
}

function takesText({ target, arguments: args }: CelFunc): boolean {
  return [target, ...args].some((type) => type === STRING || type === BYTES);
}

function priced(original: CelFunc, { spend }: Budget): CelFunc {
  const { name, target, arguments: args, result } = original;
  const fixed = isTimeZone(original) ? STEPS_OF_A_TIME_ZONE : 0;
  const longest = CONVERSIONS.has(name) ? LONGEST_CONVERTED : Infinity;
  const call = (self: CelValue | undefined, values: CelValue[]) => {
    let length = lengthOf(self);
    for (const value of values) length += lengthOf(value);
    if (length > longest) throw new Error(`the text is longer than ${LONGEST_CONVERTED} characters`);
    spend(fixed + Math.floor(length / CHARACTERS_A_STEP));
    const value = original.call(0, self, values);
    if (value === undefined || isCelError(value)) throw value ?? new Error('no such overload');
    return value;
  };
  return target === undefined
    ? celFunc(name, args, result, (...values: CelValue[]) => call(undefined, values))
    : celMethod(name, target, args, result, function (this: CelValue, ...values: CelValue[]) {
        return call(this, values);
      });
}

function isTimeZone({ target, arguments: [zone] }: CelFunc): boolean {
  return target?.name === 'google.protobuf.Timestamp' && zone === STRING;
}

function lengthOf(value: CelValue | undefined): number {
  return typeof value === 'string' || value instanceof Uint8Array ? value.length : 0;
}
