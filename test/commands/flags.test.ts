import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readFlags } from '../../src/commands/flags.ts';
import { ROOT } from '../docs/pages.ts';
import { startCommand } from '../support/command.ts';

const OPTIONS = { port: { type: 'string' }, all: { type: 'boolean' } } as const;

const WRONG: readonly (readonly [argv: readonly string[], sentence: string])[] = [
  [['--prot', '1'], "Unknown option '--prot'."],
  [['--a.b'], "Unknown option '--a.b'."],
  [['-x'], "Unknown option '-x'."],
  [['--port'], "Option '--port <value>' argument missing."],
  [['--port', '--all'], "Option '--port' argument is ambiguous."],
  [['--all=1'], "Option '--all' does not take an argument."],
  [['one.yaml'], "Unexpected argument 'one.yaml'."],
];

for (const [argv, sentence] of WRONG) {
  test(`${argv.join(' ')} is told in one sentence: ${sentence}`, () => {
    assert.deepEqual(readFlags(argv, OPTIONS, { arguments: 'none' }), { is: 'wrong', sentence });
  });
}

test('help is asked for by --help and by -h', () => {
  for (const flag of ['--help', '-h']) assert.deepEqual(readFlags([flag, '--all'], OPTIONS), { is: 'help' });
});

for (const name of ['adapter', 'controller', 'ping-adapter', 'webhook', 'event-display']) {
  test(`${name} says what is wrong with its command line in one line, and ends with 2`, async (t) => {
    const { code, stdout, stderr } = await startCommand(t, [name, '--nope']).ended;
    assert.deepEqual(
      { code, stdout, stderr },
      { code: 2, stdout: '', stderr: `Unknown option '--nope'. See watchbridge ${name} --help.\n` },
    );
  });
}

test('both wrong numbers of a preview are told at once', async (t) => {
  const { code, stderr } = await startCommand(t, ['preview', '--for', 'x', '--samples', 'y']).ended;
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^--for must be .* but is "x"\. --samples must be .* but is "y"\. See watchbridge preview --help\.\n$/,
  );
});

test('the help of every command fits a terminal of 90 columns, and begins with how it is used', () => {
  const main = readFileSync(join(ROOT, 'src', 'main.ts'), 'utf8');
  const names = Array.from(main.matchAll(/import\('\.\/commands\/([\w-]+)\.ts'\)/g), ([, name = '']) => name);
  const helps = names.map((name) => {
    const source = readFileSync(join(ROOT, 'src', 'commands', `${name}.ts`), 'utf8');
    return { name, help: /const HELP = `([^]*?)`;/.exec(source)?.[1] ?? '' };
  });
  assert.ok(helps.length > 8);
  for (const { name, help } of helps) assert.ok(help.startsWith(`Usage: watchbridge ${name}`), name);
  const long = helps.flatMap(({ help }) => help.split('\n').filter((line) => line.length > 90));
  assert.deepEqual(long, []);
});
