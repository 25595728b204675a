import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** The project's folder. */
export const ROOT = join(import.meta.dirname, '..', '..');

/** A Markdown page, with its path from the project's folder. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** Every page of the project: those beside README.md and those in docs/. */
export function allPages(): readonly Page[] {
  const beside = readdirSync(ROOT).map((name) => join(ROOT, name));
  const inDocs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
  return [...beside, ...inDocs.map((name) => join(ROOT, 'docs', name))]
    .filter((file) => file.endsWith('.md'))
    .map((file) => page(relative(ROOT, file)));
}

/** @param path from the project's folder */
export function page(path: string): Page {
  return { path, text: readFileSync(join(ROOT, path), 'utf8') };
}

/** The cells of every row of every table whose first cell is code; that cell comes without its code marks. */
export function rowsOf({ text }: Page): readonly (readonly string[])[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.slice(2, -2).split(' | '))
    .map((cells) => cells.with(0, (cells[0] ?? '').replaceAll('`', '')));
}

/** The sources, each with its path from the project's folder. */
export function sources(): readonly Page[] {
  return readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => page(join('src', name)));
}
