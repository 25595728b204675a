import { join } from 'node:path';
import type { Access } from '../controlplane/access.ts';
import { type Component, createComponent } from '../controlplane/component.ts';
import { credentialPaths } from '../controlplane/credentials.ts';
import type { Keeper } from '../controlplane/keeper.ts';
import { claimPort } from '../controlplane/ports.ts';
import type { Programs } from '../controlplane/programs/program.ts';
import { createAdmin } from '../support/admin.ts';

/** Describes a scheduler that works as the administrator, on 127.0.0.1; nothing runs yet. */
export async function describeScheduler(access: Access, programs: Programs, keeper: Keeper): Promise<Component> {
  const { directory, caPem, adminToken, adminKubeconfig } = access;
  const paths = credentialPaths(directory);
  const port = await claimPort();
  return createComponent(
    {
      name: 'kube-scheduler',
      program: programs('kube-scheduler'),
      flags: [
        `--kubeconfig=${adminKubeconfig}`,
        '--bind-address=127.0.0.1',
        `--secure-port=${port}`,
        `--tls-cert-file=${paths.serverCert}`,
        `--tls-private-key-file=${paths.serverKey}`,
        // It is the only one; an election would cost seconds at each start.
        '--leader-elect=false',
      ],
      logFile: join(directory, 'kube-scheduler.log'),
      graceMs: 2_000,
      isReady: async () => {
        const server = `https://127.0.0.1:${port}`;
        await using scheduler = createAdmin({ server, caPem, token: adminToken, connections: 1 });
        return (await scheduler.request('GET', '/healthz')).status === 200;
      },
    },
    keeper,
  );
}
