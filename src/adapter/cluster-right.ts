import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import type { Resource } from '../kube/resource.ts';

const PATH = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const ANSWER_WITHIN_MS = 10_000;

/**
 * Whether the account may list and watch a resource in the whole cluster. Undefined where the API server does not say.
 * The question needs no right of its own (the ClusterRole system:basic-user).
 */
export async function mayWatchCluster(
  kube: KubeClient,
  { group, version, plural }: Resource,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const may = async (verb: string): Promise<boolean> => {
    const resourceAttributes = { verb, group, version, resource: plural };
    const body = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes },
    };
    const request = { method: 'POST', path: PATH, body, signal, timeoutMs: ANSWER_WITHIN_MS } as const;
    const { status } = await kube.json<{ status?: { allowed?: boolean } }>(request);
    return status?.allowed === true;
  };
  try {
    return (await may('list')) && (await may('watch'));
  } catch (error) {
    if (error instanceof KubeError) return undefined;
    throw error;
  }
}
