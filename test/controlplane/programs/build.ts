import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { withLock } from './lock.ts';
import { type Finding, type Program, PROGRAMS, type Tell, type Way } from './program.ts';
import { KUBERNETES_VERSION } from './versions.ts';

const SOURCE = fileURLToPath(new URL('../binaries/', import.meta.url));
/** All programs are links to this one file. */
const BUNDLE = 'kubebins';
const PROGRESS_MS = 5_000;

/** Without a version, `kubectl version` and the discovery of features are wrong. */
const LDFLAGS = [
  '-s -w',
  ...Object.entries({
    gitVersion: `v${KUBERNETES_VERSION}`,
    gitMajor: KUBERNETES_VERSION.split('.')[0],
    gitMinor: KUBERNETES_VERSION.split('.')[1],
  }).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`),
].join(' ');

/** Builds all programs, as one file, from Go modules into the cache; one process at a time. */
export function buildFromModules(env: NodeJS.ProcessEnv, cache: string): Way {
  // GOTOOLCHAIN: the Go that is installed, not one that it would download to please go.mod.
  const goEnv = { ...env, GOTOOLCHAIN: 'local', CGO_ENABLED: '0' };
  return {
    name: 'build from Go modules',
    find: async (missing, tell) => {
      const objection = await objectionToGo(goEnv);
      if (objection !== undefined) return { found: new Map(), outcome: objection };
      await mkdir(cache, { recursive: true });
      const waiting = () => tell('another process is building the control plane programs; waiting for it');
      return withLock(join(cache, 'build.lock'), waiting, async () => {
        const built = missing.every((program) => existsSync(join(cache, program)));
        if (!built) await build(goEnv, cache, tell);
        return findingIn(cache, missing);
      });
    },
  };
}

/** Why the Go on the PATH cannot build them; undefined when it can. */
async function objectionToGo(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  let output: string;
  try {
    ({ stdout: output } = await promisify(execFile)('go', ['env', 'GOVERSION'], { env }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'there is no "go" on the PATH.';
    throw error;
  }
  return objectionToVersion(output.trim());
}

/**
 * Kubernetes 1.36 needs Go 1.26. Built with Go 1.27, its API server answers /openapi/v2 with fields that are named
 * wrongly ("Extensions"), which breaks what reads it, `kubectl apply` for one.
 */
export function objectionToVersion(version: string): string | undefined {
  const minor = Number(/^go1\.(\d+)/.exec(version)?.[1] ?? Number.NaN);
  if (minor === 27)
    return `the "go" on the PATH is ${version}, which builds an API server with a broken OpenAPI; use Go 1.26.`;
  if (minor >= 26) return undefined;
  return `the "go" on the PATH is ${version}; Go 1.26 is needed.`;
}

async function build(env: NodeJS.ProcessEnv, cache: string, tell: Tell): Promise<void> {
  tell(`building Kubernetes ${KUBERNETES_VERSION} from Go modules: some five minutes on two cores, once`);
  const output = join(cache, `${BUNDLE}.${process.pid}`);
  const begun = performance.now();
  const elapsed = () => `${((performance.now() - begun) / 1000).toFixed(0)} s`;
  try {
    await goBuild(env, output, ({ modules, packages }) => {
      tell(`building: ${elapsed()}, ${modules} modules downloaded, ${packages} packages compiled`);
    });
    await rename(output, join(cache, BUNDLE));
  } finally {
    await rm(output, { force: true });
  }
  for (const program of PROGRAMS) await link(cache, program);
  tell(`built in ${elapsed()}`);
}

interface Progress {
  modules: number;
  packages: number;
}

async function goBuild(
  env: NodeJS.ProcessEnv,
  output: string,
  tellProgress: (progress: Readonly<Progress>) => void,
): Promise<void> {
  const flags = ['build', '-v', '-trimpath', '-ldflags', LDFLAGS, '-o', output, '.'];
  const go = spawn('go', flags, { cwd: SOURCE, env, stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = new Promise<number | null>((resolve, reject) => {
    go.once('error', reject);
    go.once('close', resolve);
  });
  const progress: Progress = { modules: 0, packages: 0 };
  const complaints: string[] = [];
  createInterface({ input: go.stderr }).on('line', (line) => {
    // With -v each package that is compiled is a line with its path, nothing else.
    if (/^[\w.~/-]+$/.test(line)) progress.packages += 1;
    else if (line.startsWith('go: downloading ')) progress.modules += 1;
    else complaints.push(line);
  });
  const telling = setInterval(() => tellProgress(progress), PROGRESS_MS);
  const code = await exited.finally(() => clearInterval(telling));
  if (code !== 0) throw new Error(`"go build" ended with exit code ${code}: ${complaints.slice(-5).join(' / ')}`);
}

/** Links a name to the bundle, over whatever was there, at one stroke. */
async function link(cache: string, program: Program): Promise<void> {
  const temporary = join(cache, `${program}.${process.pid}`);
  await symlink(BUNDLE, temporary);
  await rename(temporary, join(cache, program));
}

function findingIn(cache: string, missing: readonly Program[]): Finding {
  return { found: new Map(missing.map((program) => [program, join(cache, program)])), outcome: 'done.' };
}
