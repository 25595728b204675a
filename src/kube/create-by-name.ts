import type { KubeClient } from './client.ts';

/** An object that is not there yet, without what the API server gives it. */
interface NewObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/**
 * Creates an object by server-side apply, whose path names it: so RBAC can allow the creation of this object alone,
 * where a POST needs the right to create any (ADR 0014).
 *
 * @param path of the object
 * @param author differs between two who may create it at once with different content; 128 characters at most count
 * @throws KubeError `conflict` where somebody else made it first
 */
export async function createByName<T>(
  kube: KubeClient,
  path: string,
  object: NewObject,
  author: string,
  options: { readonly signal: AbortSignal; readonly timeoutMs?: number },
): Promise<T> {
  return await kube.json<T>({
    ...options,
    method: 'PATCH',
    path,
    query: { fieldManager: author.slice(-128), force: false },
    // JSON is YAML.
    contentType: 'application/apply-patch+yaml',
    body: object,
  });
}
