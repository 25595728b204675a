import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import type { KubeObject } from '../../src/kube/object.ts';
import type { Resource } from '../../src/kube/resource.ts';
import { createTracker, type TrackedObject } from '../../src/reconcile/tracker.ts';

const VERBS = ['get', 'list', 'watch'];
const SERVICES: Resource = {
  group: '',
  version: 'v1',
  plural: 'services',
  kind: 'Service',
  namespaced: true,
  verbs: VERBS,
};
const GATES: Resource = { group: 'a.b', version: 'v1', plural: 'gates', kind: 'Gate', namespaced: false, verbs: VERBS };

type Handler = (event: { readonly object: KubeObject }) => void;

/** An informer that a test moves by hand. */
function fakeInformer(signal: AbortSignal) {
  const { promise: synced, resolve: sync } = Promise.withResolvers<void>();
  const held = new Map<string, KubeObject>();
  const handlers = new Set<Handler>();
  return {
    synced,
    signal,
    handlers,
    sync: async () => {
      sync();
      await turn();
    },
    put: (object: KubeObject) => {
      held.set(`${object.metadata.namespace}/${object.metadata.name}`, object);
      for (const handler of handlers) handler({ object });
    },
    get: (namespace: string | undefined, name: string) => held.get(`${namespace}/${name}`),
    subscribe: (handler: Handler) => {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
  };
}

function stage() {
  const started: (ReturnType<typeof fakeInformer> & { readonly resource: string })[] = [];
  const woken: string[] = [];
  const tracker = createTracker({
    start: (resource, signal) => {
      const informer = { ...fakeInformer(signal), resource: resource.plural };
      started.push(informer);
      return informer;
    },
    enqueue: (key) => woken.push(key),
  });
  const informer = (index: number) => {
    const found = started[index];
    assert.ok(found !== undefined, `informer ${index} was started`);
    return found;
  };
  return { tracker, started, informer, woken: () => woken.splice(0) };
}

function service(name: string, namespace = 'shop'): KubeObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace } };
}

function at(name: string, namespace = 'shop', resource = SERVICES): TrackedObject {
  return { resource, namespace, name };
}

const A = { key: 'shop/a', role: 'sink' };
const B = { key: 'shop/b', role: 'sink' };

test('an object that changes wakes those who track it, and nobody else', async () => {
  const { tracker, started, informer, woken } = stage();
  tracker.track(at('one'), A);
  tracker.track(at('one'), B);
  tracker.track(at('two'), { ...B, role: 'deadLetterSink' });
  assert.equal(started.length, 1, 'one informer for a resource');
  informer(0).put(service('one'));
  assert.deepEqual(woken(), ['shop/a', 'shop/b']);
  informer(0).put(service('two'));
  assert.deepEqual(woken(), ['shop/b']);
  informer(0).put(service('one', 'other'));
  assert.deepEqual(woken(), []);
});

test('what an informer does not know yet is unknown, and whoever asked is woken when it does', async () => {
  const { tracker, informer, woken } = stage();
  assert.deepEqual(tracker.track(at('one'), A), { is: 'unknown' });
  await informer(0).sync();
  assert.deepEqual(woken(), ['shop/a']);
  assert.deepEqual(tracker.track(at('one'), A), { is: 'absent' });
  informer(0).put(service('one'));
  assert.deepEqual(tracker.track(at('one'), A), { is: 'present', object: service('one') });
  assert.deepEqual(woken(), ['shop/a'], 'tracking again does not count twice');
});

test('who tracks another object is not woken by the old one any more', () => {
  const { tracker, informer, started, woken } = stage();
  tracker.track(at('one'), A);
  tracker.track(at('two'), A);
  informer(0).put(service('one'));
  assert.deepEqual(woken(), []);
  informer(0).put(service('two'));
  assert.deepEqual(woken(), ['shop/a']);
  assert.equal(started.length, 1, 'the informer that both need runs on');
  assert.equal(informer(0).signal.aborted, false);
});

test('an informer ends with the last who needs it, and begins anew for the next', () => {
  const { tracker, informer, started, woken } = stage();
  tracker.track(at('one'), A);
  tracker.track(at('gate', 'shop', GATES), A);
  assert.equal(informer(0).signal.aborted, true);
  assert.equal(informer(0).handlers.size, 0);
  tracker.track(at('one'), { ...A, role: 'deadLetterSink' });
  tracker.forget('shop/a');
  assert.deepEqual(
    started.map(({ resource, signal }) => [resource, signal.aborted]),
    [
      ['services', true],
      ['gates', true],
      ['services', true],
    ],
  );
  tracker.untrack(A);
  tracker.forget('shop/a');
  informer(1).put(service('gate'));
  assert.deepEqual(woken(), []);
});

test('objects of a cluster-scoped kind are found without their namespace', async () => {
  const { tracker, informer } = stage();
  tracker.track(at('gate', 'shop', GATES), A);
  await informer(0).sync();
  const gate = { apiVersion: 'a.b/v1', kind: 'Gate', metadata: { name: 'gate' } };
  informer(0).put(gate);
  assert.deepEqual(tracker.track(at('gate', 'shop', GATES), A), { is: 'present', object: gate });
});
