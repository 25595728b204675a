import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { downloadOfficial } from './download.ts';

const MANAGER = '#!/bin/sh\necho manager\n';

test('programs of the archive and single ones are in the cache when their sums are right', async (t) => {
  const { cache, archive, find } = await site(t, { sha256: sum('sha256', MANAGER) });
  const told: string[] = [];
  const way = find(sum('sha512', archive));
  const { found } = await way.find(['etcd', 'kube-controller-manager'], (line) => told.push(line));
  assert.deepEqual(
    [...found],
    [
      ['etcd', join(cache, 'etcd')],
      ['kube-controller-manager', join(cache, 'kube-controller-manager')],
    ],
  );
  assert.equal(execFileSync(join(cache, 'etcd'), { encoding: 'utf8' }), 'etcd\n');
  assert.equal(await readFile(join(cache, 'kube-controller-manager'), 'utf8'), MANAGER);
  assert.deepEqual((await readdir(cache)).toSorted(), ['etcd', 'kube-controller-manager']);
  assert.match(told.join('\n'), /^downloading http\S+\/envtest.tar.gz\ndownloading http\S+\/kube-controller-manager$/);
});

test('an archive with another sum is refused, and nothing of it is kept', async (t) => {
  const { cache, find } = await site(t, { sha256: sum('sha256', MANAGER) });
  const way = find(sum('sha512', 'another archive'));
  await assert.rejects(
    way.find(['etcd'], () => undefined),
    /has the sha512 sum \w{128}, not \w{128}: it was not used$/,
  );
  assert.deepEqual(await readdir(cache), []);
});

test('a program with another sum is refused, and nothing of it is kept', async (t) => {
  const { cache, find } = await site(t, { sha256: sum('sha256', 'another program') });
  const way = find('');
  await assert.rejects(
    way.find(['kube-controller-manager'], () => undefined),
    /has the sha256 sum/,
  );
  assert.deepEqual(await readdir(cache), []);
});

test('a server that does not have it is named with its answer', async (t) => {
  const { find } = await site(t, { sha256: '' });
  await assert.rejects(
    find('').find(['kubelet'], () => undefined),
    /\/kubelet\.sha256 answered 404$/,
  );
});

/** A site to download from, over a real socket, and a cache. */
async function site(t: TestContext, sums: { sha256: string }) {
  const root = await mkdtemp(join(tmpdir(), 'watchbridge-download-'));
  const tree = join(root, 'controller-tools', 'envtest');
  await mkdir(tree, { recursive: true });
  await writeFile(join(tree, 'etcd'), '#!/bin/sh\necho etcd\n');
  const archive = execFileSync('tar', ['-czf', '-', '-C', root, 'controller-tools']);
  const files: Readonly<Record<string, string | Buffer>> = {
    '/envtest.tar.gz': archive,
    '/bin/kube-controller-manager': MANAGER,
    '/bin/kube-controller-manager.sha256': `${sums.sha256}\n`,
  };
  const server = createServer((request, response) => {
    const file = files[request.url ?? ''];
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await rm(root, { recursive: true });
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cache = join(root, 'cache');
  const find = (sha512: string) =>
    downloadOfficial({ envtest: { url: `${url}/envtest.tar.gz`, sha512 }, release: `${url}/bin` }, cache);
  return { cache, archive, find };
}

function sum(algorithm: 'sha256' | 'sha512', data: string | Buffer): string {
  return createHash(algorithm).update(data).digest('hex');
}
