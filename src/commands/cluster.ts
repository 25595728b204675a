import type { Cluster } from '../preview/gather-target.ts';
import { createKubeClient, type KubeClient } from '../kube/client.ts';
import { loadClusterAccess } from '../kube/config.ts';
import { createDiscovery } from '../kube/discovery.ts';
import { KubeError } from '../kube/errors.ts';
import { VERSION } from '../process/version.ts';

/** The cluster of the user's kubeconfig. */
export type UsersCluster =
  | (Extract<Cluster, { is: 'there' }> & {
      readonly kube: KubeClient;
      /** Of the kubeconfig's context. */
      readonly namespace: string;
    })
  | Extract<Cluster, { is: 'none' }>;

/** Finds the cluster as the adapter does. Whether it can be reached is not known before it is asked something. */
export async function findCluster(
  flags: { readonly kubeconfig?: string | undefined; readonly context?: string | undefined },
  env: Readonly<Record<string, string | undefined>>,
): Promise<UsersCluster> {
  try {
    const access = await loadClusterAccess({
      env,
      ...(flags.kubeconfig !== undefined && { kubeconfig: flags.kubeconfig }),
      ...(flags.context !== undefined && { context: flags.context }),
    });
    const kube = createKubeClient(access, { userAgent: `watchbridge-preview/${VERSION}` });
    return { is: 'there', kube, discovery: createDiscovery(kube), namespace: access.namespace };
  } catch (error) {
    if (error instanceof KubeError) return { is: 'none', why: error.message };
    throw error;
  }
}

export async function closeCluster(cluster: UsersCluster): Promise<void> {
  if (cluster.is === 'there') await cluster.kube.close();
}
