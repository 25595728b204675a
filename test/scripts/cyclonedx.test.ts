import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { bomOf, type LockFile } from '../../scripts/cyclonedx.ts';

const LOCK: LockFile = {
  packages: {
    '': {
      name: 'app',
      version: '1.0.0',
      license: 'MIT',
      dependencies: { '@s/a': '1', b: '1' },
      optionalDependencies: { n: '1' },
    },
    'node_modules/@s/a': {
      version: '1.1.0',
      license: 'ISC',
      integrity: 'sha512-AAEC',
      dependencies: { b: '2', c: '1' },
    },
    'node_modules/@s/a/node_modules/b': {
      version: '2.0.0',
      dependencies: { c: '1' },
      optionalDependencies: { absent: '1' },
    },
    'node_modules/b': { version: '1.0.0' },
    'node_modules/c': { version: '3.0.0', dependencies: { b: '1' } },
    'node_modules/d': { version: '4.0.0' },
    'node_modules/n': { version: '5.0.0' },
  },
};

test('the bill has what the project needs when it runs, each as the one that needs it sees it', () => {
  const bom = bomOf(LOCK);
  assert.deepEqual(bom.dependencies, [
    { ref: 'pkg:npm/%40s/a@1.1.0', dependsOn: ['pkg:npm/b@2.0.0', 'pkg:npm/c@3.0.0'] },
    { ref: 'pkg:npm/app@1.0.0', dependsOn: ['pkg:npm/%40s/a@1.1.0', 'pkg:npm/b@1.0.0'] },
    { ref: 'pkg:npm/b@1.0.0', dependsOn: [] },
    { ref: 'pkg:npm/b@2.0.0', dependsOn: ['pkg:npm/c@3.0.0'] },
    { ref: 'pkg:npm/c@3.0.0', dependsOn: ['pkg:npm/b@1.0.0'] },
  ]);
  assert.deepEqual(
    bom.components.map(({ purl }) => purl),
    ['pkg:npm/%40s/a@1.1.0', 'pkg:npm/b@1.0.0', 'pkg:npm/b@2.0.0', 'pkg:npm/c@3.0.0'],
  );
});

test('a component has its group, its licence and the hash that npm checks', () => {
  assert.deepEqual(bomOf(LOCK).components[0], {
    type: 'library',
    'bom-ref': 'pkg:npm/%40s/a@1.1.0',
    group: '@s',
    name: 'a',
    version: '1.1.0',
    purl: 'pkg:npm/%40s/a@1.1.0',
    licenses: [{ expression: 'ISC' }],
    hashes: [{ alg: 'SHA-512', content: '000102' }],
  });
});

test('a package that is needed and not locked is named', () => {
  const { 'node_modules/c': _, ...packages } = LOCK.packages;
  assert.throws(() => bomOf({ packages }), /^Error: package-lock\.json has no c, which node_modules\/@s\/a needs\.$/);
});

test('this project’s bill has its own dependencies and none that are for development only', () => {
  const read = (file: string): unknown => JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'));
  const { dependencies } = read('package.json') as { dependencies: Record<string, string> };
  const lock = read('package-lock.json') as LockFile & { packages: Record<string, { dev?: boolean }> };
  const { components } = bomOf(lock);
  const purls = new Set(components.map(({ purl }) => purl));
  for (const [name, version] of Object.entries(dependencies)) {
    assert.ok(purls.has(`pkg:npm/${name.replace('@', '%40')}@${version}`), name);
  }
  const places = Object.entries(lock.packages).filter(([, { dev }]) => dev !== true);
  const atRunTime = new Set(places.map(([place, { version }]) => `${place.split('node_modules/').at(-1)}@${version}`));
  const wrong = components.filter(({ group, name, version }) => {
    const fullName = group === undefined ? name : `${group}/${name}`;
    return !atRunTime.has(`${fullName}@${version}`);
  });
  assert.deepEqual(wrong, []);
});
