import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeClient, KubeRequest } from '../../../src/kube/client.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import { bind } from '../../../src/sources/sinkbinding/bind.ts';
import { createReconciler } from '../../../src/sources/sinkbinding/reconciler.ts';
import type { SinkBinding } from '../../../src/sources/sinkbinding/spec.ts';
import { BOUND_BY, type Subject } from '../../../src/sources/sinkbinding/subject.ts';
import { DEPLOYMENTS } from '../../events/changes.ts';
import { never } from '../../kube/scripted-server.ts';
import { fakeClock } from '../../support/fake-clock.ts';

const SINK = { sink: 'http://orders', ceOverrides: '' };
const GOING: SinkBinding = {
  apiVersion: 'sources.knative.dev/v1',
  kind: 'SinkBinding',
  metadata: {
    name: 'bind',
    namespace: 'shop',
    uid: 'bind',
    resourceVersion: '5',
    deletionTimestamp: '2026-01-01T00:00:00Z',
    finalizers: ['sinkbindings.sources.knative.dev'],
  },
  spec: { subject: { apiVersion: 'apps/v1', kind: 'Deployment', selector: {} }, sink: { uri: 'http://orders' } },
};

function boundDeployment(name: string): Subject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'shop', uid: name, annotations: { [BOUND_BY]: 'Deployment.apps/bind' } },
    template: bind({ spec: { containers: [{ name: 'web' }] } }, SINK),
    isFinished: false,
  };
}

/** Reconciles the binding that goes; `refuse` says what a patch of the object of this name fails with. */
function stage(subjects: readonly Subject[], refuse: (name: string) => KubeError | undefined) {
  const patched: string[] = [];
  const forgotten: string[] = [];
  const kube: Pick<KubeClient, 'json'> = {
    json: async <T>({ path }: KubeRequest) => {
      const name = path.split('/').at(-1) ?? '';
      patched.push(name);
      const error = refuse(name);
      if (error !== undefined) throw error;
      return GOING as T;
    },
  };
  const informer = { isSynced: true, synced: Promise.resolve(), problem: undefined, list: () => subjects.values() };
  const reconcile = createReconciler({
    kube,
    discovery: { find: async () => ({ is: 'found', resource: DEPLOYMENTS }) },
    clock: fakeClock(),
    clusterDomain: 'cluster.local',
    bindings: { get: () => GOING, list: () => [GOING].values() },
    subjects: { use: () => informer, release: () => undefined },
    tracker: {
      track: () => assert.fail('a sink is looked for'),
      untrack: () => undefined,
      forget: (key) => forgotten.push(key),
    },
    notices: { tell: () => undefined },
  });
  return { patched, forgotten, reconcile: () => reconcile('shop/bind', never()) };
}

test('a binding that goes and was written by somebody else meanwhile is looked at again soon', async () => {
  let conflicts = 1;
  const it = stage([], () => (conflicts-- > 0 ? new KubeError('conflict', 'written meanwhile') : undefined));
  assert.deepEqual(await it.reconcile(), { is: 'again', afterMs: 500 });
  assert.deepEqual(it.forgotten, []);
  assert.deepEqual(await it.reconcile(), { is: 'done' });
  assert.deepEqual(it.forgotten, ['shop/bind']);
});

test('an object that cannot be undone now holds up no other, and the binding until it can', async () => {
  let isBroken = true;
  const trouble = new KubeError('serverError', 'a webhook does not answer');
  const it = stage(['aaa', 'bbb'].map(boundDeployment), (name) => (name === 'aaa' && isBroken ? trouble : undefined));
  await assert.rejects(it.reconcile(), trouble);
  assert.deepEqual(it.patched, ['aaa', 'bbb']);
  isBroken = false;
  assert.deepEqual(await it.reconcile(), { is: 'done' });
  assert.deepEqual(it.patched.slice(2), ['aaa', 'bbb', 'bind']);
});
