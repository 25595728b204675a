import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { labelMatcher, labelSelectorProblem } from '../../src/kube/label-selector.ts';
import {
  isEmptySelector,
  type LabelSelector,
  selectorProblems,
  selectorText,
} from '../../src/sources/label-selector.ts';

const TEXTS: readonly (readonly [LabelSelector, string])[] = [
  [{}, ''],
  [{ matchLabels: {} }, ''],
  [{ matchLabels: { 'test-key1': 'test-value1' } }, 'test-key1=test-value1'],
  [{ matchLabels: { b: '2', a: '1' } }, 'a=1,b=2'],
  [{ matchLabels: { a: '' } }, 'a='],
  [{ matchLabels: { a: 'b' }, matchExpressions: [{ key: 'c', operator: 'In', values: ['e', 'd'] }] }, 'a=b,c in (d,e)'],
  [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }, 'a in (b)'],
  [{ matchExpressions: [{ key: 'z', operator: 'NotIn', values: ['y', 'x'] }] }, 'z notin (x,y)'],
  [{ matchExpressions: [{ key: 'e2e', operator: 'Exists' }] }, 'e2e'],
  [{ matchExpressions: [{ key: 'old', operator: 'DoesNotExist', values: [] }] }, '!old'],
  [{ matchLabels: { Z: '1', a: '1' }, matchExpressions: [{ key: 'M', operator: 'Exists' }] }, 'M,Z=1,a=1'],
  [{ matchLabels: { a: '1' }, matchExpressions: [{ key: 'a', operator: 'Exists' }] }, 'a=1,a'],
];

test('a selector has the text that Go gives it', () => {
  for (const [selector, text] of TEXTS) assert.equal(selectorText(selector), text);
});

test('only a selector without requirements is empty', () => {
  for (const [selector, text] of TEXTS) assert.equal(isEmptySelector(selector), text === '');
});

const PROBLEMS: readonly (readonly [LabelSelector, readonly string[]])[] = [
  [
    { matchExpressions: [{ key: 'a', operator: 'Equals', values: ['b'] }] },
    ['matchExpressions[0]: "Equals" is no operator; use In, NotIn, Exists or DoesNotExist'],
  ],
  [{ matchExpressions: [{ key: 'a', operator: 'In' }] }, ['matchExpressions[0]: In needs values']],
  [{ matchExpressions: [{ key: 'a', operator: 'NotIn', values: [] }] }, ['matchExpressions[0]: NotIn needs values']],
  [
    { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] },
    ['matchExpressions[0]: Exists takes no values'],
  ],
  [{ matchLabels: { 'a,b': 'c' } }, ['matchLabels: "a,b" is no label key']],
  [{ matchLabels: { a: 'b,c=d' } }, ['matchLabels: "b,c=d" is no label value']],
  [{ matchLabels: { '-a': 'b' } }, ['matchLabels: "-a" is no label key']],
  [{ matchLabels: { a: '-b' } }, ['matchLabels: "-b" is no label value']],
  [
    { matchLabels: { '': 'b' }, matchExpressions: [{ key: 'a b', operator: 'Exists' }] },
    ['matchLabels: "" is no label key', 'matchExpressions[0]: "a b" is no label key'],
  ],
];

test('what is wrong with a selector is told, all of it', () => {
  for (const [selector, problems] of PROBLEMS) assert.deepEqual(selectorProblems(selector), problems);
});

const word = fc.stringMatching(/^[a-c]([-._a-c]?[a-c])?$/);
const anySelector: fc.Arbitrary<LabelSelector> = fc.record(
  {
    matchLabels: fc.dictionary(word, fc.oneof(word, fc.constantFrom('', 'b,c', 'a)', '!')), { maxKeys: 3 }),
    matchExpressions: fc.array(
      fc.record({
        key: fc.oneof(word, fc.constantFrom('example.com/a', 'a,b', '!a', '')),
        operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist', 'Equals'),
        values: fc.array(word, { maxLength: 3 }),
      }),
      { maxLength: 3 },
    ),
  },
  { requiredKeys: [] },
);

test('the text of a selector without problems is one that the API server takes, with a requirement for each of its own', () => {
  fc.assert(
    fc.property(anySelector, (selector) => {
      fc.pre(selectorProblems(selector).length === 0);
      const text = selectorText(selector);
      assert.equal(labelSelectorProblem(text), undefined);
      const { matchLabels = {}, matchExpressions = [] } = selector;
      const written = text === '' ? 0 : text.replaceAll(/\([^)]*\)/g, '').split(',').length;
      assert.equal(written, Object.keys(matchLabels).length + matchExpressions.length);
    }),
  );
});

test('the text of a selector selects what the selector says', () => {
  const labels = fc.dictionary(word, word, { maxKeys: 3 });
  fc.assert(
    fc.property(anySelector, labels, (selector, given) => {
      fc.pre(selectorProblems(selector).length === 0);
      assert.equal(labelMatcher(selectorText(selector))(given), meant(selector, given));
    }),
  );
});

/** metav1.LabelSelector's documentation, read literally. */
function meant({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Record<string, string>): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
      if (operator === 'Exists') return value !== undefined;
      if (operator === 'DoesNotExist') return value === undefined;
      const isIn = value !== undefined && values.includes(value);
      return operator === 'In' ? isIn : !isIn;
    })
  );
}
