import { stringify } from 'yaml';
import type { KubeObject } from '../kube/object.ts';
import { stateName } from '../sources/apiserver/identity.ts';
import { managedRbac } from '../sources/apiserver/managed-rbac.ts';
import type { PolicyRule } from '../sources/apiserver/rbac.ts';
import type { ApiServerSource, Spec } from '../sources/apiserver/spec.ts';
import { stateRbac } from '../sources/apiserver/state-rbac.ts';
import type { Target } from '../sources/apiserver/watched.ts';
import { selectsSome } from './gather-target.ts';

/** A role or a binding. */
type Granted = KubeObject & Partial<Content>;

interface Content {
  readonly rules: readonly PolicyRule[];
  readonly roleRef: object;
  readonly subjects: readonly object[];
}

/** An object that a user applies. */
export type Grant = Omit<KubeObject, 'metadata'> &
  Partial<Content> & { readonly metadata: { readonly name: string; readonly namespace?: string } };

export interface WatchRights {
  readonly source: ApiServerSource;
  readonly spec: Spec;
  readonly target: Target;
  /** One ClusterRole in place of a Role in each namespace. */
  readonly wholeCluster: boolean;
}

/** To follow a namespaceSelector the adapter watches the namespaces themselves. */
const FOLLOW: PolicyRule = { apiGroups: [''], resources: ['namespaces'], verbs: ['list', 'watch'] };

/**
 * The least roles and bindings by which the source's ServiceAccount may watch what the source lists: those of
 * `rbac: Managed`, under another name and without the marks by which the controller knows its own.
 */
export function watchRights({ source, spec, target, wholeCluster }: WatchRights): readonly Grant[] {
  const { name, namespace } = source.metadata;
  const watched = wholeCluster ? { ...target, namespaces: 'all' as const } : target;
  const own = `watchbridge:watch:${namespace}:${name}`;
  const more = wholeCluster && selectsSome(spec) ? [FOLLOW] : [];
  return managedRbac(source, { ...spec, rbac: 'Managed' }, watched).map((it) => renamed(it, own, more));
}

function renamed(granted: Granted, name: string, more: readonly PolicyRule[]): Grant {
  const { apiVersion, kind, metadata, rules, roleRef, subjects = [] } = granted;
  const { namespace } = metadata;
  const common = { apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } };
  return rules === undefined
    ? { ...common, roleRef: { ...roleRef, name }, subjects }
    : { ...common, rules: [...rules, ...more] };
}

/** The same as YAML that can be applied, with what there is to know about it. */
export function watchRightsText(rights: WatchRights, notes: readonly string[]): string {
  const { source, spec, target, wholeCluster } = rights;
  const { name, namespace } = source.metadata;
  const plurals = [...new Set(target.resources.map(({ plural }) => plural))].join(', ');
  const comments = [
    `What ServiceAccount ${spec.serviceAccountName} in namespace ${namespace} needs for ApiServerSource ${name}: to watch ${plurals}.`,
    stateNote(source, spec),
    ...(spec.rbac === 'Managed'
      ? ['With rbac: Managed the controller grants it by itself; there is nothing to apply.']
      : []),
    ...(selectsSome(spec) && !wholeCluster
      ? ['These namespaces match now. For others that will, apply this again, or use --cluster.']
      : []),
    ...notes,
  ];
  const objects = watchRights(rights).map((it) =>
    stringify(it, { schema: 'yaml-1.1', lineWidth: 0, aliasDuplicateObjects: false }),
  );
  return `${comments.map((it) => `# ${it}\n`).join('')}${objects.join('---\n')}`;
}

function stateNote(source: ApiServerSource, spec: Spec): string {
  const [role] = stateRbac(source, spec);
  if (role === undefined) return 'The adapter keeps no state (checkpoint: None), so nothing else is needed.';
  const state = stateName(source.metadata.name);
  const kept = spec.checkpoint === 'Full' ? `Lease ${state} and ConfigMaps ${state}-index-N` : `Lease ${state}`;
  return `Nothing else is needed: for the adapter's own state (${kept}) the controller makes Role ${role.metadata.name}.`;
}
