import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Descriptor, type ImageStore } from './image-store.ts';

/** What a container of an image runs, as in the OCI image configuration. */
export interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
}

const LIMIT_MS = 60_000;
export const OCI = 'application/vnd.oci.image';
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64' };

/** Puts an image of one layer, the files under `root`, into the store; returns its manifest's descriptor. */
export async function writeImage(store: ImageStore, root: string, config: ImageConfig): Promise<Descriptor> {
  const layer = await packLayer(store, root);
  const image = {
    os: 'linux',
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    config,
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: `${OCI}.manifest.v1+json`,
    config: { mediaType: `${OCI}.config.v1+json`, ...(await store.put(Buffer.from(JSON.stringify(image)))) },
    layers: [layer],
  };
  return { mediaType: manifest.mediaType, ...(await store.put(Buffer.from(JSON.stringify(manifest)))) };
}

/** Puts the files under `root` into the store as a layer, whose digest is also that of its contents. */
export async function packLayer(store: ImageStore, root: string): Promise<Descriptor> {
  const tar = `${root}.tar`;
  const flags = ['--sort=name', '--owner=0', '--group=0', '--mtime=@0', '-cf', tar, '-C', root, '.'];
  await promisify(execFile)('tar', flags, { timeout: LIMIT_MS });
  // It is not compressed: it does not travel far.
  const layer = { mediaType: `${OCI}.layer.v1.tar`, ...(await store.put(await readFile(tar))) };
  await rm(tar);
  return layer;
}

/** Makes the store's directory an OCI layout with one image, for programs that read such. */
export async function writeLayout(store: ImageStore, manifest: Descriptor): Promise<void> {
  await mkdir(store.directory, { recursive: true });
  await writeFile(join(store.directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  await writeFile(
    join(store.directory, 'index.json'),
    JSON.stringify({ schemaVersion: 2, mediaType: `${OCI}.index.v1+json`, manifests: [manifest] }),
  );
}
