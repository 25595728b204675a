import { existsSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../process/clock.ts';
import type { ClusterAccess } from './access.ts';
import { KubeError } from './errors.ts';
import { inClusterAccess, SERVICE_ACCOUNT_DIRECTORY } from './in-cluster.ts';

export type { ClusterAccess } from './access.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Finds the cluster, in client-go's order: the given kubeconfig, those that KUBECONFIG names, `~/.kube/config`, and
 * the ServiceAccount of the Pod we run in.
 *
 * @param options.kubeconfig one path, or several with the platform's delimiter between them
 * @param options.context a context of the kubeconfig; absent: its current one
 * @param options.serviceAccount where the kubelet put the ServiceAccount's files, where that is not the usual place
 * @throws KubeError `credentials`, with what was looked at and what to do
 */
export async function loadClusterAccess(options: {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly env: Env;
  readonly serviceAccount?: string;
}): Promise<ClusterAccess> {
  const { env, context, serviceAccount: directory = SERVICE_ACCOUNT_DIRECTORY } = options;
  const files = kubeconfigFiles(options.kubeconfig, env);
  if (files.length > 0) {
    // Only where there is one: what reads kubeconfigs takes memory that a Pod can do without.
    const { kubeconfigAccess } = await import('./kubeconfig.ts');
    return kubeconfigAccess({ files, context, clock: systemClock });
  }

  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  if (host && port && existsSync(path.join(directory, 'token'))) {
    return inClusterAccess({ host, port, directory, clock: systemClock });
  }
  throw nothingFound(env, directory);
}

/** Files that KUBECONFIG names need not exist; one that was asked for by name must. */
function kubeconfigFiles(given: string | undefined, env: Env): string[] {
  if (given) return split(given);
  if (env['KUBECONFIG']) return split(env['KUBECONFIG']).filter((file) => existsSync(file));
  return env['HOME'] ? [homeConfig(env['HOME'])].filter((file) => existsSync(file)) : [];
}

function split(paths: string): string[] {
  return paths.split(path.delimiter).filter((file) => file !== '');
}

function homeConfig(home: string): string {
  return path.join(home, '.kube', 'config');
}

function nothingFound(env: Env, directory: string): KubeError {
  const { KUBECONFIG: kubeconfig, HOME: home, KUBERNETES_SERVICE_HOST: host } = env;
  const files = kubeconfig
    ? `none of the files in KUBECONFIG (${kubeconfig}) exists`
    : `KUBECONFIG is not set and there is no ${home ? homeConfig(home) : 'home directory'}`;
  const pod = host
    ? `this Pod has no ServiceAccount token in ${directory} (is automountServiceAccountToken off?)`
    : 'this is not a Pod (KUBERNETES_SERVICE_HOST is not set)';
  return new KubeError(
    'credentials',
    `No Kubernetes cluster was found: ${files}, and ${pod}. Set KUBECONFIG, or run in a Pod with a ServiceAccount.`,
  );
}
