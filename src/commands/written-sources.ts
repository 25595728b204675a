import { findingText, readSources, type WrittenSource } from '../preview/read-sources.ts';
import { createSourceChecks } from '../preview/source-problems.ts';
import { EXIT, type ExitCode } from '../process/exit.ts';
import type { ApiServerSource } from '../sources/apiserver/spec.ts';
import { readManifestFiles } from './manifest-files.ts';

/** The sources that a command is about, or the exit code after what stands in the way was told on standard error. */
export async function writtenSources(
  files: readonly string[],
): Promise<{ readonly sources: readonly WrittenSource[] } | { readonly exit: ExitCode }> {
  const checks = createSourceChecks();
  const sources: WrittenSource[] = [];
  const unreadable: string[] = [];
  const wrong: string[] = [];
  for (const file of await readManifestFiles(files)) {
    if (file.is === 'unreadable') unreadable.push(file.sentence);
    else {
      const read = readSources(file.file, file.text, checks);
      sources.push(...read.sources);
      wrong.push(...read.findings.map(findingText));
    }
  }
  for (const sentence of [...unreadable, ...wrong]) process.stderr.write(`${sentence}\n`);
  if (unreadable.length > 0) return { exit: EXIT.usage };
  if (wrong.length > 0) return { exit: EXIT.failed };
  if (sources.length > 0) return { sources };
  process.stderr.write('There is no ApiServerSource in what was read; give the file that has one.\n');
  return { exit: EXIT.failed };
}

/**
 * A source as if it were stored; undefined where nobody says in which namespace.
 * @param home of the kubeconfig's context
 */
export function asStored(source: WrittenSource, home: string | undefined): ApiServerSource | undefined {
  const namespace = source.metadata.namespace || home;
  if (namespace === undefined) return undefined;
  // A source that only its author has seen has no uid, and what is made of it here is not stored.
  return { ...source, metadata: { ...source.metadata, namespace, uid: source.metadata.uid ?? 'not-created-yet' } };
}
