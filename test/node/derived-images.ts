import { copyFile, cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { derivedName } from './derived-name.ts';
import { blobFile, type Descriptor, findImage, type ImageStore } from './image-store.ts';
import { PRODUCT_IMAGE } from './product-image.ts';
import { type ImageConfig, OCI, packLayer } from './write-image.ts';

const NODE = '/nodejs/bin/node';
const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const SAMPLE = join(REPOSITORY, 'examples', 'sample-source');
const SAMPLE_FOLDER = '/sample';

/**
 * Makes images out of the product's, which has to be in the store: one for each program that walkthroughs take an image
 * for, so that their manifests need no command; and that of the sample source. `scratch` is for what comes between.
 */
export async function addDerivedImages(store: ImageStore, scratch: string): Promise<void> {
  const product = await findImage(store.directory, PRODUCT_IMAGE);
  if (product === undefined) throw new Error(`The store has no ${PRODUCT_IMAGE} to make other images of.`);
  for (const command of ['event-display', 'heartbeats'] as const) {
    const image = await deriveImage(store, product, { Entrypoint: [NODE, '/app/dist/main.js', command] });
    await store.name(derivedName(PRODUCT_IMAGE, command), image);
  }
  const config = { Entrypoint: [NODE], WorkingDir: SAMPLE_FOLDER };
  const sample = await deriveImage(store, product, config, await layOutSample(scratch));
  await store.name(derivedName(PRODUCT_IMAGE, 'sample-source'), sample);
}

/** What its Dockerfile makes of a source of one's own: the sources, and the package with the SDK among its modules. */
async function layOutSample(scratch: string): Promise<string> {
  const root = join(scratch, 'sample-source');
  const folder = join(root, SAMPLE_FOLDER);
  const watchbridge = join(folder, 'node_modules', 'watchbridge');
  await cp(join(REPOSITORY, 'dist', 'sdk'), join(watchbridge, 'dist', 'sdk'), { recursive: true });
  await copyFile(join(REPOSITORY, 'package.json'), join(watchbridge, 'package.json'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}\n');
  const names = (await readdir(SAMPLE)).filter((name) => name.endsWith('.ts'));
  for (const name of names) {
    await copyFile(join(SAMPLE, name), join(folder, name));
    const text = await readFile(join(folder, name), 'utf8');
    await writeFile(join(folder, name), text.replaceAll('../../src/sdk.ts', 'watchbridge/sdk'));
  }
  return root;
}

interface Manifest {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

interface Configuration {
  readonly config: ImageConfig;
  readonly rootfs: { readonly type: string; readonly diff_ids: readonly string[] };
}

/** An image with the layers of another one and, where there is a `root`, one more with the files under it. */
async function deriveImage(
  store: ImageStore,
  from: Descriptor,
  change: ImageConfig,
  root?: string,
): Promise<Descriptor> {
  const read = async <T>({ digest }: Descriptor): Promise<T> =>
    JSON.parse(await readFile(blobFile(store.directory, digest), 'utf8')) as T;
  const manifest = await read<Manifest>(from);
  const { config, rootfs, ...rest } = await read<Configuration>(manifest.config);
  const layer = root === undefined ? undefined : await packLayer(store, root);
  const added = layer === undefined ? [] : [layer];
  // What was done to make the other one is no history of this one.
  const { history: _history, ...kept } = rest as { readonly history?: unknown };
  const configuration = {
    ...kept,
    config: { ...config, ...change },
    rootfs: { ...rootfs, diff_ids: [...rootfs.diff_ids, ...added.map(({ digest }) => digest)] },
  };
  const text = {
    ...manifest,
    config: { mediaType: `${OCI}.config.v1+json`, ...(await store.put(Buffer.from(JSON.stringify(configuration)))) },
    layers: [...manifest.layers, ...added],
  };
  return { mediaType: from.mediaType, ...(await store.put(Buffer.from(JSON.stringify(text)))) };
}
