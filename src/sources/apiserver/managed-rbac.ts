import type { KubeObject } from '../../kube/object.ts';
import { controllerOf } from './identity.ts';
import type { Watched } from './permissions.ts';
import { grant, grantLabels, type PolicyRule } from './rbac.ts';
import type { ApiServerSource, Spec } from './spec.ts';

const VERBS = ['get', 'list', 'watch'];

/**
 * With `rbac: Managed`: the right to watch exactly what the source lists, in a Role for each namespace, or in a
 * ClusterRole for what is watched in the whole cluster.
 */
export function managedRbac(source: ApiServerSource, spec: Spec, watched: Watched): readonly KubeObject[] {
  if (spec.rbac !== 'Managed') return [];
  const { name, namespace } = source.metadata;
  const { namespaces, resources } = watched;
  const inCluster = resources.filter(({ namespaced }) => !namespaced || namespaces === 'all');
  const inNamespaces = resources.filter((it) => !inCluster.includes(it));
  const places = [
    ...(inCluster.length === 0 ? [] : [undefined]),
    ...(inNamespaces.length === 0 || namespaces === 'all' ? [] : namespaces),
  ];
  return places.flatMap((place) =>
    grant({
      // Colons cannot stand in the names of namespaces and sources, so that no two of these are the same.
      name: `watchbridge:${namespace}:${name}`,
      namespace: place,
      metadata: {
        labels: grantLabels(source),
        // An owner can be named in its own namespace only.
        ...(place === namespace && { ownerReferences: [controllerOf(source)] }),
      },
      rules: rulesFor(place === undefined ? inCluster : inNamespaces),
      serviceAccount: { namespace, name: spec.serviceAccountName },
    }),
  );
}

/** A rule for each group, so that no name of one group is granted in another. */
function rulesFor(resources: Watched['resources']): readonly PolicyRule[] {
  const groups = [...new Set(resources.map(({ group }) => group))].sort();
  return groups.map((group) => {
    const plurals = resources.filter((it) => it.group === group).map(({ plural }) => plural);
    return { apiGroups: [group], resources: [...new Set(plurals)].sort(), verbs: VERBS };
  });
}
