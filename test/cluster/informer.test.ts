import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { loadClusterAccess } from '../../src/kube/config.ts';
import type { KubeObject } from '../../src/kube/object.ts';
import { collectionPath, type Resource } from '../../src/kube/resource.ts';
import { systemClock } from '../../src/process/clock.ts';
import { runController } from '../../src/reconcile/controller.ts';
import { enqueueFrom, itself, itsController } from '../../src/reconcile/handlers.ts';
import { type Informed, type Informer, startInformer } from '../../src/reconcile/informer.ts';
import { nameOfKey } from '../../src/reconcile/key.ts';
import { createControllerMetrics } from '../../src/reconcile/metrics.ts';
import { createWorkQueue } from '../../src/reconcile/queue.ts';
import { recordedLog } from '../adapter/recorded-log.ts';
import { clientFor } from '../kube/scripted-server.ts';
import type { Body } from '../support/admin.ts';
import { sharedCluster, testNamespace } from '../support/cluster.ts';
import { customResource } from '../support/custom-resource.ts';
import { eventually } from '../support/eventually.ts';
import { configMaps } from '../support/stage.ts';

type Watched = Pick<Resource, 'group' | 'version' | 'plural' | 'kind' | 'namespaced'>;

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

const { admin, adminKubeconfig } = sharedCluster();
const CONFIG_MAPS: Watched = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true };

test('an informer holds what the API server has, before and after it is synced', async (t) => {
  const namespace = await testNamespace(t, 'informer');
  const path = configMaps(namespace);
  await Promise.all(Array.from({ length: 30 }, (_, i) => admin.create(path, { metadata: { name: `old-${i}` } })));
  const { start } = await informersFor(t);
  const informer = start<ConfigMap>({ resource: CONFIG_MAPS, namespace, carries: 'objects' });
  await informer.synced;
  assert.equal(names(informer).filter((name) => name.startsWith('old-')).length, 30);
  assert.equal(informer.problem, undefined);

  const events: string[] = [];
  informer.subscribe((event) => {
    if (event.is !== 'added' || !event.initial) events.push(`${event.is} ${event.object.metadata.name}`);
  });
  await admin.create(path, { metadata: { name: 'new' }, data: { a: '1' } });
  await admin.patch(`${path}/new`, { data: { a: '2' } });
  await admin.delete(`${path}/old-3`);
  await eventually('the delete to be known', () => informer.get(namespace, 'old-3') === undefined);
  assert.deepEqual(
    events.filter((event) => !event.includes('kube-root-ca.crt')),
    ['added new', 'updated new', 'deleted old-3'],
  );
  const { items } = await admin.list(path);
  assert.deepEqual(
    versions(informer),
    items.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).toSorted(),
  );
  const { metadata, ...rest } = informer.get(namespace, 'new') ?? assert.fail('new is not held');
  assert.deepEqual(rest, { kind: 'ConfigMap', apiVersion: 'v1', data: { a: '2' } });
  assert.ok(!('managedFields' in metadata));
});

test('an informer of metadata holds no more than that, of the kind that was asked for', async (t) => {
  const namespace = await testNamespace(t, 'informer-meta');
  await admin.create(configMaps(namespace), { metadata: { name: 'a', labels: { app: 'web' } }, data: { a: '1' } });
  await admin.create(configMaps(namespace), { metadata: { name: 'b' } });
  const { start } = await informersFor(t);
  const informer = start({ resource: CONFIG_MAPS, namespace, labelSelector: 'app=web', carries: 'metadata' });
  await informer.synced;
  const [first, ...others] = [...informer.list()];
  assert.deepEqual(Object.keys(first ?? {}).toSorted(), ['apiVersion', 'kind', 'metadata']);
  assert.deepEqual([first?.apiVersion, first?.kind, first?.metadata.labels], ['v1', 'ConfigMap', { app: 'web' }]);
  assert.deepEqual(others, []);
});

test('an informer on a custom resource follows it from before it is installed through its removal', async (t) => {
  const namespace = await testNamespace(t, 'informer-crd');
  const things = customResource(t, admin);
  const { start, logged } = await informersFor(t);
  const resource: Watched = { group: things.group, version: 'v1', plural: 'things', kind: 'Thing', namespaced: true };
  const informer = start({ resource, carries: 'objects' });
  await eventually('the absence to be told', () => logged('resource cannot be watched yet').length > 0);
  assert.match(informer.problem ?? '', /404/);

  await things.install();
  await informer.synced;
  await admin.create(things.collection(namespace), { ...things.content(1), metadata: { name: 'a' } });
  await eventually('the thing to be held', () => informer.get(namespace, 'a') !== undefined);
  assert.equal(informer.problem, undefined);

  await things.remove();
  await eventually('the thing to be gone', () => informer.get(namespace, 'a') === undefined);
  await eventually('the removal to be told', () => informer.problem !== undefined);
  await things.install();
  await admin.create(things.collection(namespace), { ...things.content(2), metadata: { name: 'b' } });
  await eventually('the new thing to be held', () => informer.get(namespace, 'b') !== undefined);
  assert.deepEqual(names(informer), ['b']);
});

test('a controller makes what each object wants, again when somebody undoes it, and stops when it is to', async (t) => {
  const namespace = await testNamespace(t, 'controller');
  const path = configMaps(namespace);
  for (const name of ['a', 'b']) await admin.create(path, parent(name));
  const { start, kube, io, signal } = await informersFor(t);
  const parents = start({ resource: CONFIG_MAPS, namespace, labelSelector: 'role=parent', carries: 'objects' });
  const children = start({ resource: CONFIG_MAPS, namespace, labelSelector: 'role=child', carries: 'metadata' });
  const queue = createWorkQueue(systemClock);
  enqueueFrom(parents, queue, itself);
  enqueueFrom(children, queue, itsController({ group: '', kind: 'ConfigMap', namespaced: true }));
  const stop = new AbortController();
  const running = runController(
    {
      name: 'test',
      queue,
      informers: [parents, children],
      workers: 2,
      reconcile: async (key, ends) => {
        const { name } = nameOfKey(key);
        const owner = parents.get(namespace, name);
        if (owner !== undefined && children.get(namespace, `${name}-child`) === undefined) {
          const body = child(`${name}-child`, owner);
          await kube.json({ method: 'POST', path: collectionPath(CONFIG_MAPS, namespace), body, signal: ends });
        }
        return { is: 'done' };
      },
    },
    io,
    AbortSignal.any([signal, stop.signal]),
  );
  const isThere = async (name: string) => (await admin.request('GET', `${path}/${name}`)).status === 200;
  for (const name of ['a-child', 'b-child']) await eventually(`${name} to be made`, () => isThere(name));

  await admin.create(path, parent('c'));
  await eventually('a child that comes later', () => isThere('c-child'));
  const { metadata: first } = await admin.get(`${path}/a-child`);
  await admin.delete(`${path}/a-child`);
  await eventually('the child to be made again', async () => {
    const answer = await admin.request('GET', `${path}/a-child`);
    return answer.status === 200 && !answer.text.includes(first.uid ?? '-');
  });
  stop.abort();
  await running;
});

function parent(name: string): Body {
  return { metadata: { name, labels: { role: 'parent' } } };
}

function child(name: string, { apiVersion, kind, metadata }: KubeObject): Body {
  const ownerReferences = [{ apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true }];
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels: { role: 'child' }, ownerReferences } };
}

async function informersFor(t: TestContext) {
  const stop = new AbortController();
  // Before the client is closed.
  t.after(() => stop.abort());
  const kube = clientFor(t, await loadClusterAccess({ kubeconfig: adminKubeconfig, env: {} }));
  const { signal } = stop;
  const { log, entries } = recordedLog();
  const io = { kube, clock: systemClock, log, metrics: createControllerMetrics() };
  return {
    kube,
    io,
    signal,
    start: <T extends KubeObject>(wanted: Informed<T>): Informer<T> => startInformer(wanted, io, signal),
    logged: (message: string) => entries.filter((entry) => entry['msg'] === message),
  };
}

function names(informer: Informer<KubeObject>): string[] {
  return Array.from(informer.list(), ({ metadata }) => metadata.name);
}

function versions(informer: Informer<KubeObject>): string[] {
  return Array.from(informer.list(), ({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).toSorted();
}
