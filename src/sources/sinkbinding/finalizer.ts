import type { KubeClient } from '../../kube/client.ts';
import { KubeError } from '../../kube/errors.ts';
import { collectionPath } from '../../kube/resource.ts';
import { SINK_BINDINGS } from './resources.ts';
import { FINALIZER, type SinkBinding } from './spec.ts';

const TIMEOUT_MS = 10_000;

export function hasFinalizer({ metadata }: SinkBinding): boolean {
  return metadata.finalizers?.includes(FINALIZER) === true;
}

/** The binding with our finalizer, or without; undefined: somebody wrote it since, or it is gone. @throws KubeError */
export async function setFinalizer(
  kube: Pick<KubeClient, 'json'>,
  { metadata }: SinkBinding,
  is: 'there' | 'gone',
  signal: AbortSignal,
): Promise<SinkBinding | undefined> {
  const { namespace, name, resourceVersion, finalizers = [] } = metadata;
  const others = finalizers.filter((it) => it !== FINALIZER);
  try {
    return await kube.json<SinkBinding>({
      method: 'PATCH',
      path: `${collectionPath(SINK_BINDINGS, namespace)}/${encodeURIComponent(name)}`,
      contentType: 'application/merge-patch+json',
      body: { metadata: { finalizers: is === 'there' ? [...others, FINALIZER] : others, resourceVersion } },
      signal,
      timeoutMs: TIMEOUT_MS,
    });
  } catch (error) {
    if (error instanceof KubeError && (error.code === 'conflict' || error.code === 'notFound')) return undefined;
    throw error;
  }
}
