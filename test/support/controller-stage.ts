import { setTimeout as delay } from 'node:timers/promises';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import { loadClusterAccess } from '../../src/kube/config.ts';
import { systemClock } from '../../src/process/clock.ts';
import { createControllerMetrics } from '../../src/reconcile/metrics.ts';
import { runApiServerSources } from '../../src/sources/apiserver/controller.ts';
import { recordedLog } from '../adapter/recorded-log.ts';
import { sourceOf, sourcesIn } from '../manifests/apply.ts';
import { INSTALLATION } from '../sources/apiserver/sources.ts';
import type { Admin, Body, KubeObject } from './admin.ts';
import type { Cluster } from './cluster.ts';
import { eventually } from './eventually.ts';

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** The controller of ApiServerSources in this process, with the rights of its ServiceAccount. */
export interface RunningController {
  /** How many reconciles there were, whatever came of them. */
  reconciles(): Promise<number>;
  readonly entries: readonly unknown[];
  stop(): Promise<void>;
}

/** @param wrap what the controller has in place of the client; @param server another API server of the cluster */
export async function runSources(
  cluster: Cluster,
  options: { readonly wrap?: (kube: KubeClient) => KubeClient; readonly kubeconfig?: string } = {},
): Promise<RunningController> {
  const kubeconfig =
    options.kubeconfig ?? (await cluster.kubeconfigForServiceAccount('watchbridge-system', 'watchbridge-controller'));
  const client = createKubeClient(await loadClusterAccess({ kubeconfig, env: {} }), { userAgent: 'test' });
  const stopping = new AbortController();
  const metrics = createControllerMetrics();
  const { log, entries } = recordedLog();
  const running = runApiServerSources(
    {
      kube: options.wrap?.(client) ?? client,
      clock: systemClock,
      log,
      metrics,
      countNotice: () => undefined,
      installation: INSTALLATION,
      clusterDomain: 'cluster.local',
    },
    stopping.signal,
  );
  return {
    entries,
    reconciles: async () => {
      const text = await metrics.registry.getSingleMetricAsString('watchbridge_controller_reconciles_total');
      return [...text.matchAll(/\} (\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
    },
    stop: async () => {
      if (stopping.signal.aborted) return;
      stopping.abort();
      await running;
      await client.close();
    },
  };
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

export async function conditionsOf(admin: Admin, namespace: string): Promise<readonly Condition[]> {
  const { status } = await admin.get(`${sourcesIn(namespace)}/web`);
  return (status as { conditions?: readonly Condition[] } | undefined)?.conditions ?? [];
}

/** Waits until the source `web` has a condition of this status. */
export async function reaches(
  admin: Admin,
  namespace: string,
  type: string,
  status: string,
  limitMs?: number,
): Promise<Condition> {
  let last: readonly Condition[] = [];
  return await eventually(
    () => `${namespace}: ${type} ${status}: ${JSON.stringify(last, null, 1)}`,
    async () => {
      last = await conditionsOf(admin, namespace);
      return last.find((it) => it.type === type && it.status === status);
    },
    limitMs,
  );
}

/** The Deployments of a namespace. */
export async function deploymentsIn(admin: Admin, namespace: string): Promise<readonly KubeObject[]> {
  return (await admin.list(`/apis/apps/v1/namespaces/${namespace}/deployments`)).items;
}
