import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import { loadClusterAccess } from '../../src/kube/config.ts';
import type { OwnCluster } from './own-cluster.ts';

type Request = Parameters<KubeClient['json']>[0];

/** A client as a ServiceAccount of the installation. */
export async function accountClient(
  cluster: Pick<OwnCluster, 'kubeconfigForServiceAccount'>,
  account: string,
  namespace = 'watchbridge-system',
): Promise<KubeClient> {
  return await clientOf(await cluster.kubeconfigForServiceAccount(namespace, account));
}

export async function clientOf(kubeconfig: string): Promise<KubeClient> {
  return createKubeClient(await loadClusterAccess({ kubeconfig, env: {} }), { userAgent: 'test' });
}

/** The same client, which says what it asks, but for its lists and watches. */
export function telling(client: KubeClient, tell: (request: Request) => void): KubeClient {
  return {
    ...client,
    json: async <T>(request: Request): Promise<T> => {
      tell(request);
      return await client.json<T>(request);
    },
  };
}
