import { readFile } from 'node:fs/promises';
import { createKubeClient } from '../../src/kube/client.ts';
import type { Address } from '../../test/controlplane/access.ts';
import { manifestPath } from './manifest-path.ts';

/** What a user does to a cluster. Paths are the API's: `/api/v1/namespaces/shop/configmaps/settings`. */
export interface Cluster extends AsyncDisposable {
  /** Applies a manifest of this folder on the side of the server, as `kubectl apply --server-side -f FILE` does. */
  apply(file: string): Promise<void>;
  /** A merge patch (RFC 7386). */
  patch(path: string, body: object): Promise<void>;
  delete(path: string): Promise<void>;
}

/** Connects as the administrator. Every call throws a `KubeError` when the API server refuses, or `signal` is aborted. */
export function connectTo({ server, caPem, adminToken }: Address, signal: AbortSignal): Cluster {
  const credentials = { tls: { ca: caPem }, authorization: `Bearer ${adminToken}` };
  const access = { server, namespace: 'default', credentials: async () => credentials, refresh: () => undefined };
  const kube = createKubeClient(access, { userAgent: 'watchbridge-demo' });
  return {
    apply: async (file) => {
      const text = await readFile(new URL(file, import.meta.url), 'utf8');
      for (const manifest of text.split(/^---\n/m)) {
        await kube.bytes({
          method: 'PATCH',
          path: manifestPath(manifest),
          query: { fieldManager: 'demo' },
          contentType: 'application/apply-patch+yaml',
          body: manifest,
          signal,
        });
      }
    },
    patch: async (path, body) => {
      await kube.bytes({ method: 'PATCH', path, contentType: 'application/merge-patch+json', body, signal });
    },
    delete: async (path) => {
      await kube.bytes({ method: 'DELETE', path, signal });
    },
    [Symbol.asyncDispose]: () => kube.close(),
  };
}
