import { celList, celMap, type CelList, type CelMap } from '@bufbuild/cel';
import type { Budget } from './budget.ts';

/** What a value of JSON is in CEL. */
export type JsonView = bigint | number | string | boolean | null | CelMap | CelList;

/** Elements and members are shown one by one, each for less than a node of an expression takes. */
const SHOWN_A_STEP = 4;

/**
 * Shows a value as CEL sees it, without copying what is inside of objects. A whole number is an int, as in the API
 * server's own expressions, up to 2^53-1: what is larger has lost digits in JSON.parse and stays a double.
 */
export function viewOf(value: unknown, budget: Budget): JsonView {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (isObject(value)) return celMap(new ObjectView(value, budget));
  if (!Array.isArray(value)) return null;
  budget.spend(Math.floor(value.length / SHOWN_A_STEP));
  return celList(value.map((element: unknown) => viewOf(element, budget)));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * An object as a map. Given as it is, the library would copy each object into a Map whenever it is touched, and choke
 * on one with a member `constructor`.
 */
class ObjectView implements ReadonlyMap<string, JsonView> {
  readonly #object: Readonly<Record<string, unknown>>;
  readonly #budget: Budget;

  constructor(object: Readonly<Record<string, unknown>>, budget: Budget) {
    this.#object = object;
    this.#budget = budget;
  }

  get size(): number {
    return this.#names().length;
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#object, key);
  }

  /** CEL asks by keys of any type. */
  get(key: unknown): JsonView | undefined {
    return typeof key === 'string' && this.has(key) ? viewOf(this.#object[key], this.#budget) : undefined;
  }

  keys(): MapIterator<string> {
    return this.#names().values();
  }

  values(): MapIterator<JsonView> {
    return this.#shown()
      .map(([, value]) => value)
      .values();
  }

  entries(): MapIterator<[string, JsonView]> {
    return this.#shown().values();
  }

  [Symbol.iterator](): MapIterator<[string, JsonView]> {
    return this.entries();
  }

  forEach(callback: (value: JsonView, key: string, map: ReadonlyMap<string, JsonView>) => void): void {
    for (const [key, value] of this.#shown()) callback(value, key, this);
  }

  #names(): string[] {
    const names = Object.keys(this.#object);
    this.#budget.spend(Math.floor(names.length / SHOWN_A_STEP));
    return names;
  }

  #shown(): [string, JsonView][] {
    return this.#names().map((key) => [key, viewOf(this.#object[key], this.#budget)]);
  }
}
