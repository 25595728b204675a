import { eventually } from '../support/eventually.ts';
import { changesIn, type State, type Truth } from '../support/writer.ts';
import { judge, measure } from './judge.ts';
import { AFTER_A_CRASH, type Scenario } from './scenario.ts';
import type { Scene } from './scene.ts';
import { expectNoRestart, underLoad } from './under-load.ts';

/** Everything that is missed in a gap: deletes, an object in place of another, updates, new objects, a label that goes. */
async function changesInAGap({ writer, cluster, namespace }: Scene): Promise<void> {
  for (let i = 0; i < 10; i++) await writer.delete(`object-${i}`);
  for (let i = 10; i < 20; i++) {
    await writer.delete(`object-${i}`);
    await writer.create(`object-${i}`);
  }
  for (let i = 20; i < 30; i++) {
    await writer.update(`object-${i}`);
    await writer.update(`object-${i}`);
  }
  for (let i = 0; i < 5; i++) {
    await writer.create(`new-${i}`);
    await writer.create(`short-lived-${i}`);
    await writer.delete(`short-lived-${i}`);
  }
  for (let i = 30; i < 35; i++) {
    const path = `/api/v1/namespaces/${namespace}/configmaps/object-${i}`;
    await cluster.admin.patch(path, { metadata: { labels: { app: 'other' } } });
    writer.noteGone(`object-${i}`);
  }
}

const SELECTING = {
  resources: [{ gvr: { Group: '', Version: 'v1', Resource: 'configmaps' }, selector: 'app=web' }],
};
const labelled: Scenario['content'] = (revision) => ({
  metadata: { labels: { app: 'web' } },
  data: { revision: String(revision) },
});

/** Promise D11: a stream that has nothing to say is noticed after this long. */
const NOTICED_MS = 105_000;

/** Creates 50 objects and waits until they are told. */
async function fifty({ writer, sink }: Scene): Promise<void> {
  for (let i = 0; i < 50; i++) await writer.create(`object-${i}`);
  await eventually('all objects to be told', () => sink.accepted >= 50);
}

/**
 * After a restore everything that exists must be told again, and the end of everything that was told and is not there.
 * `future` is what happens after the snapshot and is forgotten; `meanwhile`, what happens before the adapter is asked.
 */
async function restored(
  scene: Scene,
  future: () => Promise<void>,
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const { writer, sink, cluster } = scene;
  const replica = await scene.adapter();
  await replica.delivering();
  await fifty(scene);
  const snapshot = cluster.snapshot();
  await future();
  await eventually('the lost future to be told', () => sink.accepted >= changesIn(writer.truth));
  // The Lease of the snapshot is older than the one that is confirmed by now.
  await scene.wait(7, 7);
  scene.problems.push(...judge(measure(writer.truth, sink.told, 0), {}));
  const from = sink.told.length;
  await cluster.restore(snapshot);
  await meanwhile();
  scene.restart(await truthNow(scene), from);
  const begun = performance.now();
  await eventually(
    'the restored state to be told',
    () => measure(scene.truth, scene.told, 0).lost === 0,
    NOTICED_MS,
  ).catch(() => undefined);
  scene.note(`told ${((performance.now() - begun) / 1_000).toFixed(0)} s after the restore`);
  scene.note(`${replica.endings.length} restarts`);
}

/** What exists now; and of what was ever written and does not, that it is gone. */
async function truthNow({ writer, cluster, namespace }: Scene): Promise<Truth> {
  const { items } = await cluster.admin.list(`/api/v1/namespaces/${namespace}/configmaps`);
  const existing = new Map(items.map(({ metadata }) => [`${namespace}/${metadata.name}`, metadata]));
  const now = new Map<string, State[]>();
  for (const [object, states] of writer.truth) {
    const found = existing.get(object);
    const { uid = '', resourceVersion = '' } = found ?? {};
    const lastUid = states.at(-1)?.uid ?? '';
    now.set(object, [found === undefined ? { is: 'gone', uid: lastUid } : { is: 'present', uid, resourceVersion }]);
  }
  return now;
}

export const SERVER_SCENARIOS: readonly Scenario[] = [
  {
    name: 'api-server-killed',
    rows: ['F16'],
    what: 'The API server is killed under load and started again.',
    quick: true,
    alone: true,
    allowed: { between: true, sameId: AFTER_A_CRASH, gaps: [0, 2] },
    play: async (scene) => {
      const { replica, load } = await underLoad(scene);
      await scene.wait(8, 6);
      await scene.cluster.apiServer.kill();
      await scene.cluster.apiServer.start();
      await scene.wait(8, 8);
      await load.stop();
      await replica.delivering();
      expectNoRestart(scene, replica);
    },
  },
  {
    name: 'api-server-frozen',
    rows: ['F17', 'F18'],
    what: 'The API server is frozen (SIGSTOP) for 60 s (15 s in a short run) under load, and goes on.',
    quick: true,
    alone: true,
    allowed: { between: true, sameId: AFTER_A_CRASH, gaps: [0, 2] },
    play: async (scene) => {
      const { replica, load } = await underLoad(scene);
      await scene.wait(12, 8);
      scene.cluster.apiServer.pause();
      await scene.wait(60, 15);
      scene.cluster.apiServer.continue();
      await scene.wait(5, 5);
      await load.stop();
      await replica.delivering();
      expectNoRestart(scene, replica);
    },
  },
  {
    name: 'etcd-killed',
    rows: ['F16'],
    what: 'etcd is killed under load and started again after 5 s.',
    alone: true,
    allowed: { sameId: AFTER_A_CRASH, between: true, gaps: [0, 2] },
    play: async (scene) => {
      const { replica, load } = await underLoad(scene);
      await scene.wait(12, 8);
      await scene.cluster.etcd.kill();
      await scene.wait(5, 5);
      await scene.cluster.etcd.start();
      await scene.wait(5, 5);
      await load.stop();
      await replica.delivering();
      expectNoRestart(scene, replica);
    },
  },
  {
    name: 'compacted-while-away',
    rows: ['F21', 'F22', 'F23', 'F24', 'F32'],
    what: 'The history is gone (API server restarted, etcd compacted) when the adapter is back.',
    quick: true,
    alone: true,
    allowed: { between: true, gaps: [1, 1] },
    content: labelled,
    play: async (scene) => {
      const { cluster } = scene;
      const replica = await scene.adapter({ source: SELECTING });
      await replica.delivering();
      await fifty(scene);
      await scene.wait(12, 12);
      await replica.kill();
      await changesInAGap(scene);
      await cluster.apiServer.kill();
      await cluster.apiServer.start();
      await cluster.compactEtcd();
      await replica.start();
      await replica.delivering();
    },
  },
  {
    name: 'etcd-restored',
    rows: ['F41'],
    what: 'etcd is put back to a snapshot from before 50 changes while the adapter runs.',
    quick: true,
    alone: true,
    allowed: { gaps: [1, 2] },
    play: (scene) =>
      restored(scene, async () => {
        const { writer } = scene;
        for (let i = 0; i < 10; i++) await writer.delete(`object-${i}`);
        for (let i = 10; i < 20; i++) await writer.update(`object-${i}`);
        for (let i = 0; i < 80; i++) await writer.create(`phantom-${i}`);
      }),
  },
  {
    name: 'etcd-restored-and-passed',
    rows: ['F43'],
    catchUpS: 1,
    what: 'etcd is put back by few changes, and its versions have passed the adapter’s position when it asks again.',
    alone: true,
    allowed: { gaps: [1, 2] },
    play: (scene) =>
      restored(
        scene,
        async () => {
          await scene.writer.delete('object-0');
          await scene.writer.update('object-1');
          await scene.writer.create('phantom-0');
        },
        async () => {
          const { admin } = scene.cluster;
          const path = `/api/v1/namespaces/${scene.namespace}/secrets`;
          for (let i = 0; i < 50; i++) await admin.create(path, { metadata: { name: `other-${i}` } });
        },
      ),
  },
];
