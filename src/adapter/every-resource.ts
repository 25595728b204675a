import { KubeError } from '../kube/errors.ts';
import { apiVersionOf, type Resource } from '../kube/resource.ts';
import { type Finder, type FoundResource, resourceName } from './find-resource.ts';
import type { ResourceConfig } from './source-config.ts';

/** A custom resource may be installed any time; asking costs one small request. */
const LOOK_EVERY_MS = 5_000;

/**
 * Hands over each resource of a group version that can be listed and watched, now and as they come to be served,
 * until `signal` is aborted. One that goes is waited for by whoever watches it.
 */
export async function findEveryResource(
  gvr: ResourceConfig['gvr'],
  finder: Finder,
  signal: AbortSignal,
  start: (found: FoundResource) => void,
): Promise<void> {
  const groupVersion = { group: gvr.Group, version: gvr.Version };
  const name = resourceName(gvr);
  const started = new Set<string>();
  let looks = 0;
  while (!signal.aborted) {
    const answer = await look(groupVersion, finder, signal);
    if (signal.aborted) return;
    if (typeof answer === 'string') {
      // What runs already is told about by itself.
      if (started.size === 0) {
        finder.board.set(name, { is: 'failing', why: answer });
        finder.log.warn({ resource: name, waitMs: LOOK_EVERY_MS, detail: answer }, 'resource cannot be watched yet');
      }
    } else {
      const served = answer.filter(({ plural }) => !started.has(plural));
      for (const resource of served) {
        started.add(resource.plural);
        start({ ...resource, appeared: looks > 0 });
      }
      finder.board.clear(name);
    }
    looks++;
    await finder.clock.sleep(LOOK_EVERY_MS, signal);
    finder.discovery.forget(groupVersion);
  }
}

async function look(
  groupVersion: { readonly group: string; readonly version: string },
  finder: Finder,
  signal: AbortSignal,
): Promise<readonly Resource[] | string> {
  try {
    const watchable = await finder.discovery.watchable(groupVersion, signal);
    if (watchable !== undefined) return watchable;
    return `The API server does not serve ${apiVersionOf(groupVersion)}; install what defines it, or correct apiVersion.`;
  } catch (error) {
    if (error instanceof KubeError) return error.message;
    throw error;
  }
}
