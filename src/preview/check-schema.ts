import { byCloseness } from '../kube/closeness.ts';
import { type Path, pathText, type Problem, shown } from './problem.ts';
import type { Schema } from './schema.ts';

/** What a value is called in a message, by the type that is expected. */
const CALLED: Readonly<Record<string, string>> = {
  object: 'an object of named fields',
  array: 'a list',
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
};
const INT32 = 2 ** 31;
const MOST_NAMED = 12;

/**
 * What the structural schema has against a value, all of it: types, required and unknown fields, bounds, enums and
 * sets (apiextensions-apiserver, pkg/apiserver/validation; unknown fields as with fieldValidation=Strict).
 */
export function schemaProblems(value: unknown, schema: Schema, path: Path): Problem[] {
  const wrong = (message: string, blocking = false): Problem => ({ path, at: 'value', message, blocking });
  if (value === null && schema.nullable === true) return [];
  if (schema['x-kubernetes-int-or-string'] === true) {
    if (typeof value !== 'string' && !Number.isInteger(value)) {
      return [wrong(`expected a text or a whole number; found ${shown(value)}`, true)];
    }
    return typeof value === 'string' ? textProblems(value, schema).map((it) => wrong(it)) : [];
  }
  if (!isOfType(value, schema.type)) return [wrong(wrongType(value, schema), true)];
  const oneOf = enumProblem(value, schema);
  if (typeof value === 'string') return [...oneOf, ...textProblems(value, schema)].map((it) => wrong(it));
  if (typeof value === 'number') return [...oneOf, ...numberProblems(value, schema)].map((it) => wrong(it));
  if (Array.isArray(value)) return [...listProblems(value, schema, path), ...itemProblems(value, schema, path)];
  return isObject(value) ? objectProblems(value, schema, path) : [];
}

/** Fields that `known` does not have, each with those that may be meant. */
export function unknownFields(value: object, known: readonly string[], path: Path): Problem[] {
  return Object.keys(value)
    .filter((name) => !known.includes(name))
    .map((name) => {
      const [nearest = '', ...others] = byCloseness(known, name).slice(0, MOST_NAMED);
      const has = path.length === 0 ? 'an ApiServerSource' : pathText(path);
      const rest = others.length === 0 ? '' : `; then ${others.join(', ')}`;
      const message = `expected a field that ${has} has; found ${shown(name)}. The nearest is ${nearest}${rest}`;
      return { path: [...path, name], at: 'key', message };
    });
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOfType(value: unknown, type: Schema['type']): boolean {
  switch (type) {
    case 'object':
      return isObject(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === type;
    case undefined:
      return true;
  }
}

function wrongType(value: unknown, schema: Schema): string {
  const { type = 'object' } = schema;
  const expected = `expected ${CALLED[type]}; found ${value === null ? 'nothing' : shown(value)}`;
  if (type === 'string' && (typeof value === 'number' || typeof value === 'boolean')) {
    return `${expected}; write it in quotes`;
  }
  if (type === 'array' && value !== null) return `${expected}; begin each item with "- "`;
  if (value === null) return `${expected}; give it a value, or take it out`;
  if ((type === 'integer' || type === 'boolean') && typeof value === 'string')
    return `${expected}; write it without quotes`;
  return expected;
}

function enumProblem(value: unknown, { enum: allowed }: Schema): string[] {
  if (allowed === undefined || allowed.includes(value)) return [];
  const names = allowed.map((it) => JSON.stringify(it)).join(', ');
  const meant = allowed.find((it) => JSON.stringify(it).toLowerCase() === JSON.stringify(value).toLowerCase());
  const advice = meant === undefined ? '' : `; write ${JSON.stringify(meant)}`;
  return [`expected one of ${names}; found ${shown(value)}${advice}`];
}

/** Lengths are in characters, not in UTF-16 units, as the API server counts them. */
function textProblems(text: string, { minLength = 0, maxLength }: Schema): string[] {
  const { length } = Array.from(text);
  if (length < minLength) return [`expected at least ${counted(minLength, 'character')}; found ${shown(text)}`];
  if (maxLength === undefined || length <= maxLength) return [];
  return [`expected at most ${counted(maxLength, 'character')}; found ${length}: ${shown(text)}`];
}

function numberProblems(value: number, { minimum, maximum, format }: Schema): string[] {
  if (minimum !== undefined && value < minimum) return [`expected at least ${minimum}; found ${value}`];
  if (maximum !== undefined && value > maximum) return [`expected at most ${maximum}; found ${value}`];
  if (format === 'int32' && (value < -INT32 || value >= INT32)) return [`expected a number of 32 bits; found ${value}`];
  return [];
}

function listProblems(list: readonly unknown[], schema: Schema, path: Path): Problem[] {
  const { minItems = 0, maxItems } = schema;
  const wrong = (message: string): Problem => ({ path, at: 'value', message });
  const few =
    list.length < minItems ? [wrong(`expected at least ${counted(minItems, 'item')}; found ${list.length}`)] : [];
  const many =
    maxItems !== undefined && list.length > maxItems
      ? [wrong(`expected at most ${counted(maxItems, 'item')}; found ${list.length}`)]
      : [];
  return [...few, ...many, ...duplicates(list, schema, path)];
}

function duplicates(list: readonly unknown[], schema: Schema, path: Path): Problem[] {
  if (schema['x-kubernetes-list-type'] !== 'set') return [];
  const seen = new Set<unknown>();
  return list.flatMap((item, i): Problem[] => {
    const twice = seen.has(item);
    seen.add(item);
    const message = `expected each item once; found ${shown(item)} a second time; take it out`;
    return twice ? [{ path: [...path, i], at: 'value', message }] : [];
  });
}

function itemProblems(list: readonly unknown[], { items }: Schema, path: Path): Problem[] {
  if (items === undefined) return [];
  return list.flatMap((item, i) => schemaProblems(item, items, [...path, i]));
}

function objectProblems(value: Record<string, unknown>, schema: Schema, path: Path): Problem[] {
  const { properties, additionalProperties, required = [], maxProperties } = schema;
  const names = Object.keys(value);
  const missing = required
    .filter((name) => !Object.hasOwn(value, name))
    .map((name): Problem => {
      const about = properties?.[name]?.description ?? '';
      return {
        path: [...path, name],
        at: 'key',
        message: `expected a value; found none. ${about}`.trim(),
        blocking: true,
      };
    });
  const many: Problem[] =
    maxProperties !== undefined && names.length > maxProperties
      ? [{ path, at: 'value', message: `expected at most ${counted(maxProperties, 'entry')}; found ${names.length}` }]
      : [];
  const unknown =
    properties === undefined || additionalProperties !== undefined
      ? []
      : unknownFields(value, Object.keys(properties), path);
  const inside = names.flatMap((name) => {
    const inner = (Object.hasOwn(properties ?? {}, name) ? properties?.[name] : undefined) ?? additionalProperties;
    return inner === undefined ? [] : schemaProblems(value[name], inner, [...path, name]);
  });
  return [...missing, ...many, ...unknown, ...inside];
}

function counted(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${noun.endsWith('y') ? `${noun.slice(0, -1)}ie` : noun}s`;
}
