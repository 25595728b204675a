import assert from 'node:assert/strict';
import { test } from 'node:test';
import { page, sources } from './pages.ts';

/** `env['NAME']`, `required(env, 'NAME'`, `{ HOME: home } = env`; event-display has a page of its own. */
const READ = /\benv\['(\w+)'\]|\(env, '(\w+)'/g;

test('every environment variable that is read is on the page of the configuration or of event-display', () => {
  const read = new Set(
    sources().flatMap(({ text }) => Array.from(text.matchAll(READ), (match) => match[1] ?? match[2] ?? '')),
  );
  assert.ok(read.has('K_SINK') && read.has('NAME') && read.has('DISPLAY_VALIDATION'), [...read].join(', '));
  const told = page('docs/reference/configuration.md').text + page('docs/reference/event-display.md').text;
  assert.deepEqual(
    [...read].filter((name) => !told.includes(`\`${name}\``)),
    [],
  );
});
