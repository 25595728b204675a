import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Authority, createAuthority, issueServer } from './certificates.ts';

/** The keys and secrets of one control plane, kept in its directory so that a later start has the same ones. */
export interface Credentials {
  readonly caPem: string;
  /** A bearer token of the group `system:masters`. */
  readonly adminToken: string;
}

/** What the server's certificate is good for: clients here, and the service's names inside a cluster. */
const HOSTS = ['127.0.0.1', 'localhost', '10.0.0.1', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];

/** Where the files of a control plane in `directory` are. */
export function credentialPaths(
  directory: string,
): Record<
  'directory' | 'caCert' | 'caKey' | 'serverCert' | 'serverKey' | 'serviceAccountKey' | 'tokens' | 'adminToken',
  string
> {
  const pki = join(directory, 'pki');
  return {
    directory: pki,
    caCert: join(pki, 'ca.crt'),
    caKey: join(pki, 'ca.key'),
    serverCert: join(pki, 'server.crt'),
    serverKey: join(pki, 'server.key'),
    serviceAccountKey: join(pki, 'service-account.key'),
    tokens: join(pki, 'tokens.csv'),
    adminToken: join(pki, 'admin.token'),
  };
}

/**
 * Reads the credentials of `directory`, or makes and writes them when it has none; the server's certificate is then good
 * for `moreHosts` too.
 */
export function loadOrCreateCredentials(directory: string, moreHosts: readonly string[] = []): Credentials {
  const paths = credentialPaths(directory);
  if (!existsSync(paths.adminToken)) createCredentials(directory, [...HOSTS, ...moreHosts]);
  return { caPem: readFileSync(paths.caCert, 'utf8'), adminToken: readFileSync(paths.adminToken, 'utf8') };
}

/** The authority of the control plane in `directory`, to issue client certificates with. */
export function loadAuthority(directory: string): Authority {
  const paths = credentialPaths(directory);
  return { certPem: readFileSync(paths.caCert, 'utf8'), keyPem: readFileSync(paths.caKey, 'utf8') };
}

function createCredentials(directory: string, hosts: readonly string[]): void {
  const paths = credentialPaths(directory);
  const authority = createAuthority();
  const server = issueServer(authority, hosts);
  const serviceAccountKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const adminToken = randomBytes(24).toString('base64url');
  mkdirSync(paths.directory, { recursive: true, mode: 0o700 });
  const write = (path: string, text: string) => writeFileSync(path, text, { mode: 0o600 });
  write(paths.caCert, authority.certPem);
  write(paths.caKey, authority.keyPem);
  write(paths.serverCert, server.certPem);
  write(paths.serverKey, server.keyPem);
  write(paths.serviceAccountKey, serviceAccountKey.export({ type: 'sec1', format: 'pem' }).toString());
  // Columns: token, user, uid, groups (kubernetes.io, "Static token file").
  write(paths.tokens, `${adminToken},admin,admin,"system:masters"\n`);
  // Last: its presence says that the others are complete.
  write(paths.adminToken, adminToken);
}
