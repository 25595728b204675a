import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { cacheDirectory, findPrograms, ProgramsMissing, waysToPrograms } from './find.ts';
import type { Program } from './program.ts';

const WANTED = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const;
/** Port 9 (discard) of this machine: nothing listens there, and the refusal is immediate. */
const NOWHERE = {
  envtest: { url: 'http://127.0.0.1:9/envtest.tar.gz', sha512: '00' },
  release: 'http://127.0.0.1:9/release',
};

test('KUBEBUILDER_ASSETS comes first, and the cache gives what is not there', async (t) => {
  const { env, assets, cache } = await machine(t);
  await install(assets, ['etcd', 'kube-apiserver', 'kubectl']);
  await install(cache, WANTED);
  const programs = await findPrograms(WANTED, () => undefined, waysToPrograms(env, NOWHERE));
  assert.equal(programs('etcd'), join(assets, 'etcd'));
  assert.equal(programs('kube-apiserver'), join(assets, 'kube-apiserver'));
  assert.equal(programs('kube-controller-manager'), join(cache, 'kube-controller-manager'));
  assert.throws(() => programs('kubectl'), /^Error: kubectl was not asked for/);
});

test('an etcd in KUBEBUILDER_ASSETS that is too old for WatchList is left alone', async (t) => {
  const { env, assets, cache } = await machine(t);
  await install(assets, WANTED, '3.5.12');
  await install(cache, ['etcd']);
  const programs = await findPrograms(WANTED, () => undefined, waysToPrograms(env, NOWHERE));
  assert.equal(programs('etcd'), join(cache, 'etcd'));
  assert.equal(programs('kube-apiserver'), join(assets, 'kube-apiserver'));
});

test('ways are tried in their order, each for what is still missing, and none after that', async () => {
  const asked: string[] = [];
  const way = (name: string, has: readonly Program[]) => ({
    name,
    find: (missing: readonly Program[]) => {
      asked.push(`${name}: ${missing.join(' ')}`);
      if (name === 'broken') throw new Error('a way that fails does not end the search');
      const found = has.filter((program) => missing.includes(program));
      return Promise.resolve({ found: new Map(found.map((program) => [program, `/${name}/${program}`])), outcome: '' });
    },
  });
  const ways = [way('first', ['etcd']), way('broken', []), way('second', ['kube-apiserver', 'etcd']), way('third', [])];
  const programs = await findPrograms(['etcd', 'kube-apiserver'], () => undefined, ways);
  assert.deepEqual([programs('etcd'), programs('kube-apiserver')], ['/first/etcd', '/second/kube-apiserver']);
  assert.deepEqual(asked, ['first: etcd kube-apiserver', 'broken: kube-apiserver', 'second: kube-apiserver']);
});

test('when no way works, one error says what each met with and what to do', async (t) => {
  const { env, assets, cache } = await machine(t);
  await install(assets, ['kubectl']);
  const told: string[] = [];
  const error = await findPrograms(WANTED, (line) => told.push(line), waysToPrograms(env, NOWHERE)).catch(
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ProgramsMissing);
  assert.equal(error.code, 'programs_missing');
  assert.deepEqual(error.missing, WANTED);
  assert.equal(
    error.message,
    `A control plane needs etcd, kube-apiserver, kube-controller-manager, and no way to them worked:
  - KUBEBUILDER_ASSETS: ${assets} has no executable etcd, kube-apiserver, kube-controller-manager.
  - cache: ${cache} has no executable etcd, kube-apiserver, kube-controller-manager.
  - download: http://127.0.0.1:9/envtest.tar.gz: connect ECONNREFUSED 127.0.0.1:9
  - build from Go modules: there is no "go" on the PATH.
Do one of these, then start again:
  * set KUBEBUILDER_ASSETS to a directory with kube-apiserver 1.36.2 and etcd 3.5.13 or newer ("setup-envtest use 1.36.2 -p path" prints one), and kube-controller-manager if it is among the missing;
  * let this machine reach github.com and dl.k8s.io;
  * install Go 1.26 (not 1.27) and let it reach a Go module proxy; the build takes some five minutes, once.`,
  );
  assert.deepEqual(told, ['downloading http://127.0.0.1:9/envtest.tar.gz']);
});

test('the cache is in XDG_CACHE_HOME, else in .cache of the home directory', () => {
  assert.match(cacheDirectory({ XDG_CACHE_HOME: '/c', HOME: '/h' }), /^\/c\/watchbridge\/controlplane\/kubernetes-1/);
  assert.match(cacheDirectory({ XDG_CACHE_HOME: '', HOME: '/h' }), /^\/h\/.cache\/watchbridge\/controlplane\/kubern/);
});

/** A machine with nothing on it: an empty PATH, an empty home directory and an empty KUBEBUILDER_ASSETS. */
async function machine(t: TestContext): Promise<{ env: NodeJS.ProcessEnv; assets: string; cache: string }> {
  const home = await mkdtemp(join(tmpdir(), 'watchbridge-home-'));
  t.after(() => rm(home, { recursive: true }));
  const assets = join(home, 'assets');
  await mkdir(assets);
  const env = { HOME: home, PATH: '', KUBEBUILDER_ASSETS: assets };
  return { env, assets, cache: cacheDirectory(env) };
}

/** Scripts in the place of programs; they can say their version as etcd does. */
async function install(directory: string, programs: readonly Program[], etcdVersion = '3.5.13'): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const program of programs) {
    await writeFile(join(directory, program), `#!/bin/sh\necho 'etcd Version: ${etcdVersion}'\n`);
    await chmod(join(directory, program), 0o755);
  }
}
