import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEnvReader, type EnvReader } from '../../src/sdk/env-reader.ts';

function read(text: string | undefined, how: (env: EnvReader) => unknown): { value: unknown; problems: string[] } {
  const problems: string[] = [];
  return { value: how(createEnvReader({ V: text }, problems)), problems };
}

test('a variable is what it says, and absent or empty it is the fallback', () => {
  const rows: [string | undefined, (env: EnvReader) => unknown, unknown][] = [
    ['x', (env) => env.text('V'), 'x'],
    [undefined, (env) => env.text('V', ''), ''],
    ['', (env) => env.text('V', 'f'), 'f'],
    ['-12', (env) => env.integer('V'), -12],
    [undefined, (env) => env.integer('V', 0), 0],
    ['T', (env) => env.boolean('V'), true],
    ['0', (env) => env.boolean('V', true), false],
    [undefined, (env) => env.boolean('V', false), false],
    ['1m30s', (env) => env.durationMs('V'), 90_000],
    ['.5s', (env) => env.durationMs('V'), 500],
    [undefined, (env) => env.durationMs('V', '10s'), 10_000],
    ['a,b', (env) => env.parsed('V', 'a list', (text) => text.split(',')), ['a', 'b']],
  ];
  for (const [text, how, value] of rows) assert.deepEqual(read(text, how), { value, problems: [] }, String(how));
});

test('a variable that is missing or wrong is told with what it must be', () => {
  const rows: [string | undefined, (env: EnvReader) => unknown, string][] = [
    [undefined, (env) => env.text('V'), 'V is not set; it must be a text.'],
    ['1.5', (env) => env.integer('V'), 'V must be a whole number: found "1.5".'],
    ['9007199254740993', (env) => env.integer('V'), 'V must be a whole number: found "9007199254740993".'],
    ['yes', (env) => env.boolean('V'), 'V must be true or false: found "yes".'],
    [
      '10',
      (env) => env.durationMs('V'),
      'V must be a duration such as 10s or 1m30s, of more than nothing: found "10".',
    ],
    [
      '0s',
      (env) => env.durationMs('V'),
      'V must be a duration such as 10s or 1m30s, of more than nothing: found "0s".',
    ],
    ['u:p@h', (env) => env.parsed('V', 'a host', () => undefined), 'V must be a host: found "***@h".'],
  ];
  for (const [text, how, problem] of rows) assert.deepEqual(read(text, how).problems, [problem]);
});
