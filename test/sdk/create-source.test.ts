import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { readManifests } from '../../scripts/manifests.ts';
import { ROOT } from '../docs/pages.ts';

const CREATE = join(ROOT, 'examples', 'sample-source', 'create.ts');
const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

test('a source made out of the sample has its own names, type-checks against the SDK’s types, and passes its tests', async (t) => {
  const folder = temporary(t);
  assert.deepEqual(await run(folder, CREATE, 'order-source'), [0, '']);
  const project = join(folder, 'order-source');
  const files = readdirSync(project, { recursive: true, encoding: 'utf8' }).filter((name) => /\.\w+$/.test(name));
  const left = files.filter((file) =>
    /samplesource|sample-?source|SAMPLE_SOURCE|knative\.sample|src\/sdk/i.test(
      readFileSync(join(project, file), 'utf8'),
    ),
  );
  assert.deepEqual(left, []);
  const [crd] = readManifests(join(project, 'manifests', 'crd.yaml'));
  assert.equal(crd?.metadata.name, 'ordersources.sources.example.com');

  await install(project);
  assert.deepEqual(await run(project, TSC), [0, '']);
  const tests = files.filter((file) => file.endsWith('.test.ts'));
  assert.deepEqual(tests.toSorted(), ['adapter.test.ts', 'children.test.ts']);
  assert.deepEqual(await run(project, '--test', ...tests), [0, '']);
});

test('a name that would not do is refused with what would, and an existing folder is left alone', async (t) => {
  const folder = temporary(t);
  for (const name of ['Order', 'order', './-source', 'a/../b']) {
    const [status, sentence] = await run(folder, CREATE, name);
    assert.equal(status, 2);
    assert.match(sentence, /my-source: found/);
  }
  mkdirSync(join(folder, 'order-source'));
  const [status, sentence] = await run(folder, CREATE, 'order-source');
  assert.equal(status, 2);
  assert.match(sentence, /exists already/);
  assert.deepEqual(readdirSync(join(folder, 'order-source')), []);
});

const HINT = 'See npx node examples/sample-source/create.ts --help.\n';
const MISTAKES: readonly (readonly [args: readonly string[], status: number, text: string])[] = [
  [[], 2, `No folder is given; give the one to make, such as ../my-source.\n${HINT}`],
  [['--nope'], 2, `Unknown option '--nope'.\n${HINT}`],
  [
    ['there', 'b-source'],
    2,
    [
      'One folder can be made at a time: found there b-source.',
      'The name must be lower-case words with dashes that end in -source, such as my-source: found "there".',
      `there exists already; choose another name, or remove it.\n${HINT}`,
    ].join('\n'),
  ],
  [['file/my-source'], 1, "file/my-source cannot be written: ENOTDIR: not a directory, mkdir 'file/my-source'.\n"],
];

for (const [args, status, text] of MISTAKES) {
  test(`the mistakes of create.ts ${args.join(' ')} are all told, and it ends with ${status}`, async (t) => {
    const folder = temporary(t);
    mkdirSync(join(folder, 'there'));
    writeFileSync(join(folder, 'file'), '');
    assert.deepEqual(await run(folder, CREATE, ...args), [status, text]);
    assert.deepEqual(readdirSync(folder).toSorted(), ['file', 'there']);
  });
}

/** What `npm install` would do, with the types as a build makes them, and our sources in place of the bundle. */
async function install(project: string): Promise<void> {
  const modules = join(project, 'node_modules');
  mkdirSync(modules);
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
  const watchbridge = join(modules, 'watchbridge');
  const types = join(watchbridge, 'dist', 'types');
  mkdirSync(types, { recursive: true });
  const exports = { './sdk': { types: './dist/types/src/sdk.d.ts', default: './sdk.js' } };
  writeFileSync(join(watchbridge, 'package.json'), JSON.stringify({ name: 'watchbridge', type: 'module', exports }));
  writeFileSync(join(watchbridge, 'sdk.js'), `export * from ${JSON.stringify(`file://${ROOT}/src/sdk.ts`)};\n`);
  const emitted = await run(ROOT, TSC, '--project', 'tsconfig.sdk.json', '--outDir', types);
  assert.deepEqual(emitted, [0, '']);
}

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'create-source-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** The exit code of a Node.js program, and what it wrote to stderr, or where it failed to stdout. */
async function run(cwd: string, ...args: string[]): Promise<[status: number, text: string]> {
  // A test runner inside a test would report to the outer one.
  const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
  try {
    const { stderr } = await promisify(execFile)(process.execPath, args, { cwd, env });
    return [0, stderr];
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return [code, `${stderr}${stdout}`];
  }
}
