import assert from 'node:assert/strict';
import { test } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };
import { page, rowsOf } from './pages.ts';

test('every dependency is on the page of dependencies with its version and a reason, and no other is', () => {
  const { dependencies, devDependencies, optionalDependencies } = manifest;
  const rows = rowsOf(page('docs/reference/dependencies.md'));
  const onPage = new Map(rows.map(([name = '', version = '']) => [name, version]));
  const wanted = new Map(Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }));
  assert.deepEqual(onPage, wanted);
  assert.deepEqual(
    rows.filter(([, , reason = '']) => reason.trim() === ''),
    [],
  );
});

test('every version is an exact one', () => {
  const { dependencies, devDependencies, optionalDependencies } = manifest;
  const versions = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
  assert.deepEqual(
    versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)),
    [],
  );
});
