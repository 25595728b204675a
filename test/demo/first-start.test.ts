import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { runDemo, running } from './run-demo.ts';

/** Stands in for the Go that builds a control plane: tells its process id, and takes for ever. */
const ENDLESS_GO = `#!/bin/sh
case "$1" in
  env) echo go1.26.0 ;;
  build) echo $$ > "$PID_FILE"; exec sleep 600 ;;
esac
`;

test('without a way to the programs it says what to do, and ends with 1', async (t) => {
  const { env } = emptyMachine(t);
  const demo = runDemo(t, { env });
  assert.equal(await demo.exitCode, 1, demo.output());
  assert.match(demo.output(), /✗ Kubernetes API server\n/);
  assert.match(
    demo.output(),
    /\nA control plane needs etcd, kube-apiserver, kube-controller-manager, and no way to them worked:\n/,
  );
  assert.match(demo.output(), /\n {2}\* install Go /);
  assert.doesNotMatch(demo.output(), /\n {4}at /);
});

test('Ctrl-C ends a build of the programs and leaves nothing of it', async (t) => {
  const { env, directory, cache } = emptyMachine(t);
  const pidFile = join(directory, 'pid');
  writeFileSync(join(directory, 'go'), ENDLESS_GO, { mode: 0o755 });
  const demo = runDemo(t, { env: { ...env, PID_FILE: pidFile } });
  const text = await eventually('the build begins', () => contentOf(pidFile));
  const build = Number(text);
  assert.deepEqual(await running([build]), [build]);
  demo.signal('SIGINT');
  assert.equal(await demo.exitCode, 130, demo.output());
  assert.deepEqual(await running([build]), []);
  assert.deepEqual(
    readdirSync(cache, { recursive: true }).filter((path) => /lock|kubebins|download/.test(String(path))),
    [],
  );
});

/** The environment of a machine that has no programs, no Go and no network. */
function emptyMachine(t: TestContext): { env: NodeJS.ProcessEnv; directory: string; cache: string } {
  const directory = mkdtempSync(join(tmpdir(), 'watchbridge-first-start-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const cache = join(directory, 'cache');
  // Nothing listens on port 1.
  const proxy = { HTTPS_PROXY: 'http://127.0.0.1:1', https_proxy: 'http://127.0.0.1:1', NO_PROXY: '', no_proxy: '' };
  const env = { KUBEBUILDER_ASSETS: '', XDG_CACHE_HOME: cache, PATH: `${directory}:/bin`, ...proxy };
  return { env, directory, cache };
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8') || undefined;
  } catch {
    return undefined;
  }
}
