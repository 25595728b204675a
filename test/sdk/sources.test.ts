import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../src/kube/object.ts';
import type { InformerEvent } from '../../src/reconcile/informer.ts';
import { generationChanged, labelsMatch } from '../../src/reconcile/predicates.ts';
import { createWorkQueue, type WorkQueue } from '../../src/reconcile/queue.ts';
import {
  enqueueRequestForObject,
  enqueueRequestForOwner,
  enqueueRequestsFromMapFunc,
  handlerFuncs,
} from '../../src/sdk/handlers.ts';
import { channel, informer } from '../../src/sdk/sources.ts';
import { added, configMap, deleted, updated } from '../reconcile/events.ts';
import { fakeClock } from '../support/fake-clock.ts';

const SIGNAL = new AbortController().signal;
const THINGS = { group: 'example.com', version: 'v1', kind: 'Thing', plural: 'things', namespaced: true };
const OWNER = { apiVersion: 'example.com/v1beta1', kind: 'Thing', name: 'owner', uid: 'u', controller: true };

/** An informer whose events a test makes. */
function fakeInformer() {
  const handlers = new Set<(event: InformerEvent<KubeObject>) => void>();
  return {
    subscribe: (handler: (event: InformerEvent<KubeObject>) => void) => {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    tell: (event: InformerEvent<KubeObject>) => {
      for (const handler of handlers) handler(event);
    },
  };
}

async function keysIn(queue: WorkQueue): Promise<string[]> {
  const keys: string[] = [];
  while (queue.size > 0) keys.push((await queue.take(SIGNAL)) ?? '');
  return keys;
}

test('what an informer tells is handled if all predicates let it pass, until the signal', async () => {
  const from = fakeInformer();
  const stop = new AbortController();
  const seen: string[] = [];
  const tell = ({ is }: { is: string }): void => void seen.push(is);
  const handler = handlerFuncs<KubeObject>({ create: tell, update: tell, delete: tell });
  const queue = createWorkQueue(fakeClock());
  await informer(from).start(stop.signal, handler, queue, generationChanged, labelsMatch('app=web'));
  const labels = { app: 'web' };
  from.tell(added({ labels }));
  from.tell(added({}));
  from.tell(updated({ labels, generation: 1 }, { labels, generation: 1 }));
  from.tell(updated({ labels, generation: 1 }, { labels, generation: 2 }));
  from.tell(deleted({ labels }));
  stop.abort();
  from.tell(added({ labels }));
  assert.deepEqual(seen, ['added', 'updated', 'deleted']);
});

test('what is sent into a channel is heard by all that started it, as generic', async () => {
  const events = channel<KubeObject>();
  events.send(configMap());
  const stop = new AbortController();
  const queue = createWorkQueue(fakeClock());
  const names: string[] = [];
  const handler = handlerFuncs<KubeObject>({
    create: () => assert.fail('nothing was created'),
    generic: ({ object }) => void names.push(object.metadata.name),
  });
  await events.start(stop.signal, handler, queue);
  await events.start(SIGNAL, enqueueRequestForObject, queue, labelsMatch('app=web'));
  events.send(configMap());
  events.send(configMap({ name: 'b', labels: { app: 'web' } }));
  stop.abort();
  events.send(configMap({ name: 'c' }));
  assert.deepEqual(names, ['a', 'b']);
  assert.deepEqual(await keysIn(queue), ['n/b']);
});

test('handlers add the object, its owner, or what a function says of it before and after', async () => {
  const event = updated({ ownerReferences: [OWNER], labels: { to: 'x' } }, { labels: { to: 'y' } });
  const rows = [
    [enqueueRequestForObject, ['n/a']],
    [enqueueRequestForOwner(THINGS), ['n/owner']],
    [enqueueRequestForOwner({ ...THINGS, group: 'other.com' }), []],
    [enqueueRequestsFromMapFunc(({ metadata }: KubeObject) => [metadata.labels?.['to'] ?? '']), ['x', 'y']],
  ] as const;
  for (const [handler, keys] of rows) {
    const queue = createWorkQueue(fakeClock());
    handler(event, queue);
    assert.deepEqual(await keysIn(queue), keys);
  }
});

test('updates that come close together are one item, and what was there at the start waits behind them', async () => {
  const queue = createWorkQueue(fakeClock());
  enqueueRequestForObject(added({ name: 'old' }, true), queue);
  for (let n = 0; n < 3; n++) enqueueRequestForObject(updated({ name: 'nginx' }, { name: 'nginx' }), queue);
  assert.deepEqual(await keysIn(queue), ['n/nginx', 'n/old']);
});
