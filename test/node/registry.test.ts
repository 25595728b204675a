import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { claimPort } from '../controlplane/ports.ts';
import { eventually } from '../support/eventually.ts';
import { createImageStore, type Descriptor, type ImageStore } from './image-store.ts';
import { writeImage, writeLayout } from './write-image.ts';

const REGISTRY = fileURLToPath(new URL('registry-process.ts', import.meta.url));

test('an image is found by name and registry, and its parts by their digests', async (t) => {
  const { get, image } = await registry(t);
  const manifest = await get('/v2/library/tool/manifests/1?ns=docker.io');
  assert.equal(manifest.headers['docker-content-digest'], image.digest);
  assert.equal(manifest.headers['content-type'], 'application/vnd.oci.image.manifest.v1+json');
  assert.equal(manifest.body, (await get(`/v2/any/name/manifests/${image.digest}?ns=quay.io`)).body);
  const { config, layers } = JSON.parse(manifest.body) as { config: Descriptor; layers: Descriptor[] };
  for (const { digest } of [config, ...layers]) {
    const { bytes } = await get(`/v2/library/tool/blobs/${digest}?ns=docker.io`);
    assert.equal(`sha256:${createHash('sha256').update(bytes).digest('hex')}`, digest);
  }
});

test('what is not there is not found, and no path leads out of the store', async (t) => {
  const { get, scratch } = await registry(t);
  await writeFile(join(scratch, 'outside'), 'a secret');
  const paths = [
    '/v2/library/tool/manifests/2?ns=docker.io',
    '/v2/library/tool/manifests/1?ns=quay.io',
    `/v2/library/tool/blobs/sha256:${'0'.repeat(64)}`,
    '/v2/library/tool/blobs/..:..:outside',
    '/v2/library/tool/blobs/..%2f..%2foutside',
    '/v2/library/tool/manifests/..:..:outside',
    '/elsewhere',
  ];
  for (const path of paths) assert.equal((await get(path)).status, 404, path);
});

test('an image of a layout is there from the moment that it is taken', async (t) => {
  const { get, store, scratch } = await registry(t);
  const layout = await createImageStore(join(scratch, 'layout'));
  await mkdir(join(scratch, 'empty'));
  await writeLayout(layout, await writeImage(layout, join(scratch, 'empty'), { Cmd: ['/nothing'] }));
  assert.equal((await get('/v2/a/b/manifests/c?ns=quay.io')).status, 404);
  await store.take(layout.directory, 'quay.io/a/b:c');
  assert.equal((await get('/v2/a/b/manifests/c?ns=quay.io')).status, 200);
});

/** A registry that holds `docker.io/library/tool:1`. */
async function registry(t: TestContext) {
  const scratch = await mkdtemp(join(tmpdir(), 'watchbridge-registry-'));
  const store: ImageStore = await createImageStore(join(scratch, 'images'));
  await mkdir(join(scratch, 'tool'));
  await writeFile(join(scratch, 'tool', 'hello'), 'hello');
  const image = await writeImage(store, join(scratch, 'tool'), { Cmd: ['/hello'] });
  await store.name('docker.io/library/tool:1', image);
  const port = await claimPort();
  const child = spawn(process.execPath, [REGISTRY, '127.0.0.1', String(port), store.directory], { stdio: 'ignore' });
  t.after(async () => {
    child.kill();
    await once(child, 'exit');
    await rm(scratch, { recursive: true });
  });
  const get = async (path: string) => {
    const { statusCode: status, headers, body } = await request(`http://127.0.0.1:${port}${path}`);
    const bytes = Buffer.from(await body.arrayBuffer());
    return { status, headers, bytes, body: bytes.toString() };
  };
  await eventually('the registry listens', () =>
    get('/v2/').then(
      ({ status }) => status === 200,
      () => false,
    ),
  );
  return { get, store, image, scratch };
}
