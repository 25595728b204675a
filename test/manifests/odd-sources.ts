import { parse } from 'yaml';
import type { Path } from '../../src/preview/problem.ts';
import type { Body } from '../support/admin.ts';
import { GOOD_SOURCES } from './good-sources.ts';

/** What people, and programs that write manifests, put where something else belongs. */
export const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e12,
  '',
  'A b',
  '-1',
  'a/b/c',
  'http://a',
  'x'.repeat(400),
  [],
  {},
  ['a', 'a'],
  [null],
  [{}],
  { a: 'b' },
  { apiVersion: 'v1', kind: 'Pod' },
];

/** Every place in the metadata and the spec of every good source. */
export const PLACES: readonly { readonly source: Body; readonly path: Path }[] = Object.values(GOOD_SOURCES).flatMap(
  (text) => {
    const source = parse(text) as Body;
    const isOurs = (path: Path): boolean => path[0] === 'spec' || path.length > 1;
    return [...placesIn(source)].filter(isOurs).map((path) => ({ source, path }));
  },
);

/** The value with another one in one place. */
export function withOdd(value: unknown, [step, ...rest]: Path, odd: unknown): unknown {
  if (step === undefined) return odd;
  if (Array.isArray(value)) return value.map((it, i) => (i === step ? withOdd(it, rest, odd) : (it as unknown)));
  const object = value as Readonly<Record<string, unknown>>;
  return { ...object, [step]: withOdd(object[step], rest, odd) };
}

function* placesIn(value: unknown, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    yield* placesIn(inner, [...path, Array.isArray(value) ? Number(name) : name]);
  }
}
