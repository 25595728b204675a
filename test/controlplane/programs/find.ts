import { homedir } from 'node:os';
import { join } from 'node:path';
import { buildFromModules } from './build.ts';
import { lookInAssets, lookInDirectory } from './directory.ts';
import { downloadOfficial, type Downloads, OFFICIAL_DOWNLOADS } from './download.ts';
import type { Finding, Program, Programs, Tell, Way } from './program.ts';
import { ETCD_VERSION, KUBERNETES_VERSION, OLDEST_ETCD } from './versions.ts';

/** No way to the programs worked. The message says what each way met with, and what to do. */
export class ProgramsMissing extends Error {
  override readonly name = 'ProgramsMissing';
  readonly code = 'programs_missing';
  readonly missing: readonly Program[];

  constructor(missing: readonly Program[], outcomes: readonly string[]) {
    super([`A control plane needs ${missing.join(', ')}, and no way to them worked:`, ...outcomes, ADVICE].join('\n'));
    this.missing = missing;
  }
}

const ADVICE = `Do one of these, then start again:
  * set KUBEBUILDER_ASSETS to a directory with kube-apiserver ${KUBERNETES_VERSION} and etcd ${OLDEST_ETCD} or newer ("setup-envtest use ${KUBERNETES_VERSION} -p path" prints one), and kube-controller-manager if it is among the missing;
  * let this machine reach github.com and dl.k8s.io;
  * install Go 1.26 (not 1.27) and let it reach a Go module proxy; the build takes some five minutes, once.`;

/**
 * Finds the wanted programs, each by the first way that has it: the directory that KUBEBUILDER_ASSETS names, our cache,
 * a download of the official programs into the cache, a build from Go modules into the cache.
 * Throws {@link ProgramsMissing} when some cannot be had.
 */
export async function findPrograms(
  wanted: readonly Program[],
  tell: Tell,
  ways: readonly Way[] = waysToPrograms(process.env),
): Promise<Programs> {
  const paths = new Map<Program, string>();
  const outcomes: string[] = [];
  for (const way of ways) {
    const missing = wanted.filter((program) => !paths.has(program));
    if (missing.length === 0) break;
    const { found, outcome } = await attempt(way, missing, tell);
    for (const [program, path] of found) paths.set(program, path);
    outcomes.push(`  - ${way.name}: ${outcome}`);
  }
  const missing = wanted.filter((program) => !paths.has(program));
  if (missing.length > 0) throw new ProgramsMissing(missing, outcomes);
  return (program) => {
    const path = paths.get(program);
    if (path === undefined) throw new Error(`${program} was not asked for; only ${wanted.join(', ')} were.`);
    return path;
  };
}

/** The ways, in the order they are tried. */
export function waysToPrograms(env: NodeJS.ProcessEnv, downloads: Downloads = OFFICIAL_DOWNLOADS): readonly Way[] {
  const cache = cacheDirectory(env);
  return [
    lookInAssets(env['KUBEBUILDER_ASSETS']),
    lookInDirectory('cache', cache),
    downloadOfficial(downloads, cache),
    buildFromModules(env, cache),
  ];
}

/** A directory of its own for each set of versions and platform. */
export function cacheDirectory(env: NodeJS.ProcessEnv): string {
  const root = env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache');
  const key = `kubernetes-${KUBERNETES_VERSION}-etcd-${ETCD_VERSION}-${process.platform}-${process.arch}`;
  return join(root, 'watchbridge', 'controlplane', key);
}

async function attempt(way: Way, missing: readonly Program[], tell: Tell): Promise<Finding> {
  try {
    return await way.find(missing, tell);
  } catch (error) {
    return { found: new Map(), outcome: describeError(error) };
  }
}

/** The messages of an error and its causes: the cause of a failed connection is what says why. */
function describeError(error: unknown): string {
  const messages: string[] = [];
  for (let current = error; current instanceof Error; current = current.cause) messages.push(current.message);
  return messages.join(': ') || String(error);
}
