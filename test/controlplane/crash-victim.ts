/**
 * A process that starts a control plane, tells on standard output what it started, and then ends as its argument says:
 * `throw` by an uncaught exception, `wait` not before it is killed.
 */
import { startControlPlane } from './control-plane.ts';

const controlPlane = await startControlPlane({ controllerManager: true });
const components = [controlPlane.etcd, controlPlane.apiServer, controlPlane.controllerManager];
const pids = components.map((component) => component?.pid);
process.stdout.write(`${JSON.stringify({ pids, directory: controlPlane.directory })}\n`, () => {
  if (process.argv[2] === 'throw') throw new Error('a bug in a test');
});
setInterval(() => undefined, 60_000);
