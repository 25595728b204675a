import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { labelMatcher, labelSelectorProblem } from '../../src/kube/label-selector.ts';
import { INVALID_SELECTORS, VALID_SELECTORS } from './label-selectors.ts';

test('a selector that Kubernetes takes has no problem', () => {
  for (const selector of VALID_SELECTORS) {
    assert.equal(labelSelectorProblem(selector), undefined, JSON.stringify(selector));
  }
});

test('a selector that Kubernetes refuses has a problem', () => {
  for (const selector of INVALID_SELECTORS) {
    assert.notEqual(labelSelectorProblem(selector), undefined, JSON.stringify(selector));
  }
});

test('a problem names the part that is wrong, and not more of it than fits a line', () => {
  const rows: [selector: string, problem: string][] = [
    ['app=web,tier=-', '"-" is no label value'],
    ['tier in (a,b c)', '"b c" is no label value'],
    ['app=web,Bad_/x', '"Bad_/x" is no label key'],
    ['!-x', '"-x" is no label key'],
    ['replicas>many', '"many" is no integer'],
    ['app=web,a in (b', '"a in (b" is no requirement'],
    ['app=web,', '"" is no requirement'],
    ['x'.repeat(80), `"${'x'.repeat(63)}…" is no label key`],
  ];
  for (const [selector, problem] of rows) assert.equal(labelSelectorProblem(selector), problem);
});

test('requirements are judged one by one, wherever they stand', () => {
  const some = (selectors: readonly string[]) =>
    fc.constantFrom(...selectors.filter((it) => /^[^,]*[^,\s][^,]*$/.test(it)));
  fc.assert(
    fc.property(fc.array(some(VALID_SELECTORS), { minLength: 1 }), (requirements) => {
      assert.equal(labelSelectorProblem(requirements.join(',')), undefined);
    }),
  );
  fc.assert(
    fc.property(
      fc.array(some(VALID_SELECTORS), { maxLength: 5 }),
      fc.array(some(VALID_SELECTORS), { maxLength: 5 }),
      some(INVALID_SELECTORS),
      (before, after, wrong) => {
        assert.notEqual(labelSelectorProblem([...before, wrong, ...after].join(',')), undefined);
      },
    ),
  );
});

test('a long selector takes no longer than it is', () => {
  for (const part of ['a,', 'a in (', ' ', '(', '!', 'a=', 'a.a-', 'a in (b),']) {
    const began = performance.now();
    labelSelectorProblem(part.repeat(500_000 / part.length));
    assert.ok(performance.now() - began < 2_000, part);
  }
});

test('a selector matches the labels that Kubernetes says it matches', () => {
  const web = { app: 'web', tier: 'front', size: '5' };
  const rows: [selector: string, matches: boolean][] = [
    ['', true],
    [' ', true],
    ['app', true],
    ['missing', false],
    ['!missing', true],
    ['!app', false],
    ['app=web', true],
    ['app==web', true],
    ['app=db', false],
    ['missing=', false],
    ['app!=db', true],
    ['app!=web', false],
    ['missing!=web', true],
    ['app in (db, web)', true],
    ['app in (db)', false],
    ['missing in (web)', false],
    ['app notin (db)', true],
    ['app notin (db,web)', false],
    ['missing notin (web)', true],
    ['app in ()', false],
    ['size>4', true],
    ['size>5', false],
    ['size<6', true],
    ['app>1', false],
    ['missing<1', false],
    ['app=web,!missing,tier in (front,back),size>4', true],
    ['app=web,tier=back', false],
    ['toString', false],
    ['!toString', true],
    ['app=web,,', false],
    ['size>many', false],
  ];
  for (const [selector, matches] of rows) assert.equal(labelMatcher(selector)(web), matches, selector);
  assert.equal(labelMatcher('app=')({ app: '' }), true);
});
