import { type ControlPlane, startControlPlane } from './controlplane/control-plane.ts';
import { publishCluster } from './support/cluster.ts';

let controlPlane: ControlPlane | undefined;

/** Starts the control plane of a whole test run; when it cannot, the run fails, as nothing true could be said without it. */
export async function globalSetup(): Promise<void> {
  try {
    controlPlane = await startControlPlane({
      controllerManager: true,
      tell: (line) => process.stderr.write(`${line}\n`),
    });
  } catch (error) {
    throw new Error('No test was run, because the API server they need could not be started.', { cause: error });
  }
  publishCluster(process.env, controlPlane);
}

export async function globalTeardown(): Promise<void> {
  await controlPlane?.stop();
}
