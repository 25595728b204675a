import { execFile } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Descriptor, ImageStore } from './image-store.ts';
import { writeImage } from './write-image.ts';

/** The image that holds a pod's namespaces open. */
export const PAUSE_IMAGE = 'watchbridge.test/pause:1';
/** What `busybox` means, and one that walkthroughs use for the tools in it. */
const BUSYBOX_IMAGES = ['docker.io/library/busybox:latest', 'docker.io/radial/busyboxplus:curl'];
/** What walkthroughs run to have a Pod: here nothing but a Pod that stays. */
const NGINX_IMAGE = 'docker.io/library/nginx:latest';
/** The statically linked one of Debian's package busybox-static. */
const BUSYBOX = '/usr/bin/busybox';
const LIMIT_MS = 10_000;

/** Makes the images that every cluster needs, and gives them their names. `scratch` is an empty directory. */
export async function addBasicImages(store: ImageStore, scratch: string): Promise<void> {
  const pause = join(scratch, 'pause');
  await copyProgram(BUSYBOX, join(pause, 'bin', 'busybox'));
  const Entrypoint = ['/bin/busybox', 'sleep', '2147483647'];
  const sleeper = await writeImage(store, pause, { Entrypoint });
  for (const name of [PAUSE_IMAGE, NGINX_IMAGE]) await store.name(name, sleeper);

  const busybox = join(scratch, 'busybox');
  await copyProgram(BUSYBOX, join(busybox, 'bin', 'busybox'));
  await promisify(execFile)('chroot', [busybox, '/bin/busybox', '--install', '-s', '/bin'], { timeout: LIMIT_MS });
  const image = await writeImage(store, busybox, { Cmd: ['/bin/sh'], Env: ['PATH=/bin'] });
  for (const name of BUSYBOX_IMAGES) await store.name(name, image);
}

/**
 * Makes an image that stands in for the distroless Node.js image where that one cannot be had: our own Node.js at the
 * same path, the libraries that it loads, and the user `nonroot`. Returns its manifest's descriptor.
 */
export async function writeNodeBase(store: ImageStore, scratch: string): Promise<Descriptor> {
  const root = join(scratch, 'node-base');
  const program = join(root, 'nodejs', 'bin', 'node');
  await copyProgram(process.execPath, program);
  for (const library of await librariesOf(process.execPath)) await copyProgram(library, join(root, library));
  await mkdir(join(root, 'etc'));
  await writeFile(join(root, 'etc', 'passwd'), 'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n');
  await writeFile(join(root, 'etc', 'group'), 'nonroot:x:65532:\n');
  return writeImage(store, root, { Entrypoint: ['/nodejs/bin/node'], User: '65532' });
}

/** The shared libraries that a program loads, and the loader: the paths in what ldd prints. */
async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ldd', [program], { timeout: LIMIT_MS });
  return [...new Set([...stdout.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? ''))];
}

async function copyProgram(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
}
