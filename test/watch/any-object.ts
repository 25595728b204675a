import * as fc from 'fast-check';
import type { ObjectHead } from '../../src/watch/change.ts';
import { anyDice, anyJson, anyText, layOut } from '../support/json-text.ts';

/** The JSON of something like a Kubernetes object, in any layout, with and without what a head needs. */
export const anyObjectText = (): fc.Arbitrary<string> =>
  fc.tuple(anyObject, anyDice()).map(([object, dice]) => layOut(object, dice));

/** The same, always with a head. */
export const anyListedText = (): fc.Arbitrary<string> =>
  fc
    .tuple(completeHead, noise, rest, anyDice())
    .map(([it, more, others, dice]) => layOut({ ...others, metadata: { ...more, ...it } }, dice));

/** The head that JSON.parse finds in `text`. */
export function headByParsing(text: string): ObjectHead | undefined {
  const metadata = member(JSON.parse(text), 'metadata');
  const words = ['name', 'uid', 'resourceVersion'].map((key) => member(metadata, key));
  const [name, uid, resourceVersion] = words;
  if (!isWord(name) || !isWord(uid) || !isWord(resourceVersion)) return undefined;
  const namespace = member(metadata, 'namespace');
  return { namespace: typeof namespace === 'string' ? namespace : '', name, uid, resourceVersion };
}

const KEY = fc.constantFrom('name', 'namespace', 'uid', 'resourceVersion');
const word = fc.oneof(
  { weight: 8, arbitrary: anyText().filter((it) => it !== '') },
  fc.constantFrom('', null, 7, true),
  fc.constant({ name: 'inner' }),
);

/** Everything beside the head that can stand in metadata, with the keys of the head in it. */
const noise = fc.record(
  {
    annotations: fc.dictionary(KEY, anyText()),
    managedFields: fc.array(fc.record({ name: anyText(), 'f:metadata': fc.dictionary(KEY, anyJson()) }), {
      maxLength: 2,
    }),
    ownerReferences: fc.array(fc.record({ kind: anyText(), name: anyText(), uid: anyText() }), { maxLength: 2 }),
    generateName: anyText(),
  },
  { requiredKeys: [] },
);

const head = fc.record({ name: word, namespace: word, uid: word, resourceVersion: word }, { requiredKeys: [] });

const completeHead = fc.record(
  {
    name: fc.constant('web-1'),
    uid: anyText().map((it) => `u${it}`),
    resourceVersion: fc.constant('12'),
    namespace: anyText(),
  },
  { requiredKeys: ['name', 'uid', 'resourceVersion'] },
);

/** Everything beside metadata. */
const rest = fc.record(
  {
    kind: anyText(),
    apiVersion: anyText(),
    spec: fc.record({ metadata: fc.dictionary(KEY, anyText()), more: anyJson() }, { requiredKeys: [] }),
    data: anyJson(),
  },
  { requiredKeys: [] },
);

const anyObject = fc
  .tuple(
    fc.oneof(
      { weight: 9, arbitrary: fc.tuple(noise, fc.oneof(head, completeHead)).map(merged) },
      fc.constantFrom(undefined, null, 'metadata', [{ name: 'a' }]),
    ),
    rest,
  )
  .map(([metadata, others]) => (metadata === undefined ? others : merged([others, { metadata }])));

function merged([a, b]: readonly [object, object]): object {
  return { ...a, ...b };
}

function member(value: unknown, key: string): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
