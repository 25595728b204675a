import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { test } from 'node:test';

/** The house from the roof to the cellar: a folder may import from lower floors and from itself. */
const FLOORS: readonly (readonly string[])[] = [
  ['main.ts', 'sdk.ts'],
  ['commands'],
  ['preview', 'adapter', 'sources', 'sdk', 'display'],
  ['reconcile', 'watch', 'events', 'delivery', 'checkpoint'],
  ['kube'],
  ['process', 'json', 'http'],
];

/** The only arrows along a floor, each with its reason. */
const SIDEWAYS: ReadonlySet<string> = new Set([
  // An event tells a change, and a change is what a watch says.
  'events -> watch',
  // What is delivered is a CloudEvent.
  'delivery -> events',
  // A position and an index are of a stream and its known objects.
  'checkpoint -> watch',
  // An informer is a watch whose state is kept.
  'reconcile -> watch',
  // What an adapter would do is shown by the adapter's own parts.
  'preview -> adapter',
  // What is said of a manifest is what the source's controller would make of it.
  'preview -> sources',
]);

/** The two texts by which a controller and its adapter know of each other; sources see nothing else of the adapter. */
const CONTRACT = /^adapter\/source-(config|report)\.ts$/;

const SOURCE = join(import.meta.dirname, '..', 'src');

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file, text: readFileSync(join(SOURCE, file), 'utf8') }));

test('every file of src stands in a folder of the house', () => {
  const strangers = files.map(({ file }) => room(file)).filter((name) => floor(name) < 0);
  assert.deepEqual(strangers, []);
});

test('every import points to the same folder or to a lower floor', () => {
  const wrong = files.flatMap(({ file, text }) =>
    importsOf(file, text)
      .filter((target) => !mayImport(room(file), room(target)) && !(room(file) === 'sources' && CONTRACT.test(target)))
      .map((target) => `${file} imports ${target}`),
  );
  assert.deepEqual(wrong, []);
});

test('no file imports itself by way of others', () => {
  const targets = new Map(files.map(({ file, text }) => [file, importsOf(file, text)]));
  const reached = (file: string, seen = new Set<string>()): Set<string> => {
    for (const target of targets.get(file) ?? []) if (!seen.has(target)) reached(target, seen.add(target));
    return seen;
  };
  const circles = [...targets.keys()].filter((file) => reached(file).has(file));
  assert.deepEqual(circles, []);
});

test('the world is touched only where it may be', () => {
  const rules: readonly (readonly [what: RegExp, where: RegExp])[] = [
    [/\bprocess\.exit\(/, /^(main|sdk)\.ts$/],
    [/\bprocess\.env\b/, /^(main\.ts|sdk\.ts|commands\/)/],
    [/\bDate\.now\(|\bMath\.random\(|\bperformance\.now\(/, /^process\/clock\.ts$/],
  ];
  const wrong = rules.flatMap(([what, where]) =>
    files.filter(({ file, text }) => what.test(text) && !where.test(file)).map(({ file }) => `${file}: ${what.source}`),
  );
  assert.deepEqual(wrong, []);
});

test('zod is imported as a namespace, of which the bundle takes what is used', () => {
  // With its object `z` come the texts of all languages: 55 MB of the adapter's memory at full speed.
  const wrong = files.filter(({ text }) => /import \{[^}]*\bz\b[^}]*\} from 'zod'/.test(text)).map(({ file }) => file);
  assert.deepEqual(wrong, []);
});

function importsOf(file: string, text: string): string[] {
  const relative = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+\.ts)'/g)].map((match) => match[1] ?? '');
  return relative.map((target) => posix.normalize(posix.join(posix.dirname(file), target)));
}

function mayImport(from: string, to: string): boolean {
  return from === to || floor(from) < floor(to) || SIDEWAYS.has(`${from} -> ${to}`);
}

function room(file: string): string {
  return file.split('/')[0] ?? file;
}

function floor(name: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(name));
}
