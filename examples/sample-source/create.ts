// Makes a source of one's own out of this one, in a folder of its own: node examples/sample-source/create.ts my-source
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import watchbridge from '../../package.json' with { type: 'json' };

const SAMPLE = import.meta.dirname;
const NOT_COPIED: ReadonlySet<string> = new Set(['create.ts']);
/** Names of other projects would be in the way here. */
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*-source$/;

/** Writes the project. What is wrong is a sentence for the user. */
function create(argument: string | undefined): string | undefined {
  const folder = resolve(argument ?? '');
  const name = basename(folder);
  if (argument === undefined || !NAME.test(name) || name.length > 40) {
    return `Usage: node create.ts NAME, where NAME is lower-case words with dashes that end in -source, such as my-source: found ${JSON.stringify(argument ?? '')}.`;
  }
  if (existsSync(folder)) return `${folder} exists already; choose another name, or remove it.`;
  for (const file of readdirSync(SAMPLE, { recursive: true, encoding: 'utf8' })) {
    if (!/\.(ts|yaml)$|^Dockerfile$/.test(file) || NOT_COPIED.has(file)) continue;
    const target = join(folder, renamed(file, name));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, renamed(readFileSync(join(SAMPLE, file), 'utf8'), name));
  }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(packageOf(name), undefined, 2)}\n`);
  writeFileSync(join(folder, 'tsconfig.json'), `${JSON.stringify(TSCONFIG, undefined, 2)}\n`);
  writeFileSync(join(folder, '.dockerignore'), 'node_modules\n');
  return undefined;
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
  npm run build && npm pack --pack-destination FOLDER
and there:
  cd FOLDER && npm install && npm run check && npm test
`;

const [argument] = process.argv.slice(2);
const problem = create(argument);
if (problem === undefined) {
  process.stdout.write(`Made ${argument}.\n${NEXT.replaceAll('FOLDER', argument ?? '')}`);
} else {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 2;
}
