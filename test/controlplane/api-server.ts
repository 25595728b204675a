import { join } from 'node:path';
import { createAdmin } from '../support/admin.ts';
import { type Component, createComponent } from './component.ts';
import { type Credentials, credentialPaths } from './credentials.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { claimPort } from './ports.ts';
import type { Site } from './site.ts';

export interface ApiServer {
  /** For example `https://127.0.0.1:20443`. */
  readonly server: string;
  /** The path of a kubeconfig of its administrator. */
  readonly adminKubeconfig: string;
  readonly component: Component;
}

export interface ApiServerOptions {
  /** Of the component, its log and its kubeconfig. */
  readonly name: string;
  readonly etcdUrl: string;
  /** Whether Pods need an existing ServiceAccount and get its token, as in a real cluster. */
  readonly serviceAccountAdmission: boolean;
  /** More flags; a flag that is given twice has its last value. */
  readonly flags: readonly string[];
}

/** Describes an API server with RBAC; nothing runs yet. */
export async function createApiServer(site: Site, options: ApiServerOptions): Promise<ApiServer> {
  const { directory, credentials, programs, keeper } = site;
  const port = await claimPort();
  const server = `https://127.0.0.1:${port}`;
  const component = createComponent(
    {
      name: options.name,
      program: programs('kube-apiserver'),
      flags: apiServerFlags(directory, port, options),
      logFile: join(directory, `${options.name}.log`),
      // Without watches it ends in a second. With some it would hold them and its port for a minute more, its
      // --request-timeout. Its state is in etcd: nothing is lost by not waiting for that.
      graceMs: 2_000,
      isReady: () => isReady(server, credentials),
    },
    keeper,
  );
  const adminKubeconfig = writeKubeconfig(join(directory, 'kubeconfigs', `${options.name}-admin.yaml`), {
    server,
    caPem: credentials.caPem,
    credential: { token: credentials.adminToken },
  });
  return { server, adminKubeconfig, component };
}

function apiServerFlags(directory: string, port: number, options: ApiServerOptions): string[] {
  const paths = credentialPaths(directory);
  return [
    `--etcd-servers=${options.etcdUrl}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    `--tls-cert-file=${paths.serverCert}`,
    `--tls-private-key-file=${paths.serverKey}`,
    `--cert-dir=${paths.directory}`,
    `--client-ca-file=${paths.caCert}`,
    `--token-auth-file=${paths.tokens}`,
    `--service-account-key-file=${paths.serviceAccountKey}`,
    `--service-account-signing-key-file=${paths.serviceAccountKey}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    '--service-cluster-ip-range=10.0.0.0/24',
    // The endpoints of the service `kubernetes` may not be loopback addresses; nobody needs them here.
    '--endpoint-reconciler-type=none',
    '--authorization-mode=RBAC',
    '--allow-privileged=true',
    ...(options.serviceAccountAdmission ? [] : ['--disable-admission-plugins=ServiceAccount']),
    ...options.flags,
  ];
}

/** Ready, and with the namespaces that every cluster has: those are made after /readyz says yes. */
async function isReady(server: string, { caPem, adminToken }: Credentials): Promise<boolean> {
  await using admin = createAdmin({ server, caPem, token: adminToken, connections: 1 });
  const ready = await admin.request('GET', '/readyz');
  return ready.status === 200 && (await admin.request('GET', '/api/v1/namespaces/default')).status === 200;
}
