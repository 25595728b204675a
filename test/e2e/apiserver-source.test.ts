import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import type { Row } from '../support/kubectl-table.ts';
import { SYSTEM, uninstall, writeInstallFile } from './installation.ts';
import { apply, kubectl, logs, restrictedNamespace, table, waitUntilAvailable } from './kubectl.ts';
import { eventDisplay, watcher } from './manifests.ts';
import { target } from './target.ts';

let installFile: string;

before(async () => {
  installFile = await writeInstallFile();
  await kubectl(['apply', '--server-side', `--filename=${installFile}`]);
});

after(async () => {
  await uninstall(installFile);
});

test('one kubectl apply of the install file, and the controller is running and ready', async () => {
  await waitUntilAvailable(SYSTEM, 'watchbridge-controller');
  const pods = await table(SYSTEM, 'pods', '--selector=app.kubernetes.io/component=controller');
  assert.deepEqual(
    pods.rows.map(({ READY, STATUS, RESTARTS }) => ({ READY, STATUS, RESTARTS })),
    [{ READY: '1/1', STATUS: 'Running', RESTARTS: '0' }],
  );
});

test('a source in a restricted namespace delivers, tells how it stands, and leaves nothing when it is deleted', async (t) => {
  const namespace = await restrictedNamespace(t, 'source');
  const get = (what: string): Promise<string[]> => namesOf(namespace, what);
  await apply(namespace, [...eventDisplay(target().image), ...watcher(namespace), source()]);
  await waitUntilAvailable(namespace, 'event-display');
  await waitUntilReady(namespace);

  await t.test('Pod Security takes its adapter’s pod, which runs', async () => {
    const pods = await podsOf(namespace, 'settings');
    assert.deepEqual(
      pods.map(({ READY, STATUS }) => ({ READY, STATUS })),
      [{ READY: '1/1', STATUS: 'Running' }],
    );
  });

  await t.test('its status tells of its streams, and of the last event once one is delivered', async () => {
    // Its Pod is ready some moments before it has reported that to the controller.
    await eventually('its streams', async () => (await status(namespace)).adapter?.streams?.established === 1);
    assert.deepEqual((await status(namespace)).adapter?.streams, { total: 1, established: 1 });
    await makeConfigMap(namespace, 'first');
    await eventually('event-display has the event', async () =>
      (await logs(namespace, 'event-display')).includes('/configmaps/first'),
    );
  });

  await t.test('a sink that stops makes DeliveryHealthy False, and one that is back makes it True again', async () => {
    await eventually('the delivery is told', async () => (await deliveryHealthy(namespace)) === 'True');
    await scale(namespace, 0);
    // One that is asked to end still takes events.
    await kubectl([
      'wait',
      `--namespace=${namespace}`,
      'pod',
      '--selector=app=event-display',
      '--for=delete',
      '--timeout=180s',
    ]);
    await apply(namespace, ENOUGH);
    const told = performance.now();
    await eventually('the sink is told as away', async () => (await deliveryHealthy(namespace)) === 'False SinkAway');
    t.diagnostic(`told as away after ${Math.round(performance.now() - told)} ms`);

    await scale(namespace, 1);
    await waitUntilAvailable(namespace, 'event-display');
    const back = performance.now();
    await eventually('the sink is told as back', async () => (await deliveryHealthy(namespace)) === 'True');
    t.diagnostic(`told as back after ${Math.round(performance.now() - back)} ms`);
    // The others are tried again in their own time.
    let missing: readonly string[] = [];
    await eventually(
      () => `event-display has what waited: ${missing.join(', ')}`,
      async () => {
        const log = await logs(namespace, 'event-display');
        missing = ENOUGH.map(({ metadata }) => metadata.name).filter((name) => !log.includes(`/configmaps/${name}\n`));
        return missing.length === 0;
      },
    );
    const { adapter } = await status(namespace);
    assert.ok(Date.now() - Date.parse(adapter?.lastEventTime ?? '') < 60_000, JSON.stringify(adapter));
  });

  await t.test('its Deployment, pods, Role, RoleBinding, Lease and ConfigMaps go with it', async () => {
    const made = 'deployments,pods,roles,rolebindings,leases,configmaps';
    const there = (await get(made)).filter((name) => /\/apiserversource-settings/.test(name));
    assert.deepEqual([...new Set(there.map((name) => name.replace(/\/.*/, '')))].toSorted(), [
      'configmap',
      'deployment.apps',
      'lease.coordination.k8s.io',
      'pod',
      'role.rbac.authorization.k8s.io',
      'rolebinding.rbac.authorization.k8s.io',
    ]);
    await kubectl(['delete', 'apiserversource', 'settings', `--namespace=${namespace}`, '--timeout=180s']);
    let left: readonly string[] = there;
    await eventually(
      () => `nothing is left: ${left.join(', ')}`,
      async () => {
        left = (await get(made)).filter((name) => name.includes('/apiserversource-'));
        return left.length === 0;
      },
    );
  });
});

interface Status {
  readonly conditions: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
  readonly adapter?: {
    readonly lastEventTime?: string;
    readonly streams?: { readonly total: number; readonly established: number };
  };
}

/** A sink counts as away after ten tries in a row; the tries of a single event would take more than a minute. */
const ENOUGH = Array.from({ length: 12 }, (_, i) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: `waiting-${i}` },
}));

function source(): object {
  return {
    apiVersion: 'sources.knative.dev/v1',
    kind: 'ApiServerSource',
    metadata: { name: 'settings' },
    spec: {
      serviceAccountName: 'watcher',
      mode: 'Resource',
      resources: [{ apiVersion: 'v1', kind: 'ConfigMap' }],
      sink: { ref: { apiVersion: 'v1', kind: 'Service', name: 'event-display' } },
    },
  };
}

async function waitUntilReady(namespace: string): Promise<void> {
  const ready = ['apiserversource/settings', '--for=condition=Ready', '--timeout=180s'];
  await kubectl(['wait', `--namespace=${namespace}`, ...ready]);
}

async function status(namespace: string): Promise<Status> {
  const text = await kubectl(['get', 'apiserversource', 'settings', `--namespace=${namespace}`, '--output=json']);
  return (JSON.parse(text) as { status: Status }).status;
}

/** Status and reason of the condition. */
async function deliveryHealthy(namespace: string): Promise<string> {
  const { conditions } = await status(namespace);
  const { status: is = '', reason = '' } = conditions.find(({ type }) => type === 'DeliveryHealthy') ?? {};
  return `${is} ${reason}`.trim();
}

async function makeConfigMap(namespace: string, name: string): Promise<void> {
  await kubectl(['create', 'configmap', name, `--namespace=${namespace}`]);
}

async function scale(namespace: string, replicas: number): Promise<void> {
  await kubectl(['scale', 'deployment/event-display', `--namespace=${namespace}`, `--replicas=${replicas}`]);
}

async function namesOf(namespace: string, what: string): Promise<string[]> {
  const names = await kubectl(['get', what, `--namespace=${namespace}`, '--output=name']);
  return names.split('\n').filter((name) => name !== '');
}

/** The pods of a source's adapter. */
async function podsOf(namespace: string, name: string): Promise<readonly Row[]> {
  const selector = `--selector=eventing.knative.dev/sourceName=${name}`;
  return (await table(namespace, 'pods', selector)).rows;
}
