import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { collectionPath } from '../kube/resource.ts';
import type { Clock } from '../process/clock.ts';
import type { Change } from '../watch/change.ts';
import type { Stream } from '../watch/requests.ts';

/**
 * Finds out which deleted objects still exist: to a watch with a selector, an object that stops matching is
 * deleted like any other, and nothing in what the server sends tells the two apart.
 */
export interface Whereabouts {
  /** Those of `changes` whose objects only left the selector. What cannot be found out cheaply is not in it. */
  unselected(stream: Stream, changes: readonly Change[], signal: AbortSignal): Promise<ReadonlySet<Change>>;
}

/** A question costs a request, so that many deletes at once are not all asked for. */
const QUESTIONS_A_SECOND = 10;
const MOST_AT_ONCE = 20;
const ANSWER_WITHIN_MS = 2_000;
const METADATA = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json';
const NONE: ReadonlySet<Change> = new Set();

export function createWhereabouts(kube: KubeClient, clock: Clock): Whereabouts {
  let tokens = MOST_AT_ONCE;
  let filledAt = clock.monotonic();
  /** Resources that we may not get: asking again would be refused again. */
  const refused = new Set<string>();

  const takeToken = (): boolean => {
    const now = clock.monotonic();
    tokens = Math.min(MOST_AT_ONCE, tokens + ((now - filledAt) / 1_000) * QUESTIONS_A_SECOND);
    filledAt = now;
    if (tokens < 1) return false;
    tokens--;
    return true;
  };

  const exists = async (stream: Stream, change: Change, signal: AbortSignal): Promise<boolean> => {
    const collection = collectionPath(stream.resource, change.object.namespace);
    if (refused.has(collection) || !takeToken()) return false;
    try {
      const found = await kube.json<{ metadata?: { uid?: string } }>({
        path: `${collection}/${encodeURIComponent(change.object.name)}`,
        accept: METADATA,
        signal,
        timeoutMs: ANSWER_WITHIN_MS,
      });
      return found.metadata?.uid === change.object.uid;
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      if (error.code === 'forbidden') refused.add(collection);
      return false;
    }
  };

  return {
    unselected: async (stream, changes, signal) => {
      if (stream.labelSelector === undefined && stream.fieldSelector === undefined) return NONE;
      const deletes = changes.filter((change) => change.type === 'delete');
      if (deletes.length === 0) return NONE;
      const existing = await Promise.all(
        deletes.map(async (change) => ((await exists(stream, change, signal)) ? [change] : [])),
      );
      return new Set(existing.flat());
    },
  };
}
