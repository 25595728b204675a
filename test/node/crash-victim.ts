/**
 * A process that starts a cluster with a pod, tells on standard output what there is now, and waits: to be killed, or
 * for SIGTERM to stop the cluster.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { createAdmin } from '../support/admin.ts';
import { eventually } from '../support/eventually.ts';
import { startCluster } from './cluster.ts';

const { access, directory, node, stop } = await startCluster();
const { server, caPem, adminToken: token } = access;
await using admin = createAdmin({ server, caPem, token });
const name = `victim-${randomBytes(4).toString('hex')}`;
const pods = '/api/v1/namespaces/default/pods';
const containers = [{ name: 'sleep', image: 'busybox', command: ['sleep', '3600'] }];
await admin.create(pods, { metadata: { name }, spec: { containers } });
await eventually('the pod runs', async () => {
  const { phase } = (await admin.get(`${pods}/${name}`))['status'] as { phase?: string };
  return phase === 'Running';
});

process.once('SIGTERM', () => void stop().then(() => process.exit(0)));
// What runs inside does so in a PID namespace, which the program that entered it names.
const namespace = readlinkSync(`/proc/${node.get('kubelet')?.pid}/ns/pid_for_children`);
const { cgroupRoot } = JSON.parse(readFileSync(`${directory}/kubelet.json`, 'utf8')) as { cgroupRoot: string };
const told = { namespace, cgroup: cgroupRoot, directories: [directory, access.directory] };
process.stdout.write(`${JSON.stringify(told)}\n`);
setInterval(() => undefined, 60_000);
