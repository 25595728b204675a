import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import { type Access, accessTo, type Address } from '../controlplane/access.ts';
import { type Admin, createAdmin } from './admin.ts';

/** The environment variable by which the global setup tells the test files of its control plane. */
const VARIABLE = 'WATCHBRIDGE_TEST_CONTROL_PLANE';

/** The control plane that all test files share, and its administrator. */
export interface Cluster extends Access {
  readonly admin: Admin;
}

let cluster: Cluster | undefined;

/**
 * The control plane (with a controller manager) that test/global-setup.ts started for this run. Its objects are
 * everybody's: a test keeps to namespaces of its own and leaves the programs alone. One that stops, freezes or compacts
 * starts a control plane for itself.
 */
export function sharedCluster(): Cluster {
  cluster ??= connect();
  return cluster;
}

/** Makes a namespace for one test, `<prefix>-<random>`, and has it deleted at the end without waiting until it is gone. */
export async function testNamespace(t: TestContext, prefix: string): Promise<string> {
  const { admin } = sharedCluster();
  const name = `${prefix}-${randomBytes(4).toString('hex')}`;
  await admin.create('/api/v1/namespaces', { metadata: { name } });
  t.after(() => admin.delete(`/api/v1/namespaces/${name}`));
  return name;
}

/** For the global setup: lets the test files, which are processes of their own, find the control plane. */
export function publishCluster(
  env: NodeJS.ProcessEnv,
  { server, caPem, directory, adminToken, adminKubeconfig, etcdUrl }: Address,
): void {
  env[VARIABLE] = JSON.stringify({ server, caPem, directory, adminToken, adminKubeconfig, etcdUrl } satisfies Address);
}

function connect(): Cluster {
  const text = process.env[VARIABLE];
  if (text === undefined) {
    throw new Error(
      'No control plane was started for this run: use "node --test --test-global-setup=test/global-setup.ts".',
    );
  }
  const address = JSON.parse(text) as Address;
  return {
    ...accessTo(address),
    admin: createAdmin({ server: address.server, caPem: address.caPem, token: address.adminToken }),
  };
}
