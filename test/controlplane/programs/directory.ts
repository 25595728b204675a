import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Finding, Program, Way } from './program.ts';
import { compareVersions, OLDEST_ETCD } from './versions.ts';

/** Takes what a directory has under the programs' own names. */
export function lookInDirectory(name: string, directory: string): Way {
  return { name, find: (missing) => Promise.resolve(look(directory, missing)) };
}

/**
 * Takes what the directory named by KUBEBUILDER_ASSETS has, as the Go projects do. The standard archives have etcd,
 * kube-apiserver and kubectl. It may hold an etcd of the distribution that is too old: that one is left alone.
 */
export function lookInAssets(directory: string | undefined): Way {
  return {
    name: 'KUBEBUILDER_ASSETS',
    find: async (missing) => {
      if (directory === undefined || directory === '') return { found: new Map(), outcome: 'it is not set.' };
      const { found, outcome } = look(directory, missing);
      const etcd = found.get('etcd');
      const version = etcd === undefined ? undefined : await etcdVersion(etcd);
      if (version === undefined || compareVersions(version, OLDEST_ETCD) >= 0) return { found, outcome };
      return {
        found: new Map([...found].filter(([program]) => program !== 'etcd')),
        outcome: `${etcd} is version ${version}; ${OLDEST_ETCD} or newer is needed. ${outcome}`,
      };
    },
  };
}

function look(directory: string, missing: readonly Program[]): Finding {
  const found = new Map<Program, string>();
  for (const program of missing) {
    const path = join(directory, program);
    if (isExecutable(path)) found.set(program, path);
  }
  const lacking = missing.filter((program) => !found.has(program));
  return { found, outcome: `${directory} has no executable ${lacking.join(', ')}.` };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function etcdVersion(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)(program, ['--version']);
  return /etcd Version: (\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? '0.0.0';
}
