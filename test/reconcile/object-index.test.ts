import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../src/kube/object.ts';
import type { InformerEvent } from '../../src/reconcile/informer.ts';
import { indexObjects } from '../../src/reconcile/object-index.ts';
import { added, configMap, deleted, updated } from './events.ts';

function stage() {
  const handlers: ((event: InformerEvent<KubeObject>) => void)[] = [];
  const subscribe = (handler: (event: InformerEvent<KubeObject>) => void) => {
    handlers.push(handler);
    return () => undefined;
  };
  const index = indexObjects([{ subscribe }, { subscribe }], ({ metadata }) => metadata.labels?.['for']);
  return {
    tell: (informer: number, event: InformerEvent<KubeObject>) => handlers[informer]?.(event),
    of: (term: string) => Array.from(index.of(term), ({ kind, metadata }) => `${kind} ${metadata.name}`),
  };
}

const labels = (term: string) => ({ labels: { for: term } });

test('objects of all informers are found by what they say, and those that say nothing are not', () => {
  const { tell, of } = stage();
  tell(0, added({ name: 'a', ...labels('x') }));
  tell(1, added({ name: 'b', ...labels('x') }));
  tell(0, added({ name: 'c', ...labels('y') }));
  tell(0, added({ name: 'd' }));
  assert.deepEqual(of('x'), ['ConfigMap a', 'ConfigMap b']);
  assert.deepEqual(of('y'), ['ConfigMap c']);
  assert.deepEqual(of('z'), []);
});

test('two kinds may have objects of one name', () => {
  const { tell, of } = stage();
  tell(0, added(labels('x')));
  tell(1, { ...added(), object: { ...configMap(labels('x')), kind: 'Secret' } });
  assert.deepEqual(of('x'), ['ConfigMap a', 'Secret a']);
});

test('an object is found by what it says now, and not at all when it is gone', () => {
  const { tell, of } = stage();
  tell(0, added(labels('x')));
  tell(0, updated(labels('x'), labels('y')));
  assert.deepEqual([of('x'), of('y')], [[], ['ConfigMap a']]);
  tell(0, updated(labels('y'), {}));
  assert.deepEqual(of('y'), []);
  tell(0, updated({}, labels('x')));
  // Its last state may say something else than the one before.
  tell(0, deleted(labels('y')));
  assert.deepEqual([of('x'), of('y')], [[], []]);
});
