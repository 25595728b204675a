import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { loadClusterAccess } from '../../src/kube/config.ts';

/** A home directory, and a way to write kubeconfigs whose server tells them apart. */
async function home(t: TestContext) {
  const directory = await mkdtemp(path.join(tmpdir(), 'home-'));
  t.after(() => rm(directory, { recursive: true }));
  await mkdir(path.join(directory, '.kube'));
  const write = async (name: string, server: string) => {
    const file = path.join(directory, name);
    const clusters = [{ name: 'c', cluster: { server } }];
    const contexts = [{ name: 'x', context: { cluster: 'c' } }];
    await writeFile(file, JSON.stringify({ 'current-context': 'x', clusters, contexts, users: [] }));
    return file;
  };
  return { directory, write };
}

test('the given kubeconfig goes before KUBECONFIG, and that before the one at home', async (t) => {
  const { directory, write } = await home(t);
  await write('.kube/config', 'https://home');
  const KUBECONFIG = [path.join(directory, 'missing'), await write('env', 'https://env')].join(path.delimiter);
  const kubeconfig = await write('given', 'https://given');
  const server = async (options: { kubeconfig?: string; env: Record<string, string> }) =>
    (await loadClusterAccess(options)).server;
  assert.equal(await server({ kubeconfig, env: { KUBECONFIG, HOME: directory } }), 'https://given');
  assert.equal(await server({ env: { KUBECONFIG, HOME: directory } }), 'https://env');
  assert.equal(await server({ env: { HOME: directory } }), 'https://home');
});

test('in a Pod its ServiceAccount is the way in, unless there is a kubeconfig', async (t) => {
  const { directory, write } = await home(t);
  const kubeconfig = await write('given', 'https://given');
  await writeFile(path.join(directory, 'token'), 'x');
  await writeFile(path.join(directory, 'namespace'), 'shop');
  const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
  const access = await loadClusterAccess({ env, serviceAccount: directory });
  assert.deepEqual([access.server, access.namespace], ['https://10.96.0.1:443', 'shop']);
  const other = await loadClusterAccess({ env: { ...env, KUBECONFIG: kubeconfig }, serviceAccount: directory });
  assert.equal(other.server, 'https://given');
});

test('a kubeconfig that was asked for must exist', async () => {
  const kubeconfig = '/nowhere/config';
  await assert.rejects(loadClusterAccess({ kubeconfig, env: {} }), {
    code: 'credentials',
    message: /\/nowhere\/config cannot be read: ENOENT/,
  });
});

test('when nothing leads to a cluster, the failure says what was looked at and what to do', async (t) => {
  const { directory: HOME } = await home(t);
  const table: [env: Record<string, string>, message: string][] = [
    [
      {},
      'KUBECONFIG is not set and there is no home directory, and this is not a Pod (KUBERNETES_SERVICE_HOST is not set).',
    ],
    [
      { HOME },
      `KUBECONFIG is not set and there is no ${HOME}/.kube/config, and this is not a Pod (KUBERNETES_SERVICE_HOST is not set).`,
    ],
    [
      { HOME, KUBECONFIG: '/nowhere/config' },
      'none of the files in KUBECONFIG (/nowhere/config) exists, and this is not a Pod (KUBERNETES_SERVICE_HOST is not set).',
    ],
    [
      { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' },
      'KUBECONFIG is not set and there is no home directory, and this Pod has no ServiceAccount token in /nowhere (is automountServiceAccountToken off?).',
    ],
  ];
  for (const [env, looked] of table) {
    await assert.rejects(loadClusterAccess({ env, serviceAccount: '/nowhere' }), {
      code: 'credentials',
      message: `No Kubernetes cluster was found: ${looked} Set KUBECONFIG, or run in a Pod with a ServiceAccount.`,
    });
  }
});
