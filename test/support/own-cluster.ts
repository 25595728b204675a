import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from '../controlplane/control-plane.ts';
import { createAdmin } from './admin.ts';
import type { Cluster } from './cluster.ts';

/** A control plane for tests that stop, freeze or compact, and its administrator. */
export type OwnCluster = ControlPlane & Cluster;

/** Starts one. It ends when it is stopped or disposed of, and with the process at the latest. */
export async function startOwnCluster(options: ControlPlaneOptions = {}): Promise<OwnCluster> {
  const controlPlane = await startControlPlane(options);
  const { server, caPem, adminToken: token } = controlPlane;
  const admin = createAdmin({ server, caPem, token });
  const stop = async (): Promise<void> => {
    await admin.close();
    await controlPlane.stop();
  };
  return { ...controlPlane, admin, stop, [Symbol.asyncDispose]: stop };
}
