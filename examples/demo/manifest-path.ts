interface Kind {
  readonly plural: string;
  readonly namespaced: boolean;
}

/** The kinds that the demo's manifests use. */
const KINDS: ReadonlyMap<string, Kind> = new Map([
  ['Namespace', { plural: 'namespaces', namespaced: false }],
  ['ServiceAccount', { plural: 'serviceaccounts', namespaced: true }],
  ['ConfigMap', { plural: 'configmaps', namespaced: true }],
  ['Role', { plural: 'roles', namespaced: true }],
  ['RoleBinding', { plural: 'rolebindings', namespaced: true }],
  ['Deployment', { plural: 'deployments', namespaced: true }],
]);

/**
 * Where the API server keeps the object of a manifest (one YAML document). Only what the path needs is read, as the
 * demo's own manifests write it: the API server is the one that parses the YAML.
 */
export function manifestPath(manifest: string): string {
  const apiVersion = field(manifest, /^apiVersion: (\S+)$/m, 'apiVersion');
  const kind = field(manifest, /^kind: (\S+)$/m, 'kind');
  const name = field(manifest, /^metadata:\n(?: {2}.*\n)*? {2}name: (\S+)$/m, 'metadata.name');
  const { plural, namespaced } = kindNamed(kind);
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  if (!namespaced) return `${root}/${plural}/${name}`;
  const namespace = field(manifest, /^metadata:\n(?: {2}.*\n)*? {2}namespace: (\S+)$/m, 'metadata.namespace');
  return `${root}/namespaces/${namespace}/${plural}/${name}`;
}

function field(manifest: string, pattern: RegExp, name: string): string {
  const value = pattern.exec(manifest)?.[1];
  if (value === undefined) throw new Error(`The manifest has no ${name}:\n${manifest}`);
  return value;
}

function kindNamed(name: string): Kind {
  const kind = KINDS.get(name);
  if (kind === undefined) throw new Error(`The kind ${name} is none of ${[...KINDS.keys()].join(', ')}.`);
  return kind;
}
