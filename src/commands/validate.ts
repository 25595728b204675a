import { findingText, readSources } from '../preview/read-sources.ts';
import { createSourceChecks } from '../preview/source-problems.ts';
import { EXIT, type ExitCode } from '../process/exit.ts';
import { FILE_FLAG, readFlags } from './flags.ts';
import { readManifestFiles } from './manifest-files.ts';

const HELP = `Usage: watchbridge validate -f FILE...

Says everything that is wrong with the ApiServerSources in YAML or JSON files,
one line a problem: FILE:LINE:COLUMN: FIELD: what was expected, what was found.
No cluster is asked; the rules are those of the CRD, and what the controller and
the adapter would stop at. Objects of other kinds are passed over.

  -f, --file FILE  a file of one or more documents, or - for standard input;
                   may be given several times
  -h, --help       print this

Exit code: 0 nothing is wrong, 1 something is, 2 wrong arguments or a file that
cannot be read.
`;

/** `watchbridge validate`. */
export async function validate(argv: readonly string[]): Promise<ExitCode> {
  const flags = readFlags(argv, FILE_FLAG);
  switch (flags.is) {
    case 'help':
      process.stdout.write(HELP);
      return EXIT.ok;
    case 'wrong':
      process.stderr.write(`${flags.sentence} See watchbridge validate --help.\n`);
      return EXIT.usage;
    case 'run':
      return await run([...(flags.values.file ?? []), ...flags.positionals]);
  }
}

async function run(files: readonly string[]): Promise<ExitCode> {
  const checks = createSourceChecks();
  let sources = 0;
  let bad = 0;
  let problems = 0;
  let unreadable = 0;
  for (const file of await readManifestFiles(files)) {
    if (file.is === 'unreadable') {
      unreadable++;
      process.stderr.write(`${file.sentence}\n`);
      continue;
    }
    const read = readSources(file.file, file.text, checks);
    sources += read.total;
    bad += read.total - read.sources.length;
    problems += read.findings.length;
    for (const finding of read.findings) process.stdout.write(`${findingText(finding)}\n`);
  }
  if (unreadable > 0) return EXIT.usage;
  if (sources === 0 && problems === 0) {
    process.stderr.write('There is no ApiServerSource in what was read; give the file that has one.\n');
    return EXIT.failed;
  }
  process.stderr.write(`${summary(problems, bad, sources)}\n`);
  return problems === 0 ? EXIT.ok : EXIT.failed;
}

function summary(problems: number, bad: number, sources: number): string {
  const count = (many: number, noun: string): string => `${many} ${noun}${many === 1 ? '' : 's'}`;
  if (sources === 0) return `${count(problems, 'problem')}; no ApiServerSource could be read.`;
  if (problems === 0) return `${count(sources, 'ApiServerSource')} checked, nothing is wrong.`;
  return `${count(problems, 'problem')}; ${bad} of ${count(sources, 'ApiServerSource')} ${bad === 1 ? 'has' : 'have'} some.`;
}
