import { type NodeCluster, startCluster } from '../node/cluster.ts';
import { PRODUCT_IMAGE } from '../node/product-image.ts';
import { publishTarget, readTarget } from './target.ts';

let cluster: NodeCluster | undefined;

/** Starts a cluster for the whole run, unless the environment names one. */
export async function globalSetup(): Promise<void> {
  if (readTarget(process.env) !== undefined) return;
  try {
    cluster = await startCluster({ tell: (line) => process.stderr.write(`${line}\n`) });
  } catch (error) {
    throw new Error('No test was run, because the cluster they need could not be started.', { cause: error });
  }
  const { access, kubectl } = cluster;
  publishTarget(process.env, { kubeconfig: access.adminKubeconfig, image: PRODUCT_IMAGE, kubectl, isOwn: true });
}

export async function globalTeardown(): Promise<void> {
  await cluster?.stop();
}
