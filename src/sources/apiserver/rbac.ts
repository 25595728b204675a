import type { KubeObject } from '../../kube/object.ts';
import { sourceLabels } from './identity.ts';
import type { ApiServerSource } from './spec.ts';

/** An rbac.authorization.k8s.io/v1 PolicyRule. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface Role extends KubeObject {
  readonly rules: readonly PolicyRule[];
}

interface RoleBinding extends KubeObject {
  readonly roleRef: { readonly apiGroup: string; readonly kind: string; readonly name: string };
  readonly subjects: readonly { readonly kind: string; readonly namespace: string; readonly name: string }[];
}

interface Grant {
  readonly name: string;
  /** Undefined: in the whole cluster. */
  readonly namespace: string | undefined;
  readonly metadata: Pick<KubeObject['metadata'], 'labels' | 'ownerReferences'>;
  readonly rules: readonly PolicyRule[];
  readonly serviceAccount: { readonly namespace: string; readonly name: string };
}

const GROUP = 'rbac.authorization.k8s.io';
const API_VERSION = `${GROUP}/v1`;

/**
 * Marks what is granted for a source: with the uid of one that is gone, or does not want it any more, it is to be
 * deleted. No owner reference reaches beyond the source's namespace.
 */
export const GRANTED_FOR = 'watchbridge.dev/granted-for';

export function grantLabels(source: ApiServerSource): Readonly<Record<string, string>> {
  return { ...sourceLabels(source), [GRANTED_FOR]: source.metadata.uid };
}

/** A role of these rules and its binding, of one name. The role's name never changes: a binding cannot be turned to another. */
export function grant({ name, namespace, metadata, rules, serviceAccount }: Grant): readonly [Role, RoleBinding] {
  const prefix = namespace === undefined ? 'Cluster' : '';
  const roleKind = `${prefix}Role`;
  const common = {
    apiVersion: API_VERSION,
    metadata: { name, ...(namespace !== undefined && { namespace }), ...metadata },
  };
  return [
    { ...common, kind: roleKind, rules },
    {
      ...common,
      kind: `${roleKind}Binding`,
      roleRef: { apiGroup: GROUP, kind: roleKind, name },
      subjects: [{ kind: 'ServiceAccount', ...serviceAccount }],
    },
  ];
}
