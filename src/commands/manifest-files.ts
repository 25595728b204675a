import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

/** A file that was read, or why not. */
export type ManifestFile =
  | { readonly is: 'read'; readonly file: string; readonly text: string }
  | { readonly is: 'unreadable'; readonly sentence: string };

/** Reads files of manifests; `-` is standard input. Every one that cannot be read is told. */
export async function readManifestFiles(files: readonly string[]): Promise<readonly ManifestFile[]> {
  if (files.length === 0) {
    return [{ is: 'unreadable', sentence: 'No file is given; give one with -f FILE, or -f - for standard input.' }];
  }
  return await Promise.all([...new Set(files)].map(readManifestFile));
}

async function readManifestFile(file: string): Promise<ManifestFile> {
  if (file === '-') return { is: 'read', file: '<stdin>', text: await text(process.stdin) };
  try {
    return { is: 'read', file, text: await readFile(file, 'utf8') };
  } catch (error) {
    return { is: 'unreadable', sentence: `${file} cannot be read: ${why(error as NodeJS.ErrnoException)}` };
  }
}

function why({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'ENOENT':
      return 'there is no such file.';
    case 'EISDIR':
      return 'it is a directory; give the files in it.';
    case 'EACCES':
      return 'you may not read it.';
    default:
      return `${message}.`;
  }
}
