import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { page, ROOT } from './pages.ts';

const { text } = page('docs/reference/conformance.md');

/** How many rows there are of each letter, by the heading that they stand under. */
const ROWS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  Events: { E: 13 },
  Changes: { D: 7 },
  Owner: { O: 4 },
  Adapter: { A: 5 },
  'CloudEvents client': { C: 11 },
  'Environment and main': { V: 14 },
  Filters: { S: 7 },
  'The type': { T: 26 },
  Children: { K: 5 },
  Reconciler: { R: 25 },
  'End to end': { X: 28 },
  'Source conformance': { Z: 6 },
  'What upstream does not test': { N: 16 },
  'All kinds of sources': { C: 31 },
  'Environment and files': { B: 30 },
};
/** It goes on from the table before. */
const BAD_SOURCES = Array.from({ length: 21 }, (_, at) => `B${at + 31}`);

interface Row {
  readonly id: string;
  readonly tests: string;
  readonly verdict: string;
}

function rowsUnder(heading: string): readonly Row[] {
  const [, after = ''] = text.split(new RegExp(`^##+ ${heading}$`, 'm'));
  const [section = ''] = after.split(/^##+ /m);
  return section
    .split('\n')
    .filter((line) => /^\| [A-Z]\d+ \|/.test(line))
    .map((line) => {
      const [id = '', , tests = '', verdict = ''] = line.slice(2, -2).split(' | ');
      return { id, tests, verdict };
    });
}

const headings = Array.from(text.matchAll(/^##+ (.*)$/gm), ([, heading = '']) => heading);
const rows = headings.flatMap(rowsUnder);

test('every row of upstream is on the page of conformance once, and every kind of bad input', () => {
  for (const [heading, letters] of Object.entries(ROWS)) {
    const wanted = Object.entries(letters).flatMap(([letter, count]) =>
      Array.from({ length: count }, (_, at) => `${letter}${at + 1}`),
    );
    assert.deepEqual(
      rowsUnder(heading).map(({ id }) => id),
      wanted,
      heading,
    );
  }
  assert.deepEqual(
    rowsUnder('Sources').map(({ id }) => id),
    BAD_SOURCES,
  );
  const count = Object.values(ROWS)
    .flatMap((it) => Object.values(it))
    .reduce((sum, it) => sum + it, 0);
  assert.equal(rows.length, count + BAD_SOURCES.length);
});

test('every row passes by a test, or says why not', () => {
  for (const { id, tests, verdict } of rows) {
    if (verdict === 'pass') assert.match(tests, /^`test\//, id);
    else assert.match(verdict, /^(deliberate difference|not applicable): \S.{9,}/, id);
  }
});

test('every test that the page of conformance names is there', () => {
  const missing = Array.from(text.matchAll(/`(test\/[^`]+\.ts)`(?:: ("[^"]+"(?:, "[^"]+")*))?/g)).flatMap(
    ([, file = '', names = '']) => {
      if (!existsSync(join(ROOT, file))) return [file];
      const known = namesIn(file);
      return Array.from(names.matchAll(/"([^"]+)"/g), ([, name = '']) => name)
        .filter((name) => !known.some((is) => is(name)))
        .map((name) => `${file}: ${name}`);
    },
  );
  assert.deepEqual(missing, []);
});

/**
 * The names of the tests of a file, each as a question. What stands in the place of an expression has to stand in the
 * file, or in one that it imports, too.
 */
function namesIn(file: string): readonly ((name: string) => boolean)[] {
  const source = readFileSync(join(ROOT, file), 'utf8');
  const imported = Array.from(source.matchAll(/from '(\.[^']+\.ts)'/g), ([, path = '']) =>
    readFileSync(join(ROOT, dirname(file), path), 'utf8'),
  );
  const texts = [source, ...imported].join('\n');
  return Array.from(
    source.matchAll(/\btest\(\s*(?:'([^']*)'|"([^"]*)"|`([^`]*)`)/g),
    ([, single, double, template]) => {
      const exact = single ?? double;
      if (exact !== undefined) return (name: string) => name === exact;
      const parts = (template ?? '').split(/\$\{[^}]*\}/).map((part) => part.replaceAll(/[^\w\s]/g, String.raw`\$&`));
      const pattern = new RegExp(`^${parts.join('(.*)')}$`);
      return (name: string) =>
        pattern
          .exec(name)
          ?.slice(1)
          .every((filling) => texts.includes(filling)) ?? false;
    },
  );
}
