import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import type { Cluster, KubeConfig, User } from '@kubernetes/client-node';
import { KubeError } from './errors.ts';
import { printable } from './printable.ts';

/** One kubeconfig file, its paths made absolute. */
export interface KubeconfigFile {
  readonly file: string;
  readonly config: Pick<KubeConfig, 'clusters' | 'users' | 'contexts' | 'currentContext'>;
  /** `users[].user.tokenFile` by the user's name. */
  readonly tokenFiles: ReadonlyMap<string, string>;
}

/** What a context stands for. */
export interface ChosenContext {
  readonly cluster: Cluster;
  readonly user: User;
  readonly tokenFile: string | undefined;
  readonly namespace: string;
}

/**
 * @param config an empty KubeConfig, to be filled
 * @throws KubeError `credentials`
 */
export async function readKubeconfig(file: string, config: KubeConfig): Promise<KubeconfigFile> {
  try {
    const text = await readFile(file, 'utf8');
    config.loadFromString(text);
    config.makePathsAbsolute(path.dirname(file));
    return { file, config, tokenFiles: tokenFilesIn(parse(text), path.dirname(file)) };
  } catch (cause) {
    // Only the first line: the YAML parser goes on with an excerpt of the file, secrets included.
    const why = printable((cause instanceof Error ? cause.message : String(cause)).split('\n', 1)[0] ?? '');
    throw new KubeError('credentials', `The kubeconfig ${file} cannot be read: ${why}.`, { cause });
  }
}

function tokenFilesIn(kubeconfig: unknown, directory: string): ReadonlyMap<string, string> {
  const { users } = kubeconfig as { users?: readonly { name: string; user?: { tokenFile?: string } | null }[] };
  return new Map(
    users?.flatMap(({ name, user }) => (user?.tokenFile ? [[name, path.resolve(directory, user.tokenFile)]] : [])),
  );
}

/** @param wanted the name of a context; absent: the first current one. @throws KubeError `credentials` */
export function chooseContext(files: readonly KubeconfigFile[], wanted: string | undefined): ChosenContext {
  const where = `the kubeconfig ${files.map(({ file }) => file).join(', ')}`;
  const contexts = files.flatMap(({ config }) => config.contexts);
  const named = `It has: ${contexts.map(({ name }) => name).join(', ') || 'none'}.`;

  const chosen = wanted ?? files.map(({ config }) => config.currentContext).find(Boolean);
  if (chosen === undefined) throw unusable(`${where} has no current context. Name a context. ${named}`);
  const context = contexts.find(({ name }) => name === chosen);
  if (context === undefined) throw unusable(`${where} has no context "${chosen}". ${named}`);
  const cluster = files.flatMap(({ config }) => config.clusters).find(({ name }) => name === context.cluster);
  if (cluster === undefined) throw unusable(`${where} has no cluster "${context.cluster}", which "${chosen}" needs.`);
  const user = context.user ? userNamed(context.user, files) : { name: 'anonymous' };
  if (user === undefined) throw unusable(`${where} has no user "${context.user}", which "${chosen}" needs.`);

  const tokenFile = files.map(({ tokenFiles }) => tokenFiles.get(user.name)).find(Boolean);
  return { cluster, user, tokenFile, namespace: context.namespace ?? 'default' };
}

function userNamed(name: string, files: readonly KubeconfigFile[]): User | undefined {
  return files.flatMap(({ config }) => config.users).find((user) => user.name === name);
}

function unusable(what: string): KubeError {
  return new KubeError('credentials', what.charAt(0).toUpperCase() + what.slice(1));
}
