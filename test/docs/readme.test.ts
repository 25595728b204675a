import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };
import { allPages, page, type Page, ROOT } from './pages.ts';

const LINK = /\[[^\]]*\]\(([^)\s]+)\)/g;
/** A path in code marks that begins with a folder of the project, such as `src/main.ts` or `test/docs/`. */
const PATH = /`((?:src|test|bench|docs|examples|scripts|rbac|manifests|\.ci)\/[\w./-]*)`/g;

const pages = allPages();

test('the pages that a reader begins with exist', () => {
  const paths = new Set(pages.map(({ path }) => path));
  const wanted = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs/operations.md'];
  assert.deepEqual(
    wanted.filter((path) => !paths.has(path)),
    [],
  );
});

test('every relative link of every page leads to a file, and to a heading of it where it names one', () => {
  assert.deepEqual(pages.flatMap(brokenLinks), []);
});

test('every page of docs is linked from another page', () => {
  const linked = new Set(pages.flatMap((from) => linksOf(from).map(({ target }) => target)));
  assert.deepEqual(
    pages.map(({ path }) => path).filter((path) => path.startsWith('docs/') && !linked.has(path)),
    [],
  );
});

test('every npm script that a page names exists', () => {
  const wrong = pages.flatMap(({ path, text }) =>
    Array.from(text.matchAll(/\bnpm (?:run ([\w:]+)|(test)\b)/g), (match) => match[1] ?? match[2] ?? '')
      .filter((script) => !Object.hasOwn(manifest.scripts, script))
      .map((script) => `${path} names npm run ${script}`),
  );
  assert.deepEqual(wrong, []);
});

test('every file and folder of the project that a page names exists', () => {
  const wrong = pages.flatMap(({ path, text }) =>
    Array.from(text.matchAll(PATH), (match) => match[1] ?? '')
      .filter((named) => !existsSync(join(ROOT, named)))
      .map((named) => `${path} names ${named}`),
  );
  assert.deepEqual(wrong, []);
});

test('the change log begins with the version of package.json', () => {
  const [, version] = /^## (\S+)/m.exec(page('CHANGELOG.md').text) ?? [];
  assert.equal(version, manifest.version);
});

interface Link {
  readonly written: string;
  /** From the project's folder. */
  readonly target: string;
  readonly heading: string | undefined;
}

function linksOf({ path, text }: Page): readonly Link[] {
  return Array.from(text.matchAll(LINK), (match) => match[1] ?? '')
    .filter((written) => !/^[a-z]+:/.test(written))
    .map((written) => {
      const [file = '', heading] = written.split('#');
      return { written, target: file === '' ? path : join(dirname(path), file), heading };
    });
}

function brokenLinks(from: Page): readonly string[] {
  return linksOf(from)
    .filter(({ target, heading }) => !existsSync(join(ROOT, target)) || !hasHeading(target, heading))
    .map(({ written }) => `${from.path} links to ${written}`);
}

function hasHeading(path: string, heading: string | undefined): boolean {
  if (heading === undefined) return true;
  const headings = Array.from(page(path).text.matchAll(/^#+ (.+)$/gm), (match) => anchorOf(match[1] ?? ''));
  return headings.includes(heading);
}

/** As GitHub makes anchors of headings. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}
