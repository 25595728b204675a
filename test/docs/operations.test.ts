import assert from 'node:assert/strict';
import { test } from 'node:test';
import { page, rowsOf, sources } from './pages.ts';

/** A call that can log trouble, however it goes on. */
const CALL = /\blog(?:\.(?:warn|error|fatal)|\[[^\]]*\])\(/g;
/** A call such as `log.warn({ .. }, 'message')` or `log[.. ? 'debug' : 'warn']('message')`. */
const TROUBLE = /\blog(?:\.(?:warn|error|fatal)|\[[^\]]*'(?:warn|error)'[^\]]*\])\(\s*(?:\{[^{}]*\},)?\s*'([^']+)'/g;

test('every message of level warn and above is on the page of operations', () => {
  const calls = sources().flatMap(({ text }) => text.match(CALL) ?? []);
  const messages = sources().flatMap(({ text }) => Array.from(text.matchAll(TROUBLE), (match) => match[1] ?? ''));
  assert.equal(messages.length, calls.length, 'every call is understood');
  const told = new Set(rowsOf(page('docs/operations.md')).map(([message]) => message));
  assert.deepEqual(
    messages.filter((message) => !told.has(message)),
    [],
  );
});
