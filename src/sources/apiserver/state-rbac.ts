import type { KubeObject } from '../../kube/object.ts';
import { MOST_SHARDS } from '../../checkpoint/sharding.ts';
import { controllerOf, stateName } from './identity.ts';
import { grant, GRANTED_FOR, grantLabels, type PolicyRule } from './rbac.ts';
import type { ApiServerSource, Spec } from './spec.ts';

/**
 * What the adapter does with its own state. `create` by name is worth something: an object that is made by a PATCH of
 * server-side apply is named in the URL, so that the API server asks whether this very one may be created.
 */
const VERBS = ['create', 'get', 'patch', 'update'];

const SUFFIX = '-state';

/** Whether a role or binding is one of these, and so says nothing of what anybody may watch. */
export function isOfState({ metadata: { name, labels = {} } }: KubeObject): boolean {
  return GRANTED_FOR in labels && name.endsWith(SUFFIX);
}

/** The right to keep the source's checkpoint, its Lease and the ConfigMaps of its index, by name and nothing else. */
export function stateRbac(source: ApiServerSource, { checkpoint, serviceAccountName }: Spec): readonly KubeObject[] {
  if (checkpoint === 'None') return [];
  const { name, namespace } = source.metadata;
  return grant({
    name: `${stateName(name)}${SUFFIX}`,
    namespace,
    metadata: { labels: grantLabels(source), ownerReferences: [controllerOf(source)] },
    rules: [leaseRule(name), ...(checkpoint === 'Full' ? [indexRule(name)] : [])],
    serviceAccount: { namespace, name: serviceAccountName },
  });
}

function leaseRule(source: string): PolicyRule {
  return {
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
    resourceNames: [stateName(source)],
    verbs: VERBS,
  };
}

function indexRule(source: string): PolicyRule {
  const names = Array.from({ length: MOST_SHARDS }, (_, shard) => `${stateName(source)}-index-${shard}`);
  return { apiGroups: [''], resources: ['configmaps'], resourceNames: names, verbs: VERBS };
}
