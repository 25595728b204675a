import assert from 'node:assert/strict';
import { type AdapterProcess, startAdapter } from './adapter-process.ts';
import type { Admin, Body, KubeObject } from './admin.ts';
import type { Cluster } from './cluster.ts';
import { deploymentsIn } from './controller-stage.ts';
import { eventually } from './eventually.ts';
import type { Scope } from './scope.ts';

interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
}

/** Waits for the Deployment of the only source of a namespace, and tells the environment of its container. */
export async function adapterEnvironment(admin: Admin, namespace: string): Promise<Record<string, string>> {
  const deployment = await eventually('the Deployment', async () => (await deploymentsIn(admin, namespace))[0]);
  const { containers } = podSpecOf(deployment);
  const told = (containers as [{ env: readonly EnvVar[] }])[0].env;
  return Object.fromEntries(told.map(({ name, value }) => [name, value ?? (name === 'NAMESPACE' ? namespace : '')]));
}

/** The spec of the Pods of a Deployment. */
export function podSpecOf({ spec }: KubeObject): Body {
  return (spec as { template: { spec: Body } }).template.spec;
}

/**
 * Does what a node would with the Pod of the only source of a namespace: runs the adapter with the environment that
 * the Deployment has, as the source's account.
 *
 * @param env what a node would find out: files that it mounts
 */
export async function runAdapterOf(
  t: Scope,
  cluster: Cluster,
  namespace: string,
  env: Readonly<Record<string, string>> = {},
): Promise<AdapterProcess> {
  const told = await adapterEnvironment(cluster.admin, namespace);
  const [deployment] = await deploymentsIn(cluster.admin, namespace);
  assert.ok(deployment !== undefined);
  const account = podSpecOf(deployment)['serviceAccountName'];
  return await startAdapter(t, {
    kubeconfig: await cluster.kubeconfigForServiceAccount(namespace, String(account)),
    sink: told['K_SINK'] ?? '',
    source: JSON.parse(told['K_SOURCE_CONFIG'] ?? '{}') as Record<string, unknown>,
    namespace,
    env: { ...told, ...env },
  });
}

/** Tells of the Pods of a namespace what their readiness probe says. */
export async function probe(admin: Admin, namespace: string, adapter: AdapterProcess): Promise<boolean> {
  const isReady = (await adapter.readiness()).status === 200;
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const [pod] = await eventually('a Pod', async () => {
    const items = (await admin.list(pods)).items.filter(({ metadata: { name } }) =>
      name.startsWith('apiserversource-'),
    );
    return items.length > 0 && items;
  });
  const conditions = [{ type: 'Ready', status: isReady ? 'True' : 'False' }];
  await admin.patch(`${pods}/${pod?.metadata.name}/status`, { status: { phase: 'Running', conditions } });
  return isReady;
}
