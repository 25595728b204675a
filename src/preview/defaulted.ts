import { isObject } from './check-schema.ts';
import type { Schema } from './schema.ts';

/**
 * A value as the API server sees it when it validates: with the schema's defaults, and without members that are null
 * and may not be (apiextensions-apiserver, pkg/apiserver/schema/defaulting).
 */
export function defaulted(value: unknown, schema: Schema): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item) => defaulted(item, items));
  }
  if (!isObject(value)) return value;
  const { properties = {}, additionalProperties } = schema;
  const schemaOf = (name: string): Schema | undefined =>
    Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
  const missing = Object.entries(properties)
    .filter(([name, inner]) => inner.default !== undefined && (value[name] ?? null) === null)
    .map(([name, inner]) => [name, inner.default] as const);
  const given = Object.entries(value).flatMap(([name, member]) => {
    const inner = schemaOf(name);
    if (inner === undefined) return [[name, member] as const];
    return member === null && inner.nullable !== true ? [] : [[name, defaulted(member, inner)] as const];
  });
  return Object.fromEntries([...given, ...missing]);
}
