import { setTimeout as delay } from 'node:timers/promises';
import { runApiServerSources } from '../../src/sources/apiserver/controller.ts';
import { sourceOf, sourcesIn } from '../manifests/apply.ts';
import type { Admin, Body, KubeObject } from './admin.ts';
import type { Cluster } from './cluster.ts';
import { type Condition, conditionReached } from './conditions.ts';
import { type ControllerOptions, type RunningController, runController } from './running-controller.ts';

/** The controller of ApiServerSources. */
export async function runSources(cluster: Cluster, options: ControllerOptions = {}): Promise<RunningController> {
  return await runController(cluster, runApiServerSources, options);
}

/** Does with all Pods what kubelets do: they run, and are ready. Ends with `signal`. */
export async function runAllPods(admin: Admin, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { items } = await admin.list('/api/v1/pods');
    const waiting = items.filter((it) => (it['status'] as { phase?: string }).phase === 'Pending');
    for (const { metadata } of waiting) {
      const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
      // It may be gone by now.
      await admin.request(
        'PATCH',
        `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}/status`,
        { status },
        { 'content-type': 'application/merge-patch+json' },
      );
    }
    await delay(30, undefined, { signal }).catch(() => undefined);
  }
}

/** A namespace with the sink `orders`, the account `watcher`, and what that has by the RoleBinding `watcher`. */
export async function makePlace(admin: Admin, namespace: string, resources: readonly string[]): Promise<void> {
  const at = `/api/v1/namespaces/${namespace}`;
  await admin.create('/api/v1/namespaces', { metadata: { name: namespace } });
  await admin.create(`${at}/services`, { metadata: { name: 'orders' }, spec: { ports: [{ port: 80 }] } });
  await admin.create(`${at}/serviceaccounts`, { metadata: { name: 'watcher' } });
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const metadata = { name: 'watcher' };
  await admin.create(`${rbac}/roles`, {
    metadata,
    rules: [{ apiGroups: [''], resources, verbs: ['get', 'list', 'watch'] }],
  });
  await bindWatcher(admin, namespace);
}

export async function bindWatcher(admin: Admin, namespace: string): Promise<void> {
  await admin.create(`/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`, {
    metadata: { name: 'watcher' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'watcher' },
    subjects: [{ kind: 'ServiceAccount', name: 'watcher', namespace }],
  });
}

/** Makes the source `web`, which watches Pods of its namespace. */
export async function makeSource(admin: Admin, namespace: string, spec: Body = {}): Promise<void> {
  await admin.create(sourcesIn(namespace), { ...sourceOf('web', { serviceAccountName: 'watcher', ...spec }) });
}

/** Waits until the source `web` has a condition of this status. */
export async function reaches(
  admin: Admin,
  namespace: string,
  type: string,
  status: string,
  reason?: string,
): Promise<Condition> {
  return await conditionReached(admin, `${sourcesIn(namespace)}/web`, { type, status, reason });
}

/** The Deployments of a namespace. */
export async function deploymentsIn(admin: Admin, namespace: string): Promise<readonly KubeObject[]> {
  return (await admin.list(`/apis/apps/v1/namespaces/${namespace}/deployments`)).items;
}
