import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startCommand } from '../support/command.ts';

const directory = mkdtempSync(join(tmpdir(), 'watchbridge-'));
after(() => rmSync(directory, { recursive: true }));
const GOOD = `apiVersion: sources.knative.dev/v1
kind: ApiServerSource
metadata: {name: good, namespace: shop}
spec:
  resources: [{apiVersion: v1, kind: Pod}]
  sink: {uri: http://orders}
`;

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const good = file('good.yaml', GOOD);
const bad = file(
  'bad.yaml',
  `${GOOD}---\n${GOOD.replace('kind: Pod', 'kind: P d').replace('sink:', 'mode: x\n  sink:')}`,
);
const two = file('two.yaml', `${GOOD}---\n${GOOD}`);
const other = file('other.yaml', 'apiVersion: v1\nkind: Pod\n');
const none = join(directory, 'none.yaml');

const CASES: readonly {
  readonly argv: readonly string[];
  readonly input?: string;
  readonly code: number;
  readonly stdout?: RegExp;
  readonly stderr?: RegExp;
}[] = [
  { argv: ['validate', '-f', good], code: 0, stderr: /^1 ApiServerSource checked, nothing is wrong\.\n$/ },
  { argv: ['validate', '--file', good, two], code: 0, stderr: /^3 ApiServerSources checked/ },
  { argv: ['validate', '-f', '-'], input: GOOD, code: 0 },
  {
    argv: ['validate', '-f', '-'],
    input: 'a: b: c\n',
    code: 1,
    stdout: /^<stdin>:1:4: expected YAML; /,
    stderr: /^1 problem; /,
  },
  {
    argv: ['validate', '-f', good, '-f', bad],
    code: 1,
    stdout: /bad\.yaml:12:38: spec\.resources\[0\]\.kind: .*\n.*bad\.yaml:13:9: spec\.mode: .*\n$/,
    stderr: /^2 problems; 1 of 3 ApiServerSources has some\.\n$/,
  },
  { argv: ['validate', '-f', other], code: 1, stderr: /^There is no ApiServerSource in what was read/ },
  { argv: ['validate', '-f', none], code: 2, stderr: /none\.yaml cannot be read: there is no such file\.\n$/ },
  { argv: ['validate', '-f', directory], code: 2, stderr: /it is a directory; give the files in it\.\n$/ },
  { argv: ['validate'], code: 2, stderr: /^No file is given; give one with -f FILE/ },
  {
    argv: ['validate', '--flie', good],
    code: 2,
    stderr: /^Unknown option '--flie'\. See watchbridge validate --help\.\n$/,
  },
  { argv: ['validate', '--help'], code: 0, stdout: /^Usage: watchbridge validate/ },
  { argv: ['rbac', '--help'], code: 0, stdout: /^Usage: watchbridge rbac/ },
  { argv: ['rbac', '-f', bad], code: 1, stderr: /bad\.yaml:12:38: / },
  { argv: ['rbac', '-f', none], code: 2, stderr: /there is no such file/ },
  { argv: ['rbac', '--for', '1s', '-f', good], code: 2, stderr: /^Unknown option '--for'/ },
  { argv: ['rbac', '-f', good], code: 1, stderr: /^good: spec\.resources\[0\]: the plural name of Pod is not known\./ },
  { argv: ['preview', '--help'], code: 0, stdout: /^Usage: watchbridge preview/ },
  {
    argv: ['preview', '-f', two],
    code: 1,
    stderr: /^There are 2 ApiServerSources in what was read; give a file with one\.\n$/,
  },
  { argv: ['preview', '-f', good], code: 1, stderr: /^No Kubernetes cluster was found: / },
  {
    argv: ['preview', '-f', good, '--for', '3'],
    code: 2,
    stderr: /^--for must be a period from 1s to 24h, .* but is "3"\./,
  },
  { argv: ['preview', '-f', good, '--samples', '-1'], code: 2, stderr: /^Option '--samples' argument is ambiguous/ },
  { argv: ['preview', '-f', good, '--samples', '101'], code: 2, stderr: /^--samples must be a number from 0 to 100/ },
  { argv: ['preview', '-f', other], code: 1, stderr: /^There is no ApiServerSource/ },
  { argv: ['preview', '-f', good, '--kubeconfig', none], code: 1, stderr: /none\.yaml/ },
];

for (const { argv, input, code, stdout = /^$/, stderr = /^/ } of CASES) {
  const shown = argv.map((it) => it.replace(`${directory}/`, '').replace(directory, 'DIRECTORY')).join(' ');
  test(`${shown} ends with ${code}`, async (t) => {
    const ended = await startCommand(t, argv, input === undefined ? {} : { input }).ended;
    assert.equal(ended.code, code, ended.stdout + ended.stderr);
    assert.match(ended.stdout, stdout);
    assert.match(ended.stderr, stderr);
    assert.ok(!/\n {4}at /.test(ended.stderr), ended.stderr);
  });
}

test('a slow reader of a pipe gets all that is printed', async () => {
  const many = file(
    'many.yaml',
    Array.from({ length: 1_500 }, () => GOOD.replace('kind: Pod', 'kind: P d')).join('---\n'),
  );
  const { promise, resolve } = Promise.withResolvers<void>();
  const child = spawn(process.execPath, ['src/main.ts', 'validate', '-f', many], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  child.once('exit', () => resolve());
  // A pipe holds 64 KiB, and nobody reads it until there is no more.
  await once(child.stdout, 'readable');
  for (let before = -1; before !== child.stdout.readableLength;) {
    before = child.stdout.readableLength;
    await new Promise((later) => setTimeout(later, 1_000));
  }
  let lines = 0;
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) lines += chunk.toString().split('\n').length - 1;
  await promise;
  assert.equal(lines, 1_500);
});
