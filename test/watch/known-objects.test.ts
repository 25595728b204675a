import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import type { ObjectHead } from '../../src/watch/change.ts';
import { createKnownObjects, type KnownObjects } from '../../src/watch/known-objects.ts';

/** What a KnownObjects should be, written for reading. */
interface Model {
  readonly heads: Map<string, ObjectHead>;
  readonly mentioned: Set<string>;
}

type Command =
  | { readonly is: 'remember'; readonly head: ObjectHead }
  | { readonly is: 'forget'; readonly namespace: string; readonly name: string }
  | { readonly is: 'confirm'; readonly head: ObjectHead }
  | { readonly is: 'beginList' }
  | { readonly is: 'forgetUnlisted' };

const namespace = fc.constantFrom('', 'a', 'kube-system');
const fewNames = fc.constantFrom('x', 'y', 'system:node/x', '/', 'constructor', '__proto__', 'é漢😀');
const manyNames = fc.nat(150).map((it) => `n${it}`);
const version = fc.oneof(
  fc.nat(1_000_000).map(String),
  fc.constantFrom('', '0', '-0', '007', 'abc', '1e3', '1.0', ' 1', 'Infinity', 'NaN'),
  fc.constantFrom('9007199254740991', '9007199254740992', '9007199254740993', '9'.repeat(40)),
);
const head = fc.record(
  {
    namespace,
    name: fc.oneof(fewNames, manyNames),
    uid: fc.oneof(fc.constantFrom('', '0', 'a'), fc.uuid()),
    resourceVersion: version,
  },
  { noNullPrototype: true },
);

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 12, arbitrary: head.map((it) => ({ is: 'remember', head: it }) as const) },
  { weight: 4, arbitrary: head.map((it) => ({ is: 'forget', namespace: it.namespace, name: it.name }) as const) },
  { weight: 4, arbitrary: head.map((it) => ({ is: 'confirm', head: it }) as const) },
  fc.constant({ is: 'beginList' } as const),
  fc.constant({ is: 'forgetUnlisted' } as const),
);

function run(it: Command, known: KnownObjects, model: Model): void {
  switch (it.is) {
    case 'remember':
      known.remember(it.head);
      model.heads.set(keyOf(it.head), it.head);
      model.mentioned.add(keyOf(it.head));
      break;
    case 'forget':
      known.forget(it.namespace, it.name);
      model.heads.delete(keyOf(it));
      break;
    case 'confirm':
      assert.equal(known.confirm(it.head), isDeepStrictEqual(model.heads.get(keyOf(it.head)), it.head));
      if (model.heads.has(keyOf(it.head))) model.mentioned.add(keyOf(it.head));
      break;
    case 'beginList':
      known.beginList();
      model.mentioned.clear();
      break;
    case 'forgetUnlisted':
      // As at the end of a list: what is walked is forgotten while it is walked.
      for (const gone of known.unlisted()) known.forget(gone.namespace, gone.name);
      for (const key of model.heads.keys()) if (!model.mentioned.has(key)) model.heads.delete(key);
      break;
  }
}

function check(known: KnownObjects, { heads, mentioned }: Model): void {
  assert.equal(known.size, heads.size);
  for (const { uid, resourceVersion, ...it } of heads.values()) {
    assert.deepEqual(known.find(it.namespace, it.name), { uid, resourceVersion });
  }
  assert.deepEqual(sorted([...known.all()]), sorted([...heads.values()]));
  const unlisted = [...heads].filter(([key]) => !mentioned.has(key)).map(([, it]) => it);
  assert.deepEqual(sorted([...known.unlisted()]), sorted(unlisted));
}

test('known objects are what was remembered and not forgotten, whatever came in which order', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 400, size: 'max' }), fc.array(head), (commands, others) => {
      const known = createKnownObjects();
      const model: Model = { heads: new Map(), mentioned: new Set() };
      for (const it of commands) run(it, known, model);
      check(known, model);
      for (const it of others) {
        if (!model.heads.has(keyOf(it))) assert.equal(known.find(it.namespace, it.name), undefined);
      }
    }),
    { numRuns: 200 },
  );
});

test('nothing is mixed up when the room for objects grows and freed room is used again', () => {
  const known = createKnownObjects();
  const model: Model = { heads: new Map(), mentioned: new Set() };
  const numbered = (i: number, resourceVersion: string): ObjectHead => {
    return { namespace: 'a', name: `n${i}`, uid: `u${i}`, resourceVersion };
  };
  const odd = (i: number) => (i % 7 === 0 ? `odd-${i}` : String(i));
  run({ is: 'beginList' }, known, model);
  for (let i = 0; i < 1_000; i++) run({ is: 'remember', head: numbered(i, odd(i)) }, known, model);
  check(known, model);
  for (let i = 0; i < 1_000; i += 3) run({ is: 'forget', namespace: 'a', name: `n${i}` }, known, model);
  check(known, model);
  run({ is: 'beginList' }, known, model);
  for (let i = 2_000; i < 2_500; i++) run({ is: 'remember', head: numbered(i, odd(i + 1)) }, known, model);
  check(known, model);
  run({ is: 'forgetUnlisted' }, known, model);
  check(known, model);
  assert.equal(known.size, 500);
});

test('an object is confirmed only in the very state that is known, and counts as listed in any', () => {
  const known = createKnownObjects();
  const x: ObjectHead = { namespace: 'a', name: 'x', uid: 'u', resourceVersion: '1' };
  known.remember(x);
  known.beginList();
  assert.equal(known.confirm({ ...x, name: 'y' }), false);
  assert.equal([...known.unlisted()].length, 1);
  assert.equal(known.confirm({ ...x, uid: 'v' }), false);
  assert.equal(known.confirm({ ...x, resourceVersion: '2' }), false);
  assert.equal(known.confirm(x), true);
  assert.deepEqual([[...known.unlisted()], known.find('a', 'x')], [[], { uid: 'u', resourceVersion: '1' }]);
});

test('before the first list, nothing counts as unlisted', () => {
  const known = createKnownObjects();
  known.remember({ namespace: 'a', name: 'x', uid: 'u', resourceVersion: '1' });
  assert.deepEqual([...known.unlisted()], []);
  known.beginList();
  assert.deepEqual([...known.unlisted()], [{ namespace: 'a', name: 'x', uid: 'u', resourceVersion: '1' }]);
});

function keyOf(it: { readonly namespace: string; readonly name: string }): string {
  return JSON.stringify([it.namespace, it.name]);
}

function sorted(heads: readonly ObjectHead[]): ObjectHead[] {
  return heads.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
