import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { loadClusterAccess } from '../../src/kube/config.ts';
import type { KubeObject } from '../../src/kube/object.ts';
import { createNotices, type Notice } from '../../src/reconcile/notices.ts';
import { recordedLog } from '../adapter/recorded-log.ts';
import { clientFor } from '../kube/scripted-server.ts';
import { sharedCluster, testNamespace } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { fakeClock } from '../support/fake-clock.ts';

const { admin, adminKubeconfig } = sharedCluster();

async function stage(t: TestContext, prefix: string, kubeconfig = adminKubeconfig) {
  const namespace = await testNamespace(t, prefix);
  const kube = clientFor(t, await loadClusterAccess({ kubeconfig, env: {} }));
  const about = await admin.create(`/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name: 'source' } });
  const outcomes: string[] = [];
  const clock = fakeClock();
  const { log } = recordedLog();
  const start = () => {
    const notices = createNotices({
      kube,
      clock,
      log,
      component: 'apiserversource-controller',
      count: (outcome, times) => outcomes.push(`${outcome} ${times}`),
    });
    const stop = new AbortController();
    const running = notices.run(stop.signal);
    t.after(async () => {
      stop.abort();
      await running;
    });
    return notices;
  };
  const collection = `/api/v1/namespaces/${namespace}/events`;
  const events = async () => (await admin.list(collection)).items;
  return { about: about as KubeObject, namespace, collection, clock, outcomes, start, events };
}

function missing(about: KubeObject, message = 'There is no sink.'): Notice {
  return { about, type: 'Warning', reason: 'SinkNotFound', message };
}

test('a notice becomes an Event of the object, and what is told again is counted in it', async (t) => {
  const { about, namespace, clock, outcomes, start, events } = await stage(t, 'notices');
  const notices = start();
  notices.tell(missing(about));
  await eventually('the Event', () => outcomes.length === 1);
  await clock.advance(60_000);
  notices.tell(missing(about));
  notices.tell(missing(about));
  notices.tell({ ...missing(about), reason: 'SinkFound', type: 'Normal', message: 'x'.repeat(3_000) });
  await eventually('the counts', () => outcomes.length === 3);
  assert.deepEqual(outcomes, ['created 1', 'counted 2', 'created 1']);

  const [told, other, ...rest] = (await events()).toSorted((a, b) => Number(b['count']) - Number(a['count']));
  assert.deepEqual(rest, []);
  const { metadata: _, ...content } = told ?? {};
  assert.deepEqual(content, {
    involvedObject: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      namespace,
      name: 'source',
      uid: about.metadata.uid,
      resourceVersion: about.metadata.resourceVersion,
    },
    type: 'Warning',
    reason: 'SinkNotFound',
    message: 'There is no sink.',
    source: { component: 'apiserversource-controller' },
    reportingComponent: 'apiserversource-controller',
    reportingInstance: '',
    firstTimestamp: '2026-01-01T00:00:00Z',
    lastTimestamp: '2026-01-01T00:01:00Z',
    eventTime: null,
    count: 3,
  });
  assert.equal(String(other?.['message']).length, 1_024);
});

test('another process counts on, and an Event that is gone is made anew', async (t) => {
  const { about, collection, outcomes, start, events } = await stage(t, 'notices-restart');
  const before = start();
  before.tell(missing(about));
  before.tell(missing(about));
  await eventually('the Event', () => outcomes.length === 1);
  const after = start();
  after.tell(missing(about));
  await eventually('the count', () => outcomes.length === 2);
  const [event] = await events();
  assert.equal(event?.['count'], 3);
  await admin.delete(`${collection}/${event.metadata.name}`);
  after.tell(missing(about));
  await eventually('the new Event', () => outcomes.length === 3);
  assert.equal((await events())[0]?.['count'], 1);
  assert.deepEqual(outcomes, ['created 2', 'counted 1', 'created 1']);
});

test('a right that is missing costs the notice and nothing else', async (t) => {
  const kubeconfig = await sharedCluster().kubeconfigForUser('mute', []);
  const { about, outcomes, start } = await stage(t, 'notices-forbidden', kubeconfig);
  const notices = start();
  notices.tell(missing(about));
  notices.tell(missing(about, 'There is none.'));
  await eventually('both to be dropped', () => outcomes.length === 2);
  assert.deepEqual(outcomes, ['refused 1', 'refused 1']);
});
