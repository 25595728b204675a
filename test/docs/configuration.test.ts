import assert from 'node:assert/strict';
import { test } from 'node:test';
import { page, sources } from './pages.ts';

/** `env['NAME']`, `required(env, 'NAME'`, `{ HOME: home } = env`; some commands have pages of their own. */
const READ = /\benv\['(\w+)'\]|\(env, '(\w+)'/g;

test('every environment variable that is read is on the page of the configuration or of its command', () => {
  const read = new Set(
    sources().flatMap(({ text }) => Array.from(text.matchAll(READ), (match) => match[1] ?? match[2] ?? '')),
  );
  assert.ok(read.has('K_SINK') && read.has('NAME') && read.has('DISPLAY_VALIDATION'), [...read].join(', '));
  const pages = ['configuration', 'controller', 'event-display', 'heartbeats', 'pingsource', 'sdk', 'sinkbinding'];
  const told = pages.map((name) => page(`docs/reference/${name}.md`).text).join('');
  assert.deepEqual(
    [...read].filter((name) => !told.includes(`\`${name}\``)),
    [],
  );
});
