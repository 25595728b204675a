import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT } from '../../src/process/exit.ts';
import { VERSION } from '../../src/process/version.ts';

test('exit codes stay what scripts rely on', () => {
  assert.deepEqual(EXIT, { ok: 0, failed: 1, usage: 2 });
});

test('the version is one that npm understands', () => {
  assert.match(VERSION, /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/);
});
