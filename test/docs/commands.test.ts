import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { page, ROOT } from './pages.ts';

const { text } = page('docs/reference/commands.md');
const main = readFileSync(join(ROOT, 'src', 'main.ts'), 'utf8');
const names = Array.from(main.matchAll(/import\('\.\/commands\/([\w-]+)\.ts'\)/g), ([, name = '']) => name);

/** The part of the page that is about a command. */
function sectionOf(name: string): string {
  const [, after = ''] = text.split(new RegExp(`^##+ ${name}$`, 'm'));
  return after.split(/^##+ /m)[0] ?? '';
}

test('every command has its part of the page of commands', () => {
  assert.ok(names.includes('adapter') && names.includes('validate'), names.join(', '));
  assert.deepEqual(
    names.filter((name) => sectionOf(name) === ''),
    [],
  );
});

test('every flag that a command names in its help stands on the page', () => {
  const common = new Set(['--help', '--file', '--kubeconfig', '--context']);
  const missing = names.flatMap((name) => {
    const source = readFileSync(join(ROOT, 'src', 'commands', `${name}.ts`), 'utf8');
    const help = /const HELP = `([^]*?)`;/.exec(source)?.[1] ?? '';
    const flags = new Set(Array.from(help.matchAll(/(?<=^|[\s[(,])--[A-Za-z][\w-]*/gm), ([flag]) => flag));
    assert.ok(flags.has('--help') || name === 'heartbeats', `${name} says nothing of --help`);
    return [...flags]
      .filter((flag) => !common.has(flag) && !sectionOf(name).includes(flag))
      .map((flag) => `${name} ${flag}`);
  });
  assert.deepEqual(missing, []);
});
