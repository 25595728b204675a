import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MANIFESTS, type Manifest, readKustomization, readManifests } from '../../scripts/manifests.ts';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import { KubeError } from '../../src/kube/errors.ts';
import type { Address } from '../../test/controlplane/access.ts';
import { manifestPath } from './manifest-path.ts';

/** What a user does to a cluster. Every call throws a `KubeError` when the API server refuses, or the demo ends. */
export interface Cluster extends AsyncDisposable {
  readonly kube: KubeClient;
  /** As `kubectl apply --server-side -k manifests`. */
  install(): Promise<void>;
  /** As `kubectl apply --server-side -f FILE`, with a file of this folder. */
  apply(file: string): Promise<void>;
  /** As `kubectl scale`. */
  scale(deployment: string, replicas: number): Promise<void>;
  /** What `kubectl get apiserversource` prints, line by line. */
  sources(): Promise<readonly string[]>;
}

const SOURCES = '/apis/sources.knative.dev/v1/namespaces/default/apiserversources';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
/** How soon what the API server does not serve yet is tried again: a CRD takes a moment. */
const RETRY_MS = 50;
const SERVED_LIMIT_MS = 15_000;
/** At once, of what a kustomization has in its order. */
const SIZE_OF_A_STEP = 8;

interface Table {
  readonly columnDefinitions: readonly { readonly name: string; readonly priority: number }[];
  readonly rows: readonly { readonly cells: readonly (string | number | boolean | null)[] }[];
}

/** Connects as the administrator. */
export function connectTo({ server, caPem, adminToken }: Address, signal: AbortSignal): Cluster {
  const credentials = { tls: { ca: caPem }, authorization: `Bearer ${adminToken}` };
  const access = { server, namespace: 'default', credentials: async () => credentials, refresh: () => undefined };
  const kube = createKubeClient(access, { userAgent: 'watchbridge-demo' });

  async function apply(manifest: Manifest): Promise<void> {
    await kube.bytes({
      method: 'PATCH',
      path: manifestPath(manifest),
      query: { fieldManager: 'demo' },
      // JSON is YAML.
      contentType: 'application/apply-patch+yaml',
      body: manifest,
      signal,
    });
  }

  /** A kind that was installed a moment ago is not served yet. */
  async function applyWhenServed(manifest: Manifest): Promise<void> {
    for (const limit = performance.now() + SERVED_LIMIT_MS; ;) {
      try {
        await apply(manifest);
        return;
      } catch (error) {
        const isEarly = error instanceof KubeError && error.code === 'notFound';
        if (!isEarly || performance.now() > limit) throw error;
        await delay(RETRY_MS, undefined, { signal });
      }
    }
  }

  return {
    kube,
    install: async () => {
      const manifests = readKustomization(MANIFESTS);
      for (let at = 0; at < manifests.length; at += SIZE_OF_A_STEP) {
        await Promise.all(manifests.slice(at, at + SIZE_OF_A_STEP).map(applyWhenServed));
      }
    },
    apply: async (file) => {
      for (const manifest of readManifests(join(import.meta.dirname, file))) await applyWhenServed(manifest);
    },
    scale: async (deployment, replicas) => {
      const path = `${DEPLOYMENTS}/${deployment}`;
      const contentType = 'application/merge-patch+json';
      await kube.bytes({ method: 'PATCH', path, contentType, body: { spec: { replicas } }, signal });
    },
    sources: async () => {
      const accept = 'application/json;as=Table;g=meta.k8s.io;v=v1';
      return linesOf(await kube.json<Table>({ path: SOURCES, accept, signal }));
    },
    [Symbol.asyncDispose]: () => kube.close(),
  };
}

/** As kubectl lays out a table: columns of priority 0, three blanks between them. */
function linesOf({ columnDefinitions, rows }: Table): readonly string[] {
  const shown = columnDefinitions.flatMap(({ priority }, column) => (priority === 0 ? [column] : []));
  const cells = [
    columnDefinitions.map(({ name }) => name.toUpperCase()),
    ...rows.map((row) => row.cells.map((cell) => String(cell ?? ''))),
  ];
  const widths = shown.map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) =>
    shown
      .map((column, at) => (row[column] ?? '').padEnd(widths[at] ?? 0))
      .join('   ')
      .trimEnd(),
  );
}
