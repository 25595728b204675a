import type { KubeClient } from '../../kube/client.ts';
import { KubeError } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import { collectionPath, type Resource } from '../../kube/resource.ts';
import { removeObject } from '../../reconcile/apply.ts';
import { GRANTED_FOR } from './rbac.ts';
import { GRANTS, SOURCES } from './resources.ts';
import type { ApiServerSource } from './spec.ts';

/** Upstream's, which it sets on every source; we do where the source has something that it cannot own. */
export const FINALIZER = 'apiserversources.sources.knative.dev';

const TIMEOUT_MS = 10_000;

/** Whether something is to be made that no owner reference would take away with the source. */
export function needsFinalizer(apply: readonly KubeObject[], { metadata }: ApiServerSource): boolean {
  const hasStrangers = apply.some((it) => it.metadata.namespace !== metadata.namespace);
  return hasStrangers && !metadata.finalizers?.includes(FINALIZER);
}

/** `conflict`: somebody wrote the source since it was read, or it is gone. @throws KubeError */
export async function setFinalizers(
  kube: Pick<KubeClient, 'json'>,
  { metadata }: ApiServerSource,
  finalizers: readonly string[],
  signal: AbortSignal,
): Promise<'written' | 'conflict'> {
  const { namespace, name, resourceVersion } = metadata;
  try {
    await kube.json({
      method: 'PATCH',
      path: `${collectionPath(SOURCES, namespace)}/${encodeURIComponent(name)}`,
      contentType: 'application/merge-patch+json',
      body: { metadata: { finalizers, resourceVersion } },
      signal,
      timeoutMs: TIMEOUT_MS,
    });
    return 'written';
  } catch (error) {
    if (error instanceof KubeError && (error.code === 'conflict' || error.code === 'notFound')) return 'conflict';
    throw error;
  }
}

/** Takes back what was granted for a source that is to go, and lets it go. False: not yet. @throws KubeError */
export async function finalize(
  kube: Pick<KubeClient, 'json'>,
  source: ApiServerSource,
  replace: (finalizers: readonly string[]) => Promise<boolean>,
  signal: AbortSignal,
): Promise<boolean> {
  const { finalizers = [], uid } = source.metadata;
  if (!finalizers.includes(FINALIZER)) return true;
  for (const resource of GRANTS) {
    for (const { metadata } of await grantedFor(kube, resource, uid, signal)) {
      await removeObject(kube, { resource, ...metadata, uid: metadata.uid ?? '' }, signal);
    }
  }
  return await replace(finalizers.filter((it) => it !== FINALIZER));
}

/** Asks the API server: what was made a moment ago is not with the informers yet. */
async function grantedFor(
  kube: Pick<KubeClient, 'json'>,
  resource: Resource,
  uid: string,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const { items } = await kube.json<{ readonly items: readonly KubeObject[] }>({
    path: collectionPath(resource),
    query: { labelSelector: `${GRANTED_FOR}=${uid}` },
    signal,
    timeoutMs: TIMEOUT_MS,
  });
  return items;
}
