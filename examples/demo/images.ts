import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Pod } from './pod.ts';

/** The folders that stand in for images of the user's own, by the image's name. */
export type Images = ReadonlyMap<string, string>;

/** What a Pod runs on this machine. */
export interface Program {
  /** In words for people. */
  readonly name: string;
  /** Of Node.js. */
  readonly args: readonly string[];
  readonly folder: string;
  /** Whether it is part of the demo, which cannot go on without it. */
  readonly isOurs: boolean;
}

/** What our own manifests call our image. */
const OURS = 'watchbridge';
/** Others of ours are not needed here, or need what only a node has. */
const COMMANDS: ReadonlySet<string> = new Set(['controller', 'adapter', 'event-display']);

/**
 * Reads what `--image NAME=FOLDER` was given.
 * @param from what relative folders are relative to
 */
export function readImages(
  texts: readonly string[],
  from: string,
): { readonly images: Images } | { readonly problems: readonly string[] } {
  const images = new Map<string, string>();
  const problems: string[] = [];
  for (const text of texts) {
    const [, name = '', path = ''] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    const folder = resolve(from, path);
    if (name === '')
      problems.push(`--image must be NAME=FOLDER, such as my-source:latest=../my-source: found "${text}".`);
    else if (name === OURS) problems.push(`--image cannot be ${OURS}, which is the demo's own; choose another name.`);
    else if (images.has(name)) problems.push(`--image has ${name} twice; one folder can stand in for it.`);
    else if (!isFolder(folder)) problems.push(`--image ${name}: there is no folder ${folder}.`);
    images.set(name, folder);
  }
  return problems.length > 0 ? { problems } : { images };
}

/** What to run for a Pod; undefined where it stays pending. */
export function programOf({ spec, metadata }: Pod, images: Images, main: string): Program | undefined {
  const [{ image, args = [] }] = spec.containers;
  const [first = ''] = args;
  if (image === OURS) {
    if (!COMMANDS.has(first)) return undefined;
    // The port of the Pod may be another's here.
    const more = first === 'event-display' ? ['--port', '0'] : [];
    return { name: `The ${first}`, args: [main, ...args, ...more], folder: '.', isOurs: true };
  }
  const folder = images.get(image);
  return folder === undefined ? undefined : { name: `Pod ${metadata.name}`, args, folder, isOurs: false };
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
