import { isDeepStrictEqual } from 'node:util';
import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import type { KubeObject } from '../kube/object.ts';
import { collectionPath, type Resource } from '../kube/resource.ts';
import { type Condition, keepTransitionTimes } from './conditions.ts';

/** The part of a status that every kind has; the rest is the kind's own. */
export interface ConditionedStatus {
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
}

export type StatusWritten =
  /** The status that the object has says the same. */
  | { readonly is: 'unchanged' }
  | { readonly is: 'written'; readonly object: KubeObject }
  /** Somebody wrote the object since it was read: gather again. */
  | { readonly is: 'conflict' }
  | { readonly is: 'gone' };

const TIMEOUT_MS = 15_000;

/**
 * Writes a status, if it says something else than that of `object`, as a merge patch of the status subresource that
 * holds for this resourceVersion only. `observedGeneration` becomes the generation of `object`, and a condition that
 * is what it was keeps its time.
 *
 * @param status the whole of it: a field that it lacks is taken away
 * @throws KubeError
 */
export async function writeStatus<S extends ConditionedStatus>(
  kube: Pick<KubeClient, 'json'>,
  resource: Resource,
  object: KubeObject & { readonly status?: S },
  status: S,
  signal: AbortSignal,
): Promise<StatusWritten> {
  const { name, namespace, generation, resourceVersion } = object.metadata;
  const before: ConditionedStatus = object.status ?? {};
  const { conditions } = status;
  const after = {
    ...status,
    ...(conditions !== undefined && { conditions: keepTransitionTimes(before.conditions ?? [], conditions) }),
    ...(generation !== undefined && { observedGeneration: generation }),
  };
  const patch = mergePatch(before, asJson(after));
  if (patch === undefined) return { is: 'unchanged' };
  try {
    const written = await kube.json<KubeObject>({
      method: 'PATCH',
      path: `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}/status`,
      contentType: 'application/merge-patch+json',
      body: { metadata: { resourceVersion }, status: patch },
      signal,
      timeoutMs: TIMEOUT_MS,
    });
    return { is: 'written', object: written };
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    if (error.code === 'conflict') return { is: 'conflict' };
    if (error.code === 'notFound') return { is: 'gone' };
    throw error;
  }
}

/** What turns one JSON value into another (RFC 7386); undefined where they are equal. Lists are replaced as a whole. */
function mergePatch(before: unknown, after: unknown): unknown {
  if (!isRecord(before) || !isRecord(after)) return isDeepStrictEqual(before, after) ? undefined : after;
  const removed = Object.keys(before).filter((key) => !Object.hasOwn(after, key) && before[key] !== null);
  const changed = Object.entries(after).flatMap(([key, value]): [string, unknown][] => {
    const patch = mergePatch(before[key], value);
    return patch === undefined ? [] : [[key, patch]];
  });
  const patch = [...changed, ...removed.map((key): [string, unknown] => [key, null])];
  return patch.length === 0 ? undefined : Object.fromEntries(patch);
}

/** As the API server will have it: without what is undefined, and without null, which no merge patch can set. */
function asJson(value: object): unknown {
  return JSON.parse(JSON.stringify(value, (_key, it: unknown) => (it === null ? undefined : it)));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
