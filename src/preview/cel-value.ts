import type { CelInput } from '@bufbuild/cel';
import { isObject } from './check-schema.ts';
import type { Schema } from './schema.ts';

/** Names that mean something in CEL and cannot be fields; the API server lets rules call them `__namespace__`. */
const RESERVED: ReadonlySet<string> = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return void var while'.split(
    ' ',
  ),
);
const SPELLED: readonly (readonly [string, string])[] = [
  ['__', '__underscores__'],
  ['.', '__dot__'],
  ['-', '__dash__'],
  ['/', '__slash__'],
];

/** A value of a schema as the API server gives it to the schema's rules (KEP-2876): `self`. */
export function celValue(value: unknown, schema: Schema): CelInput {
  if (Array.isArray(value)) return value.map((item) => celValue(item, schema.items ?? {}));
  if (isObject(value)) {
    const { properties, additionalProperties = {} } = schema;
    return new Map(
      Object.entries(value).map(([name, member]): [string, CelInput] =>
        properties === undefined
          ? [name, celValue(member, additionalProperties)]
          : [escaped(name), celValue(member, properties[name] ?? {})],
      ),
    );
  }
  if (typeof value === 'number') return schema.type === 'number' ? value : BigInt(Math.trunc(value));
  return typeof value === 'string' || typeof value === 'boolean' ? value : null;
}

function escaped(name: string): string {
  if (RESERVED.has(name)) return `__${name}__`;
  return SPELLED.reduce((text, [sign, word]) => text.replaceAll(sign, word), name);
}
