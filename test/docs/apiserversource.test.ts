import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldRows, ruleRows } from '../manifests/field-rows.ts';
import { page } from './pages.ts';

const { text } = page('docs/reference/apiserversource.md');

/** The rows of the table under a heading. */
function rowsUnder(heading: string): readonly string[] {
  const [, after = ''] = text.split(`\n${heading}\n`);
  const [section = ''] = after.split('\n## ');
  const lines = section.split('\n').filter((line) => line.startsWith('| '));
  return lines.slice(1);
}

test('the page has every field of the spec as the schema has it', () => {
  assert.deepEqual(rowsUnder('## Spec'), fieldRows('spec'));
});

test('the page has every field of the status as the schema has it', () => {
  assert.deepEqual(rowsUnder('## Status'), fieldRows('status'));
});

test('the page has every rule of the schema', () => {
  assert.deepEqual(rowsUnder('## Rules'), ruleRows());
});
