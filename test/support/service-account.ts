import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Cluster } from './cluster.ts';
import type { Scope } from './scope.ts';

/** Some API groups and resources, as in an RBAC rule. */
export interface Resources {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
}

/** What a receive adapter needs to do with the resources it watches. */
const VERBS = ['get', 'list', 'watch'];
const RBAC = '/apis/rbac.authorization.k8s.io/v1';

/** Makes the ServiceAccount `watcher` in `namespace` and returns the path of its kubeconfig. It has no rights yet. */
export async function serviceAccount({ admin, ...access }: Cluster, namespace: string): Promise<string> {
  await admin.create(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: 'watcher' } });
  return await access.kubeconfigForServiceAccount(namespace, 'watcher');
}

/** Lets the `watcher` of `namespace` watch these resources in `within`, which is the same namespace by default. */
export async function allow(
  { admin }: Cluster,
  namespace: string,
  rule: Resources,
  within: string = namespace,
): Promise<void> {
  const rbac = `${RBAC}/namespaces/${within}`;
  const name = `watcher-${randomBytes(4).toString('hex')}`;
  const metadata = { name };
  await admin.create(`${rbac}/roles`, { metadata, rules: [{ ...rule, verbs: VERBS }] });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name };
  await admin.create(`${rbac}/rolebindings`, { metadata, roleRef, subjects: subjects(namespace) });
}

/** Lets the `watcher` of `namespace` watch these resources in the whole cluster, until the test ends. */
export async function allowEverywhere(t: Scope, { admin }: Cluster, namespace: string, rule: Resources): Promise<void> {
  const name = `watcher-of-${namespace}`;
  const metadata = { name };
  const remove = async (collection: string): Promise<void> => {
    await admin.request('DELETE', `${RBAC}/${collection}/${name}`);
  };
  t.after(() => Promise.all([remove('clusterroles'), remove('clusterrolebindings')]));
  await admin.create(`${RBAC}/clusterroles`, { metadata, rules: [{ ...rule, verbs: VERBS }] });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name };
  await admin.create(`${RBAC}/clusterrolebindings`, { metadata, roleRef, subjects: subjects(namespace) });
}

/** Writes a copy of a kubeconfig that finds the API server at another URL, and returns its path. */
export function kubeconfigVia(kubeconfig: string, server: string): string {
  const config = JSON.parse(readFileSync(kubeconfig, 'utf8')) as { clusters: { cluster: { server: string } }[] };
  for (const { cluster } of config.clusters) cluster.server = server;
  const copy = kubeconfig.replace(/\.yaml$/, '-via.yaml');
  writeFileSync(copy, JSON.stringify(config), { mode: 0o600 });
  return copy;
}

function subjects(namespace: string): object[] {
  return [{ kind: 'ServiceAccount', name: 'watcher', namespace }];
}
