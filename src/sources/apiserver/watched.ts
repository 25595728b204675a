import type { Found } from '../../kube/discovery.ts';
import type { Resource } from '../../kube/resource.ts';
import { isEmptySelector } from '../label-selector.ts';
import type { Watched } from './permissions.ts';
import { groupVersionOf, type Spec, type WatchedKind } from './spec.ts';

/** Where a kind of the spec is watched. */
export type WatchedResource = Pick<Resource, 'group' | 'version' | 'plural' | 'namespaced'>;

/** What the adapter of a source is to watch. */
export interface Target extends Watched {
  /** In the order of `spec.resources`. */
  readonly resources: readonly WatchedResource[];
  /** The names that a user sees; all of them, also where the adapter watches the whole cluster. */
  readonly names: readonly string[];
}

/**
 * @param found what discovery says of each of `spec.resources`
 * @param matching the names of the namespaces that `spec.namespaceSelector` selects, where there is one
 */
export function targetOf(spec: Spec, own: string, found: readonly Found[], matching: readonly string[]): Target {
  const { namespaceSelector, namespaces = {} } = spec;
  const names = namespaces.include ?? (namespaceSelector === undefined ? [own] : matching);
  const kept = names.filter((name) => !namespaces.exclude?.includes(name)).toSorted();
  return {
    resources: spec.resources.map((kind, i) => resourceOf(kind, found[i])),
    names: kept,
    namespaces: namespaceSelector !== undefined && isEmptySelector(namespaceSelector) ? 'all' : kept,
  };
}

/** Kinds that are not served under the plural name that the spec gives them, each as a sentence. */
export function pluralProblems({ resources }: Spec, found: readonly Found[]): string[] {
  return resources.flatMap(({ kind, resource }, i) => {
    const served = found[i];
    if (resource === undefined || served === undefined || !('resource' in served)) return [];
    const { plural } = served.resource;
    if (resource === plural) return [];
    return [
      `spec.resources[${i}].resource is ${JSON.stringify(resource)}, but ${kind} is served as ${plural}; correct it, or leave it out.`,
    ];
  });
}

/** Kinds that cannot be watched as the API server is now, each as a sentence; another time they may be. */
export function unservedKinds({ resources }: Spec, found: readonly Found[]): string[] {
  return resources.flatMap(({ apiVersion, kind }, i) => {
    const field = `spec.resources[${i}]`;
    const served = found[i];
    switch (served?.is) {
      case 'noGroupVersion':
        return [`${field}.apiVersion: the API server does not serve ${apiVersion}; install its CRD, or correct it.`];
      case 'noResource': {
        const near = served.near.length === 0 ? '' : ` (it has ${served.near.slice(0, 3).join(', ')})`;
        return [`${field}.kind: ${apiVersion} has no kind ${kind}${near}; correct it, or install its CRD.`];
      }
      case 'notWatchable':
        return [
          `${field}.kind: ${kind} cannot be watched, as it lacks ${served.missingVerbs.join(' and ')}; take it out.`,
        ];
      default:
        return [];
    }
  });
}

/**
 * What cannot be granted with `rbac: Managed`, each as a sentence: the policy of manifests/admission/managed-rbac.yaml
 * asks for the author's rights by the plural name, and in the source's namespace where the spec says nothing of others.
 */
export function managedProblems({ rbac, resources, namespaceSelector, namespaces }: Spec, target: Target): string[] {
  if (rbac !== 'Managed') return [];
  const isAskedForCluster = namespaceSelector !== undefined || namespaces !== undefined;
  return resources.flatMap(({ kind, resource }, i) => {
    if (resource === undefined) {
      return [`spec.resources[${i}] has no resource, the plural name that rights are granted on with rbac: Managed.`];
    }
    if (isAskedForCluster || target.resources[i]?.namespaced !== false) return [];
    return [
      `spec.resources[${i}]: ${kind} is in no namespace, so with rbac: Managed its author has to hold it in the whole cluster; add namespaceSelector: {}, or grant the rights yourself with rbac: Unmanaged.`,
    ];
  });
}

/** What is not served yet is watched under the name that it is expected to have: the adapter waits for it. */
function resourceOf({ apiVersion, kind, resource }: WatchedKind, found: Found | undefined): WatchedResource {
  if (found !== undefined && 'resource' in found) {
    const { group, version, plural, namespaced } = found.resource;
    return { group, version, plural, namespaced };
  }
  const { group, version } = groupVersionOf(apiVersion) ?? { group: '', version: '' };
  return { group, version, plural: resource ?? guessedPlural(kind), namespaced: true };
}

/** apimachinery's UnsafeGuessKindToResource, by which upstream names every resource. */
function guessedPlural(kind: string): string {
  const singular = kind.toLowerCase();
  if (singular.endsWith('endpoints')) return singular;
  if (singular.endsWith('s')) return `${singular}es`;
  if (singular.endsWith('y')) return `${singular.slice(0, -1)}ies`;
  return `${singular}s`;
}
