// Makes a source of one's own out of this one, in a folder of its own; --help says how.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import watchbridge from '../../package.json' with { type: 'json' };

const SAMPLE = import.meta.dirname;
const NOT_COPIED: ReadonlySet<string> = new Set(['create.ts']);
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*-source$/;
/** With what is put before and after it, names of objects stay within the 63 characters of a label. */
const LONGEST_NAME = 40;

const HELP = `Usage: npx node examples/sample-source/create.ts FOLDER

Makes a project of its own for a new source: a kind, an adapter, a controller that
deploys it, manifests and tests. The last part of FOLDER names it, such as
../my-source for the kind MySource: lower-case words with dashes, -source at the
end, at most ${LONGEST_NAME} characters. The folder must not exist yet.

  -h, --help  this text
`;

/** Everything that is wrong with a command line; its folder where nothing is. */
function readFolder(positionals: readonly string[]): { folder: string } | { problems: readonly string[] } {
  const [folder, ...more] = positionals;
  if (folder === undefined) return { problems: ['No folder is given; give the one to make, such as ../my-source.'] };
  const problems: string[] = [];
  if (more.length > 0) problems.push(`One folder can be made at a time: found ${positionals.join(' ')}.`);
  const name = basename(resolve(folder));
  if (!NAME.test(name)) {
    problems.push(
      `The name must be lower-case words with dashes that end in -source, such as my-source: found ${JSON.stringify(name)}.`,
    );
  }
  if (name.length > LONGEST_NAME) {
    problems.push(`The name must have at most ${LONGEST_NAME} characters: found ${name.length}.`);
  }
  if (existsSync(folder)) problems.push(`${folder} exists already; choose another name, or remove it.`);
  return problems.length > 0 ? { problems } : { folder };
}

function create(folder: string): void {
  const name = basename(resolve(folder));
  for (const file of readdirSync(SAMPLE, { recursive: true, encoding: 'utf8' })) {
    if (!/\.(ts|yaml)$|^Dockerfile$/.test(file) || NOT_COPIED.has(file)) continue;
    const target = join(folder, renamed(file, name));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, renamed(readFileSync(join(SAMPLE, file), 'utf8'), name));
  }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(packageOf(name), undefined, 2)}\n`);
  writeFileSync(join(folder, 'tsconfig.json'), `${JSON.stringify(TSCONFIG, undefined, 2)}\n`);
  for (const ignore of ['.dockerignore', '.gitignore']) writeFileSync(join(folder, ignore), 'node_modules\n');
}

/** A text of the sample with the names of the new source in it. */
function renamed(text: string, name: string): string {
  const words = name.split('-');
  const kind = words.map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`).join('');
  const variable = `${kind.slice(0, 1).toLowerCase()}${kind.slice(1)}`;
  return text
    .replaceAll('../../src/sdk.ts', 'watchbridge/sdk')
    .replaceAll('http://sample.knative.dev/', `http://${name}.example.com/`)
    .replaceAll('dev.knative.sample', `com.example.${name}`)
    .replaceAll('samples.knative.dev', 'sources.example.com')
    .replaceAll('knative-samples', 'default')
    .replaceAll('SAMPLE_SOURCE', words.join('_').toUpperCase())
    .replaceAll('SampleSource', kind)
    .replaceAll('sampleSource', variable)
    .replaceAll('sample-source', name)
    .replaceAll('samplesource', words.join(''));
}

function packageOf(name: string): object {
  const { devDependencies, version } = watchbridge;
  return {
    name,
    version: '0.1.0',
    private: true,
    type: 'module',
    scripts: { check: 'tsc', test: 'node --test "*.test.ts"' },
    dependencies: { watchbridge: `file:watchbridge-${version}.tgz` },
    devDependencies: { '@types/node': devDependencies['@types/node'], typescript: devDependencies.typescript },
    engines: watchbridge.engines,
  };
}

const TSCONFIG = {
  compilerOptions: {
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ['*.ts'],
};

const NEXT = `
Next, here:
  npm run build && npm pack --silent --pack-destination FOLDER
and there:
  cd FOLDER && npm install && npm run check && npm test

docs/tutorial-sample-source.md goes on from there.
`;

/** The exit code: 0, 1 where the folder cannot be written, 2 for a wrong command line. */
function main(argv: readonly string[]): number {
  let positionals: readonly string[];
  try {
    const parsed = parseArgs({
      args: [...argv],
      options: { help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    });
    if (parsed.values.help === true) {
      process.stdout.write(HELP);
      return 0;
    }
    ({ positionals } = parsed);
  } catch (error) {
    // The rest of parseArgs' message is advice for other command lines.
    const [sentence = ''] = String(error instanceof Error ? error.message : error).split(/\. |\n/);
    return complain([`${sentence.replace(/\.$/, '')}.`]);
  }
  const read = readFolder(positionals);
  if ('problems' in read) return complain(read.problems);
  try {
    create(read.folder);
  } catch (error) {
    process.stderr.write(
      `${read.folder} cannot be written: ${error instanceof Error ? error.message : String(error)}.\n`,
    );
    return 1;
  }
  process.stdout.write(`Made ${read.folder}.\n${NEXT.replaceAll('FOLDER', quoted(read.folder))}`);
  return 0;
}

function complain(problems: readonly string[]): number {
  process.stderr.write(`${problems.join('\n')}\nSee npx node examples/sample-source/create.ts --help.\n`);
  return 2;
}

/** For a shell. */
function quoted(path: string): string {
  return /^[\w./~-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

process.exitCode = main(process.argv.slice(2));
