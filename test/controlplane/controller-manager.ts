import { join } from 'node:path';
import { createAdmin } from '../support/admin.ts';
import type { ApiServer } from './api-server.ts';
import { type Component, createComponent } from './component.ts';
import { type Credentials, credentialPaths } from './credentials.ts';
import { claimPort } from './ports.ts';
import type { Site } from './site.ts';

/** Describes a controller manager that works as the administrator of `apiServer`; nothing runs yet. */
export async function createControllerManager(site: Site, apiServer: ApiServer): Promise<Component> {
  const { directory, credentials, programs, keeper } = site;
  const paths = credentialPaths(directory);
  const port = await claimPort();
  return createComponent(
    {
      name: 'kube-controller-manager',
      program: programs('kube-controller-manager'),
      flags: [
        `--kubeconfig=${apiServer.adminKubeconfig}`,
        '--bind-address=127.0.0.1',
        `--secure-port=${port}`,
        `--tls-cert-file=${paths.serverCert}`,
        `--tls-private-key-file=${paths.serverKey}`,
        `--cluster-signing-cert-file=${paths.caCert}`,
        `--cluster-signing-key-file=${paths.caKey}`,
        `--root-ca-file=${paths.caCert}`,
        `--service-account-private-key-file=${paths.serviceAccountKey}`,
        // It is the only one; an election would cost seconds at each start.
        '--leader-elect=false',
        // Tests make and delete many namespaces; with the defaults (20 and 30) those would wait for each other.
        '--kube-api-qps=500',
        '--kube-api-burst=1000',
      ],
      logFile: join(directory, 'kube-controller-manager.log'),
      graceMs: 2_000,
      isReady: () => isReady(`https://127.0.0.1:${port}`, apiServer.server, credentials),
    },
    keeper,
  );
}

/** Healthy, and at work: it answers /healthz before its first controller runs, and one makes this account early on. */
async function isReady(itself: string, apiServer: string, { caPem, adminToken }: Credentials): Promise<boolean> {
  const identity = { caPem, token: adminToken, connections: 1 };
  await using manager = createAdmin({ server: itself, ...identity });
  if ((await manager.request('GET', '/healthz')).status !== 200) return false;
  await using admin = createAdmin({ server: apiServer, ...identity });
  const account = await admin.request('GET', '/api/v1/namespaces/default/serviceaccounts/default');
  return account.status === 200;
}
