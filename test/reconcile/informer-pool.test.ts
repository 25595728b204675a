import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../src/kube/object.ts';
import type { Informed, Informer, InformerEvent } from '../../src/reconcile/informer.ts';
import { createInformerPool } from '../../src/reconcile/informer-pool.ts';
import { added } from './events.ts';

const CONFIG_MAPS = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true };
const ALL: Informed<KubeObject> = { resource: CONFIG_MAPS, carries: 'objects' };

/** Informers that do as they are told, and a borrower of them with every call. */
function stage() {
  const pool = createInformerPool();
  const begun: { readonly tell: (event: InformerEvent<KubeObject>) => void; readonly ending: AbortSignal }[] = [];
  const begin = (ending: AbortSignal): Informer<KubeObject> => {
    const handlers = new Set<(event: InformerEvent<KubeObject>) => void>();
    begun.push({ ending, tell: (event) => handlers.forEach((handler) => handler(event)) });
    return {
      synced: Promise.resolve(),
      problem: undefined,
      get: () => undefined,
      list: () => [],
      subscribe: (handler) => {
        handlers.add(handler);
        return () => void handlers.delete(handler);
      },
    };
  };
  const borrow = (wanted: Informed<KubeObject> = ALL) => {
    const stop = new AbortController();
    const heard: string[] = [];
    const informer = pool.borrow(wanted, begin, stop.signal);
    informer.subscribe(({ object }) => heard.push(object.metadata.name));
    return { heard, stop: () => stop.abort() };
  };
  return { begun, borrow };
}

test('who wants the same has one informer, which ends with the last of them', () => {
  const { begun, borrow } = stage();
  const [one, other] = [borrow(), borrow()];
  assert.equal(begun.length, 1);
  one.stop();
  assert.equal(begun[0]?.ending.aborted, false);
  other.stop();
  assert.equal(begun[0]?.ending.aborted, true);
  borrow();
  assert.equal(begun.length, 2, 'one that has ended is not lent');
});

test('who has stopped is told nothing more', () => {
  const { begun, borrow } = stage();
  const [one, other] = [borrow(), borrow()];
  begun[0]?.tell(added({ name: 'a' }));
  one.stop();
  begun[0]?.tell(added({ name: 'b' }));
  assert.deepEqual([one.heard, other.heard], [['a'], ['a', 'b']]);
});

test('other objects, and other parts of them, have informers of their own', () => {
  const { begun, borrow } = stage();
  const keep = (object: KubeObject): KubeObject => object;
  const different: readonly Informed<KubeObject>[] = [
    ALL,
    { ...ALL, namespace: 'n' },
    { ...ALL, labelSelector: 'a=b' },
    { ...ALL, carries: 'metadata' },
    { ...ALL, keep },
    { ...ALL, keep: (object) => object },
    { ...ALL, resource: { ...CONFIG_MAPS, plural: 'secrets' } },
  ];
  for (const wanted of different) borrow(wanted);
  assert.equal(begun.length, different.length);
  borrow({ ...ALL, keep });
  assert.equal(begun.length, different.length);
});

test('a borrower that has stopped already ends what it begins', () => {
  const pool = createInformerPool();
  let ending: AbortSignal | undefined;
  const begin = (signal: AbortSignal): Informer<KubeObject> => {
    ending = signal;
    return { synced: Promise.resolve(), problem: '', get: () => undefined, list: () => [], subscribe: () => () => {} };
  };
  pool.borrow(ALL, begin, AbortSignal.abort());
  assert.equal(ending?.aborted, true);
});
