import { eventually } from '../support/eventually.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { type Rule, tcpProxy } from '../support/tcp-proxy.ts';
import { AFTER_A_CRASH, AFTER_A_CRASH_AND_A_GAP, type Scenario } from './scenario.ts';
import type { Scene } from './scene.ts';
import { underLoad } from './under-load.ts';

/** Load, no adapter for a while in the middle of it, and load once more. */
function killedFor(seconds: number, least: number): Scenario['play'] {
  return async (scene) => {
    const { replica, load } = await underLoad(scene);
    await scene.wait(15, 12);
    await replica.kill();
    await scene.wait(seconds, least);
    await replica.start();
    await replica.delivering();
    await scene.wait(3, 2);
    await load.stop();
  };
}

/** What a short absence hides, told from the history. */
async function away(scene: Scene): Promise<void> {
  const { writer, cluster, namespace } = scene;
  const replica = await scene.adapter({ source: SELECTING });
  await replica.delivering();
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  for (const name of ['recreated', 'leaving', 'deleted']) await writer.create(name);
  await eventually('the objects to be told', () => scene.sink.accepted === 3);
  // Until the first position is stored.
  await scene.wait(4, 4);
  await replica.kill();
  await writer.delete('recreated');
  await writer.create('recreated');
  await writer.create('short-lived');
  await writer.delete('short-lived');
  await writer.delete('deleted');
  await cluster.admin.patch(`${path}/leaving`, { metadata: { labels: { app: 'other' } } });
  writer.noteGone('leaving');
  await replica.start();
  await replica.delivering();
}

const SELECTING = {
  resources: [{ gvr: { Group: '', Version: 'v1', Resource: 'configmaps' }, selector: 'app=web' }],
};

/** The most that a take-over may take once the Lease is free. */
const TAKE_OVER_MS = 2_000;

const STANDING_BY = 'standing by; another replica delivers';

export const ADAPTER_SCENARIOS: readonly Scenario[] = [
  {
    name: 'adapter-killed',
    rows: ['F2', 'F4', 'F20'],
    what: 'The adapter is killed (SIGKILL) under load and away for 10 s.',
    allowed: { sameId: AFTER_A_CRASH },
    play: killedFor(10, 10),
  },
  {
    name: 'adapter-killed-long',
    rows: ['F2', 'F20'],
    what: 'The adapter is killed under load and away for 3 minutes, which is longer than the API server remembers.',
    allowed: AFTER_A_CRASH_AND_A_GAP,
    play: killedFor(180, 30),
  },
  {
    name: 'adapter-and-api-server-killed',
    rows: ['F2', 'F16', 'F20'],
    what: 'The adapter is killed under load and then the API server, so that what it could watch is gone; three times.',
    alone: true,
    allowed: { ...AFTER_A_CRASH_AND_A_GAP, sameId: 3 * AFTER_A_CRASH, gaps: [1, 3] },
    play: async (scene) => {
      const { replica, load } = await underLoad(scene);
      for (let i = 0; i < 3; i++) {
        // At another moment between two renewals of the Lease each time.
        await scene.wait(9 + scene.random() * 5, 7);
        await replica.kill();
        await scene.cluster.apiServer.kill();
        await scene.cluster.apiServer.start();
        await scene.wait(5, 3);
        await replica.start();
        await replica.delivering();
      }
      await scene.wait(3, 2);
      await load.stop();
    },
  },
  {
    name: 'adapter-killed-30s',
    rows: ['F2', 'F20'],
    what: 'The adapter is killed under load and away for 30 s.',
    quick: true,
    allowed: { sameId: AFTER_A_CRASH },
    play: killedFor(30, 30),
  },
  {
    name: 'adapter-killed-idle',
    rows: ['F1'],
    what: 'The adapter is killed when nothing has happened for 12 s.',
    allowed: {},
    play: async (scene) => {
      const { replica, load } = await underLoad(scene);
      await scene.wait(5, 2);
      await load.stop();
      await scene.wait(12, 12);
      await replica.kill();
      await replica.start();
      await replica.delivering();
    },
  },
  {
    name: 'adapter-terminated',
    rows: ['F5'],
    what: 'The adapter is stopped (SIGTERM) under load and started again, three times.',
    quick: true,
    allowed: {},
    play: async (scene) => {
      const { replica, load } = await underLoad(scene);
      for (let i = 0; i < 3; i++) {
        await scene.wait(3, 3);
        const { ending, afterMs } = await replica.stop();
        scene.note(`stopped in ${(afterMs / 1_000).toFixed(1)} s`);
        scene.expect(ending === 0 && afterMs < 20_000, `It ended with ${ending} after ${Math.round(afterMs)} ms.`);
        await scene.wait(2, 2);
        await replica.start();
        await replica.delivering();
      }
      await load.stop();
    },
  },
  {
    name: 'stopped-with-hanging-sink',
    rows: ['F6'],
    what: 'The adapter is stopped while the sink answers nothing; the sink works again when it is back.',
    quick: true,
    allowed: {},
    play: async (scene) => {
      const { replica, load } = await underLoad(scene);
      await scene.wait(3, 2);
      scene.sink.reply(() => 'hang');
      await scene.wait(2, 1);
      const { ending, afterMs } = await replica.stop();
      scene.note(`stopped in ${(afterMs / 1_000).toFixed(1)} s`);
      scene.expect(ending === 0 && afterMs < 28_000, `It ended with ${ending} after ${Math.round(afterMs)} ms.`);
      await scene.sink.heal();
      await replica.start();
      await replica.delivering();
      await load.stop();
    },
  },
  {
    name: 'rolling-replacement',
    rows: ['F5', 'F55'],
    what: 'A second adapter stands by, the first is stopped under load, and so on, four times.',
    quick: true,
    allowed: {},
    play: async (scene) => {
      let old = await scene.adapter();
      await old.delivering();
      const load = scene.load();
      for (let i = 0; i < 4; i++) {
        const next = await scene.adapter();
        await eventually(
          'it to stand by',
          () => next.adapter.logged('standing by; another replica delivers').length > 0,
        );
        await scene.wait(3, 2);
        const ended = await old.stop();
        const freed = performance.now();
        await next.delivering();
        const tookMs = performance.now() - freed;
        scene.note(`take-over ${(tookMs / 1_000).toFixed(1)} s`);
        scene.expect(ended.ending === 0, `The old one ended with ${ended.ending}.`);
        scene.expect(tookMs <= TAKE_OVER_MS, `The new one took ${Math.round(tookMs)} ms to deliver.`);
        old = next;
      }
      await scene.wait(2, 2);
      await load.stop();
    },
  },
  {
    name: 'adapter-frozen-and-back',
    rows: ['F8', 'F55'],
    what: 'The delivering adapter is frozen (SIGSTOP) for 20 s, a second one takes over, and the first stands by.',
    quick: true,
    allowed: { sameId: AFTER_A_CRASH },
    play: async (scene) => {
      const zombie = await scene.adapter({ restarts: false });
      await zombie.delivering();
      const other = await scene.adapter();
      const load = scene.load();
      await scene.wait(12, 8);
      zombie.adapter.pause();
      await scene.wait(20, 20);
      zombie.adapter.continue();
      await other.delivering();
      await eventually('the frozen one to stand by', () => zombie.adapter.logged(STANDING_BY).length > 0);
      scene.expect(zombie.endings.length === 0, `The frozen one ended with ${zombie.endings[0]}.`);
      await scene.wait(3, 2);
      await load.stop();
    },
  },
  {
    name: 'lease-stolen',
    rows: ['F54'],
    what: 'Somebody else writes himself into the Lease; the adapter stops sending, and comes back when the Lease is free.',
    quick: true,
    allowed: { sameId: AFTER_A_CRASH },
    play: async (scene) => {
      const { cluster, namespace, sink } = scene;
      const { replica, load } = await underLoad(scene);
      await scene.wait(8, 6);
      const lease = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/apiserversource-source`;
      const steal = (holderIdentity: string): Promise<unknown> =>
        cluster.admin.patch(lease, {
          spec: { holderIdentity, renewTime: new Date().toISOString().replace('Z', '000Z') },
        });
      const stolen = performance.now();
      await steal('thief');
      await eventually('the adapter to stand by', () => replica.adapter.logged(STANDING_BY).length > 0);
      const tookS = (performance.now() - stolen) / 1_000;
      scene.note(`stood by ${tookS.toFixed(1)} s after the theft`);
      // What the sink's socket holds already was sent before.
      await scene.wait(1, 1);
      const accepted = sink.accepted;
      await scene.wait(3, 3);
      scene.expect(sink.accepted === accepted, 'Events were sent by an adapter that does not hold the Lease.');
      const given = performance.now();
      await steal('');
      await eventually('it to deliver again', () => replica.adapter.logged('delivering').length > 1);
      scene.note(`delivered again ${((performance.now() - given) / 1_000).toFixed(1)} s after it was free`);
      await scene.wait(3, 2);
      await load.stop();
      scene.expect(replica.endings.length === 0, `It ended with ${replica.endings[0]}.`);
    },
  },
  {
    name: 'changes-while-away',
    rows: ['F20', 'F22', 'F23', 'F24'],
    what: 'While the adapter is away: deleted, deleted and created again, created and deleted, out of the selector.',
    quick: true,
    allowed: { sameId: 3 },
    content: (revision) => ({ metadata: { labels: { app: 'web' } }, data: { revision: String(revision) } }),
    play: away,
  },
  {
    name: 'connections-cut',
    rows: ['F12', 'F13'],
    what: 'Every connection to the API server is cut after a random number of bytes, for 20 s.',
    allowed: { sameId: AFTER_A_CRASH },
    play: async (scene) => {
      const proxy = await tcpProxy(scene, scene.cluster.server);
      const replica = await scene.adapter({ kubeconfig: scene.kubeconfig(proxy.url) });
      await replica.delivering();
      const random = seededRandom(Math.floor(scene.random() * 1e6));
      const load = scene.load();
      const cut = (): Rule => ({ cutAfter: 20_000 + Math.floor(random() * 60_000) });
      proxy.rule(cut);
      proxy.obey(cut());
      await scene.wait(20, 8);
      proxy.rule(() => 'pass');
      proxy.obey('pass');
      await scene.wait(3, 2);
      await load.stop();
      scene.note(`${proxy.broken} cuts, ${replica.endings.length} restarts`);
    },
  },
];
