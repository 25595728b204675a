/** A kind as the API server serves it; from discovery, never guessed. */
export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** The lower-case name in paths and in RBAC rules: `pods`, `endpoints`, `networkpolicies`. */
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

/** A set of resources that is served, and discovered, together. */
export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

/** `v1` for the core group, else `group/version`: the `apiVersion` of an object. */
export function apiVersionOf(it: GroupVersion): string {
  return it.group === '' ? it.version : `${it.group}/${it.version}`;
}

/** Where a group version is discovered: `/api/v1`, `/apis/apps/v1`. */
export function groupVersionPath(it: GroupVersion): string {
  return it.group === '' ? `/api/${segment(it.version)}` : `/apis/${segment(it.group)}/${segment(it.version)}`;
}

/**
 * Where the objects of a resource are listed, watched and created: `/api/v1/namespaces/shop/pods`,
 * `/apis/apps/v1/deployments`. Without a namespace it is the whole cluster; a cluster-scoped kind has no namespace,
 * so one that is given is ignored. The path of one object is this, a slash, and its percent-encoded name.
 */
export function collectionPath(
  resource: Pick<Resource, 'group' | 'version' | 'plural' | 'namespaced'>,
  namespace?: string,
): string {
  const scope = resource.namespaced && namespace !== undefined ? `/namespaces/${segment(namespace)}` : '';
  return `${groupVersionPath(resource)}${scope}/${segment(resource.plural)}`;
}

const segment = encodeURIComponent;

/** Those of every cluster. */
export const NAMESPACES: Resource = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
  verbs: ['list', 'watch'],
};
