import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Identity } from './certificates.ts';

/** How a user proves who it is: a bearer token or a client certificate. */
export type Credential = { readonly token: string } | Identity;

/** Writes a kubeconfig with one context, readable by its owner alone, and returns its path. */
export function writeKubeconfig(
  path: string,
  options: { readonly server: string; readonly caPem: string; readonly credential: Credential },
): string {
  const name = 'watchbridge-test';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: options.server, 'certificate-authority-data': base64(options.caPem) } }],
    users: [{ name, user: userFields(options.credential) }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: 'default' } }],
    'current-context': name,
  };
  mkdirSync(dirname(path), { recursive: true });
  // A kubeconfig is YAML, and JSON is YAML.
  writeFileSync(path, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 });
  return path;
}

function userFields(credential: Credential): Record<string, string> {
  if ('token' in credential) return { token: credential.token };
  return {
    'client-certificate-data': base64(credential.certPem),
    'client-key-data': base64(credential.keyPem),
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
