import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, link, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Container images in a directory, as an OCI image layout has them (`blobs/sha256/<digest>`), and next to them
 * `names/<name>`, where each name of an image has a file that holds its descriptor.
 */
export interface ImageStore {
  readonly directory: string;
  /** Keeps bytes; returns their digest and size. */
  put(bytes: Buffer): Promise<Blob>;
  /** Gives an image a name with registry and tag, for example `docker.io/library/busybox:latest`. */
  name(name: string, manifest: Descriptor): Promise<void>;
  /** Takes the image of an OCI layout that holds one, under a name. */
  take(layout: string, name: string): Promise<void>;
}

interface Blob {
  /** For example `sha256:9f86...`. */
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
}

export interface Descriptor extends Blob {
  readonly mediaType: string;
}

export async function createImageStore(directory: string): Promise<ImageStore> {
  await mkdir(join(directory, 'blobs', 'sha256'), { recursive: true });
  await mkdir(join(directory, 'names'), { recursive: true });
  const name: ImageStore['name'] = (text, manifest) =>
    writeFile(join(directory, 'names', encodeURIComponent(text)), JSON.stringify(manifest));
  return {
    directory,
    put: async (bytes) => {
      const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
      await writeFile(blobFile(directory, digest), bytes);
      return { digest, size: bytes.length };
    },
    name,
    take: async (layout, text) => {
      const index = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8')) as { manifests: Descriptor[] };
      const [manifest, ...others] = index.manifests;
      if (manifest === undefined || others.length > 0) throw new Error(`${layout} does not hold one image.`);
      const blobs = join(layout, 'blobs', 'sha256');
      for (const file of await readdir(blobs)) {
        await linkOrCopy(join(blobs, file), join(directory, 'blobs', 'sha256', file));
      }
      await name(text, manifest);
    },
  };
}

/** Where a blob is. The digest must have been checked, where it comes from outside. */
export function blobFile(directory: string, digest: string): string {
  return join(directory, 'blobs', ...digest.split(':'));
}

/** The descriptor of a named image; undefined when there is none. */
export async function findImage(directory: string, name: string): Promise<Descriptor | undefined> {
  const file = join(directory, 'names', encodeURIComponent(name));
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Descriptor) : undefined;
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  if (existsSync(to)) return;
  await link(from, to).catch(() => cp(from, to));
}
