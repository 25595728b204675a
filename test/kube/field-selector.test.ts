import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldSelectorProblem } from '../../src/kube/field-selector.ts';
import { INVALID_FIELD_SELECTORS, VALID_FIELD_SELECTORS } from './field-selectors.ts';

test('a field selector that Kubernetes takes has no problem', () => {
  for (const selector of VALID_FIELD_SELECTORS) assert.equal(fieldSelectorProblem(selector), undefined, selector);
});

test('a field selector that Kubernetes refuses has a problem', () => {
  for (const selector of INVALID_FIELD_SELECTORS) assert.notEqual(fieldSelectorProblem(selector), undefined, selector);
});

test('a problem names the term that is wrong', () => {
  assert.equal(fieldSelectorProblem('metadata.name=a,status.phase'), '"status.phase" is no comparison of a field');
  assert.equal(fieldSelectorProblem('x'.repeat(80)), `"${'x'.repeat(63)}…" is no comparison of a field`);
});
