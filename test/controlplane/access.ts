import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createAdmin } from '../support/admin.ts';
import { issueClient } from './certificates.ts';
import { loadAuthority } from './credentials.ts';
import { compact } from './etcd.ts';
import { type Credential, writeKubeconfig } from './kubeconfig.ts';

/** Where a running control plane is and how to be its administrator: plain data, so that other processes can have it. */
export interface Address {
  /** For example `https://127.0.0.1:20443`. */
  readonly server: string;
  readonly caPem: string;
  /** Where its data, logs, keys and kubeconfigs are. */
  readonly directory: string;
  /** A bearer token of the group `system:masters`. */
  readonly adminToken: string;
  /** The path of a kubeconfig with that token. */
  readonly adminKubeconfig: string;
  /** For example `http://127.0.0.1:20379`. */
  readonly etcdUrl: string;
}

/** What can be done with a control plane that runs, by whichever process it was started. */
export interface Access extends Address {
  /**
   * Writes a kubeconfig with a token of an existing ServiceAccount, good for an hour, and returns its path.
   * Throws an `AdminError` with status 404 when there is no such ServiceAccount.
   */
  kubeconfigForServiceAccount(namespace: string, name: string): Promise<string>;
  /** Writes a kubeconfig with a client certificate of that user and those groups, and returns its path. */
  kubeconfigForUser(user: string, groups: readonly string[]): Promise<string>;
  /**
   * Compacts etcd to its newest revision and returns it. An API server still answers from its own cache what it saw
   * itself: a watch from an older resourceVersion is refused (410) by an API server that was started after the write.
   */
  compactEtcd(): Promise<number>;
}

export function accessTo(address: Address): Access {
  const { server, caPem, directory, adminToken, etcdUrl } = address;
  const write = (user: string, credential: Credential): string => {
    const file = `${user.replaceAll(/[^\w.-]+/g, '_')}-${randomBytes(4).toString('hex')}.yaml`;
    return writeKubeconfig(join(directory, 'kubeconfigs', file), { server, caPem, credential });
  };
  return {
    ...address,
    kubeconfigForServiceAccount: async (namespace, name) => {
      await using admin = createAdmin({ server, caPem, token: adminToken, connections: 1 });
      const request = await admin.create(`/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds: 3600 },
      });
      const { token } = request['status'] as { token: string };
      return write(`${namespace}-${name}`, { token });
    },
    kubeconfigForUser: async (user, groups) =>
      write(user, issueClient(loadAuthority(directory), { commonName: user, organizations: groups })),
    compactEtcd: () => compact(etcdUrl),
  };
}
