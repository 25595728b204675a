import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NAMESPACE } from './objects.ts';

/**
 * What makes a process find an API server as in a Pod, without the kubeconfig code that costs memory and that no Pod
 * loads: flags of `node` and variables for it.
 * @param directory is where the ServiceAccount's files are written
 * @param server for example `https://127.0.0.1:6443`
 */
export function asInPod(
  directory: string,
  { server, caPem, token }: { readonly server: string; readonly caPem: string; readonly token: string },
): { readonly flags: readonly string[]; readonly environment: Record<string, string> } {
  mkdirSync(directory, { recursive: true });
  const files = { token, 'ca.crt': caPem, namespace: NAMESPACE };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text, { mode: 0o600 });
  const { hostname, port } = new URL(server);
  return {
    flags: ['--import', new URL('service-account.js', import.meta.url).href],
    environment: {
      BENCH_SERVICE_ACCOUNT: directory,
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port,
      // Each of them would lead to a kubeconfig first.
      KUBECONFIG: '',
      HOME: '',
    },
  };
}
