import { unlessAborted } from './abort.ts';
import type { KubeClient } from './client.ts';
import { byCloseness } from './closeness.ts';
import { KubeError } from './errors.ts';
import { apiVersionOf, type GroupVersion, groupVersionPath, type Resource } from './resource.ts';

/** What a look-up found. */
export type Found =
  | { readonly is: 'found'; readonly resource: Resource }
  /** The server has no such group, or not in this version: a CRD that is not installed, or an older cluster. */
  | { readonly is: 'noGroupVersion' }
  /** `near`: the names that this group version has, kinds or plurals as asked, the most similar ones first. */
  | { readonly is: 'noResource'; readonly near: readonly string[] }
  /** It exists, but can only be created or read one by one, like TokenReviews. */
  | { readonly is: 'notWatchable'; readonly resource: Resource; readonly missingVerbs: readonly string[] };

type Name = { readonly kind: string } | { readonly plural: string };

export interface Discovery {
  /**
   * What the API server serves under a kind or a plural name, letter by letter. Asks once per group version; look-ups
   * at the same time share the request. Only a find is remembered, since what is missing may be installed any time.
   *
   * @throws KubeError when the server could not say
   */
  find(gv: GroupVersion, by: Name, signal: AbortSignal): Promise<Found>;
  /**
   * Every resource of a group version that can be listed and watched; undefined where the server does not have it.
   * Remembered as for {@link find}. @throws KubeError when the server could not say
   */
  watchable(gv: GroupVersion, signal: AbortSignal): Promise<readonly Resource[] | undefined>;
  /** The next look-up asks the server again. */
  forget(gv: GroupVersion): void;
}

const WATCH_VERBS = ['list', 'watch'];
const ASK_TIMEOUT_MS = 30_000;

export function createDiscovery(client: Pick<KubeClient, 'json'>): Discovery {
  const known = new Map<string, Promise<readonly Resource[] | undefined>>();

  /** Runs on behalf of all who wait, so that no single one's signal ends it. */
  async function ask(gv: GroupVersion): Promise<readonly Resource[] | undefined> {
    const request = { path: groupVersionPath(gv), signal: new AbortController().signal, timeoutMs: ASK_TIMEOUT_MS };
    try {
      return resourcesIn(await client.json<unknown>(request), gv);
    } catch (error) {
      if (error instanceof KubeError && error.code === 'notFound') return undefined;
      throw error;
    }
  }

  function resourcesOf(gv: GroupVersion): Promise<readonly Resource[] | undefined> {
    const key = apiVersionOf(gv);
    const asked = known.get(key);
    if (asked !== undefined) return asked;
    const asking = ask(gv);
    known.set(key, asking);
    asking.catch(() => known.delete(key));
    return asking;
  }

  return {
    async find(gv, by, signal) {
      const found = pick(await unlessAborted(resourcesOf(gv), signal), by);
      if (found.is === 'noGroupVersion' || found.is === 'noResource') known.delete(apiVersionOf(gv));
      return found;
    },
    async watchable(gv, signal) {
      const resources = await unlessAborted(resourcesOf(gv), signal);
      if (resources === undefined) known.delete(apiVersionOf(gv));
      return resources?.filter(({ verbs }) => WATCH_VERBS.every((verb) => verbs.includes(verb)));
    },
    forget(gv) {
      known.delete(apiVersionOf(gv));
    },
  };
}

function pick(resources: readonly Resource[] | undefined, by: Name): Found {
  if (resources === undefined) return { is: 'noGroupVersion' };
  const nameOf = ({ kind, plural }: Resource) => ('kind' in by ? kind : plural);
  const wanted = 'kind' in by ? by.kind : by.plural;
  const resource = resources.find((it) => nameOf(it) === wanted);
  if (resource === undefined) return { is: 'noResource', near: byCloseness(resources.map(nameOf), wanted) };
  const missingVerbs = WATCH_VERBS.filter((verb) => !resource.verbs.includes(verb));
  return missingVerbs.length === 0 ? { is: 'found', resource } : { is: 'notWatchable', resource, missingVerbs };
}

/** The fields of metav1.APIResourceList that we rely on. */
interface ResourceList {
  readonly kind: 'APIResourceList';
  readonly resources?: readonly (Pick<Resource, 'kind' | 'namespaced' | 'verbs'> & { readonly name: string })[] | null;
}

function resourcesIn(list: unknown, { group, version }: GroupVersion): readonly Resource[] {
  if (!isResourceList(list)) {
    const path = groupVersionPath({ group, version });
    throw new KubeError(
      'malformed',
      `The answer to GET ${path} is not an APIResourceList. Is the URL that of an API server?`,
    );
  }
  return (list.resources ?? [])
    .filter(({ name }) => !name.includes('/'))
    .map(({ name, kind, namespaced, verbs }) => ({ group, version, plural: name, kind, namespaced, verbs }));
}

function isResourceList(it: unknown): it is ResourceList {
  return typeof it === 'object' && it !== null && 'kind' in it && it.kind === 'APIResourceList';
}
