import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { buildFromModules, objectionToVersion } from './build.ts';
import { PROGRAMS } from './program.ts';
import { compareVersions, ETCD_VERSION, KUBERNETES_VERSION } from './versions.ts';

test('all programs are links to what was built, and two who want them at a time build once', async (t) => {
  const { way, cache, calls } = await machine(
    t,
    'echo k8s.io/api >&2; printf "#!/bin/sh\\nbasename \\$0\\n" > $7; chmod +x $7',
  );
  const told: string[] = [];
  const [first, second] = await Promise.all([
    way.find(['etcd', 'kubelet'], (line) => told.push(line)),
    way.find(['kube-apiserver'], (line) => told.push(line)),
  ]);
  assert.deepEqual(
    [...first.found.values(), ...second.found.values()],
    [join(cache, 'etcd'), join(cache, 'kubelet'), join(cache, 'kube-apiserver')],
  );
  for (const program of PROGRAMS) {
    assert.equal(execFileSync(join(cache, program), { encoding: 'utf8' }), `${program}\n`);
  }
  assert.deepEqual((await readdir(cache)).toSorted(), ['kubebins', ...PROGRAMS].toSorted());
  assert.equal((await calls()).filter((line) => line.startsWith('build ')).length, 1);
  assert.match(
    told.join('\n'),
    /^another process is building [^]*built in 0 s$|^building Kubernetes [^]*built in 0 s$/,
  );
});

test('the version that the API server reports is set by the build', async (t) => {
  const { way, calls } = await machine(t, 'touch $7');
  await way.find(['etcd'], () => undefined);
  const version = 'k8s.io/component-base/version';
  assert.ok(
    (await calls())
      .at(-1)
      ?.includes(`-X ${version}.gitVersion=v1.36.2 -X ${version}.gitMajor=1 -X ${version}.gitMinor=36`),
  );
});

test('a build that fails says what the compiler said, and leaves nothing', async (t) => {
  const { way, cache } = await machine(
    t,
    'echo k8s.io/api >&2; echo "main.go:1: no such module" >&2; touch $7; exit 1',
  );
  await assert.rejects(
    way.find(['etcd'], () => undefined),
    /^Error: "go build" ended with exit code 1: main\.go:1: no such module$/,
  );
  assert.deepEqual(await readdir(cache), []);
});

test('the lock of a build whose process died does not hold up the next', async (t) => {
  const { way, cache } = await machine(t, 'touch $7');
  await mkdir(cache, { recursive: true });
  await writeFile(join(cache, 'build.lock'), '');
  const aMinuteAgo = new Date(Date.now() - 60_000);
  await utimes(join(cache, 'build.lock'), aMinuteAgo, aMinuteAgo);
  assert.equal((await way.find(['etcd'], () => undefined)).found.size, 1);
});

const versions: readonly { version: string; objection: RegExp | undefined }[] = [
  { version: 'go1.25.9', objection: /is go1\.25\.9; Go 1\.26 is needed/ },
  { version: 'go1.26.0', objection: undefined },
  { version: 'go1.26rc1', objection: undefined },
  { version: 'go1.27.1', objection: /is go1\.27\.1, which builds an API server with a broken OpenAPI; use Go 1\.26/ },
  { version: 'go1.28', objection: undefined },
  { version: 'devel', objection: /is devel; Go 1\.26 is needed/ },
];
for (const { version, objection } of versions) {
  test(`${version} is ${objection === undefined ? 'taken' : 'refused'} for the build`, () => {
    const said = objectionToVersion(version);
    if (objection === undefined) assert.equal(said, undefined);
    else assert.match(said ?? '', objection);
  });
}

test('binaries/go.mod names the versions that the cache is keyed by', async () => {
  const goMod = await readFile(new URL('../binaries/go.mod', import.meta.url), 'utf8');
  assert.ok(goMod.includes(`\tk8s.io/kubernetes v${KUBERNETES_VERSION}\n`));
  assert.ok(goMod.includes(`\tgo.etcd.io/etcd/server/v3 v${ETCD_VERSION}\n`));
});

test('versions are compared by number', () => {
  assert.ok(compareVersions('3.5.9', '3.5.13') < 0);
  assert.ok(compareVersions('3.10.0', '3.9.9') > 0);
  assert.equal(compareVersions('3.5.13', '3.5.13'), 0);
});

/** A machine with a `go` that runs `script` to build (its output file is $7), and notes how it was called. */
async function machine(t: TestContext, script: string) {
  const root = await mkdtemp(join(tmpdir(), 'watchbridge-build-'));
  t.after(() => rm(root, { recursive: true }));
  const log = join(root, 'calls');
  const go = join(root, 'go');
  await writeFile(go, `#!/bin/sh\necho "$*" >> ${log}\nif [ "$1" = env ]; then echo go1.26.8; exit; fi\n${script}\n`);
  await chmod(go, 0o755);
  const cache = join(root, 'cache');
  const way = buildFromModules({ PATH: `${root}:${process.env['PATH']}`, HOME: root }, cache);
  const calls = async () => (await readFile(log, 'utf8')).trim().split('\n');
  return { way, cache, calls };
}
