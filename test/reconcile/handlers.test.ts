import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject, ObjectMeta } from '../../src/kube/object.ts';
import { enqueueFrom, itself, itsController, type KeysOf, mapped } from '../../src/reconcile/handlers.ts';
import type { InformerEvent, InformerHandler } from '../../src/reconcile/informer.ts';
import { generationChanged } from '../../src/reconcile/predicates.ts';
import type { QueueLane } from '../../src/reconcile/queue.ts';
import { added, configMap, deleted, updated } from './events.ts';

const SOURCE = { apiVersion: 'sources.knative.dev/v1', kind: 'ApiServerSource', uid: 'u' };
const ofSource = itsController({ group: 'sources.knative.dev', kind: 'ApiServerSource', namespaced: true });

function ownedBy(
  ...owners: readonly Partial<NonNullable<ObjectMeta['ownerReferences']>[number]>[]
): Partial<ObjectMeta> {
  return { ownerReferences: owners.map((owner) => Object.assign({ name: 'src' }, SOURCE, owner)) };
}

test('an event of an object concerns the object itself', () => {
  assert.deepEqual([...itself(added())], ['n/a']);
  assert.deepEqual([...itself(updated({}, {}))], ['n/a']);
  assert.deepEqual([...itself({ is: 'deleted', object: clusterScoped('b') })], ['b']);
});

test('an object concerns the owner that manages it, of the asked kind and group in any version', () => {
  const table: readonly (readonly [Partial<ObjectMeta>, readonly string[]])[] = [
    [ownedBy({ controller: true }), ['n/src']],
    [ownedBy({ controller: true, apiVersion: 'sources.knative.dev/v1beta1' }), ['n/src']],
    [ownedBy({}), []],
    [ownedBy({ controller: false }), []],
    [ownedBy({ controller: true, kind: 'PingSource' }), []],
    [ownedBy({ controller: true, apiVersion: 'other.dev/v1' }), []],
    [ownedBy({ controller: true, apiVersion: 'v1' }), []],
    [ownedBy({ name: 'not' }, { controller: true, name: 'yes' }), ['n/yes']],
    [{}, []],
  ];
  for (const [metadata, keys] of table) {
    assert.deepEqual([...ofSource(added(metadata))], keys, JSON.stringify(metadata));
    assert.deepEqual([...ofSource(deleted(metadata))], keys);
  }
});

test('the owner that lost an object is told as well as the one that got it, and one that keeps it once', () => {
  const [a, b] = ['a', 'b'].map((name) => ownedBy({ controller: true, name }));
  assert.deepEqual([...ofSource(updated(a ?? {}, b ?? {}))], ['n/a', 'n/b']);
  assert.deepEqual([...ofSource(updated(a ?? {}, a ?? {}))], ['n/a']);
  assert.deepEqual([...ofSource(updated(a ?? {}, {}))], ['n/a']);
});

test('an owner in no namespace has a key without one', () => {
  const ofNode = itsController({ group: '', kind: 'Node', namespaced: false });
  const metadata = ownedBy({ controller: true, apiVersion: 'v1', kind: 'Node', name: 'node-1' });
  assert.deepEqual([...ofNode(added(metadata))], ['node-1']);
});

test('what a function maps an object to is added, for an update of both its states', () => {
  const keysOf = mapped(({ metadata }: KubeObject) => (metadata.labels?.['for'] ?? '').split(' '));
  assert.deepEqual([...keysOf(added({ labels: { for: 'x y' } }))], ['x', 'y']);
  assert.deepEqual([...keysOf(updated({ labels: { for: 'x y' } }, { labels: { for: 'y z' } }))], ['x', 'y', 'z']);
});

test('what is there at the start waits behind what changes', () => {
  assert.deepEqual(enqueued(itself, [added({}, true), added({ name: 'b' }), updated({}, {}), deleted()]), [
    ['n/a', 'resync'],
    ['n/b', 'change'],
    ['n/a', 'change'],
    ['n/a', 'change'],
  ]);
});

test('an event that does not pass the predicate adds nothing', () => {
  const events = [updated({ generation: 1 }, { generation: 1 }), updated({ generation: 1 }, { generation: 2 })];
  assert.equal(enqueued(itself, events, generationChanged).length, 1);
});

test('after its end nothing is added any more', () => {
  const { informer, send } = stubInformer();
  const keys: string[] = [];
  const end = enqueueFrom(informer, { add: (key) => void keys.push(key) }, itself);
  send(added());
  end();
  send(added({ name: 'b' }));
  assert.deepEqual(keys, ['n/a']);
});

function clusterScoped(name: string): KubeObject {
  const { namespace: _none, ...metadata } = configMap({ name }).metadata;
  return { ...configMap(), metadata };
}

function enqueued(
  keysOf: KeysOf,
  events: readonly InformerEvent<KubeObject>[],
  when?: typeof generationChanged,
): [string, QueueLane][] {
  const { informer, send } = stubInformer();
  const calls: [string, QueueLane][] = [];
  enqueueFrom(informer, { add: (key, lane = 'change') => void calls.push([key, lane]) }, keysOf, when);
  for (const event of events) send(event);
  return calls;
}

function stubInformer() {
  const handlers = new Set<InformerHandler<KubeObject>>();
  return {
    informer: {
      subscribe: (handler: InformerHandler<KubeObject>) => {
        handlers.add(handler);
        return () => void handlers.delete(handler);
      },
    },
    send: (event: InformerEvent<KubeObject>) => {
      for (const handler of handlers) handler(event);
    },
  };
}
