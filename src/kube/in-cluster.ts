import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import path from 'node:path';
import type { Clock } from '../process/clock.ts';
import type { ClusterAccess } from './access.ts';
import { createRotatedFile, parseCertificates, parseToken } from './rotated-file.ts';

/** Where the kubelet puts the ServiceAccount's files. */
export const SERVICE_ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The way in that a Pod has: the address from its environment, token and certificate authority from files. */
export async function inClusterAccess(pod: {
  /** KUBERNETES_SERVICE_HOST, a name or an address; an IPv6 address comes without brackets. */
  readonly host: string;
  /** KUBERNETES_SERVICE_PORT. */
  readonly port: string;
  readonly directory: string;
  readonly clock: Pick<Clock, 'monotonic'>;
}): Promise<ClusterAccess> {
  const token = createRotatedFile(path.join(pod.directory, 'token'), parseToken, pod.clock);
  const ca = createRotatedFile(path.join(pod.directory, 'ca.crt'), parseCertificates, pod.clock);

  return {
    server: `https://${isIPv6(pod.host) ? `[${pod.host}]` : pod.host}:${pod.port}`,
    namespace: await namespaceIn(pod.directory),
    credentials: async () => ({ tls: { ca: await ca.read() }, authorization: `Bearer ${await token.read()}` }),
    refresh() {
      token.forget();
      ca.forget();
    },
  };
}

async function namespaceIn(directory: string): Promise<string> {
  const text = await readFile(path.join(directory, 'namespace'), 'utf8').catch(() => '');
  return text.trim() || 'default';
}
