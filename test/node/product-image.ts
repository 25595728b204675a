import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createImageStore, type ImageStore } from './image-store.ts';
import { writeNodeBase } from './images.ts';
import { writeLayout } from './write-image.ts';

/** The name under which pods of the cluster find the product. */
export const PRODUCT_IMAGE = 'watchbridge.test/watchbridge:e2e';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const LIMIT_MS = 120_000;

/**
 * Builds the image from the Dockerfile, on a base that is made from our own Node.js, with buildah and without a network,
 * and puts it into the store. The bundle in dist/ must have been built. `scratch` is a directory for what comes between.
 */
export async function addProductImage(store: ImageStore, scratch: string): Promise<void> {
  await mkdir(scratch, { recursive: true });
  const base = await createImageStore(join(scratch, 'base'));
  await writeLayout(base, await writeNodeBase(base, scratch));
  // Storage of its own: nothing of it stays, and nothing of what the machine has is seen.
  const storage = [`--root=${join(scratch, 'storage')}`, `--runroot=${join(scratch, 'run')}`, '--storage-driver=vfs'];
  const build = [
    'build',
    '--network=none',
    '--pull=false',
    '--timestamp=0',
    '--build-arg=BASE=oci:base',
    '--tag=product',
  ];
  await buildah([...storage, ...build, REPOSITORY], scratch);
  await buildah([...storage, 'push', 'product', 'oci:built'], scratch);
  await store.take(join(scratch, 'built'), PRODUCT_IMAGE);
}

async function buildah(args: readonly string[], cwd: string): Promise<void> {
  try {
    await promisify(execFile)('buildah', args, { timeout: LIMIT_MS, cwd });
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim() ?? '';
    throw new Error(`The product's image could not be built: buildah ${args.join(' ')}\n${said}`, { cause: error });
  }
}
