import { resource } from '../support/adapter-process.ts';
import { eventually } from '../support/eventually.ts';
import { apiShim } from './api-shim.ts';
import { AFTER_A_CRASH, type Scenario } from './scenario.ts';
import { underLoad } from './under-load.ts';

/** The index is written once a minute; what changed meanwhile is in the Lease. */
const INDEX_WITHIN_MS = 90_000;

export const CHECKPOINT_SCENARIOS: readonly Scenario[] = [
  {
    name: 'own-state-watched',
    rows: ['F73'],
    what: 'The source watches ConfigMaps and Leases of its own namespace, where its state is; nothing else happens.',
    quick: true,
    allowed: {},
    play: async (scene) => {
      const shim = await apiShim(scene, scene.cluster);
      const resources = [resource('', 'v1', 'configmaps'), resource('coordination.k8s.io', 'v1', 'leases')];
      const { load } = await underLoad(scene, { kubeconfig: scene.kubeconfig(shim.url), source: { resources } });
      await scene.wait(3, 3);
      await load.stop();
      await scene.wait(12, 6);
      const before = shim.asked.length;
      await scene.wait(20, 12);
      const seconds = scene.quick ? 12 : 20;
      const writes = shim.asked.slice(before).filter((it) => it.startsWith('PUT') || it.startsWith('POST')).length;
      scene.note(`${writes} writes in ${seconds} s`);
      // The Lease once a renewal, and the index not at all.
      scene.expect(writes <= seconds / 5 + 1, `${writes} writes in ${seconds} s when nothing happens.`);
    },
  },
  {
    name: 'checkpoint-refused',
    rows: ['F53'],
    what: 'Writes of the index are answered with 403; then the adapter is killed and started again.',
    quick: true,
    allowed: { sameId: AFTER_A_CRASH + 1_500 },
    play: async (scene) => {
      const shim = await apiShim(scene, scene.cluster);
      const { replica, load } = await underLoad(scene, { kubeconfig: scene.kubeconfig(shim.url) });
      await scene.wait(8, 6);
      shim.instead(({ method, path }) =>
        method !== 'GET' && path.includes('/configmaps') ? { status: 403 } : undefined,
      );
      const failures = 'watchbridge_checkpoint_failures_total{what="index",reason="forbidden"}';
      await eventually(
        'the refused writes to be counted',
        async () => ((await replica.adapter.metric(failures)) ?? 0) > 0,
        INDEX_WITHIN_MS,
      );
      await scene.wait(12, 12);
      scene.expect(replica.endings.length === 0, `The adapter ended: ${replica.endings.join(', ')}.`);
      await replica.kill();
      await scene.wait(2, 2);
      shim.heal();
      await replica.start();
      await replica.delivering();
      await scene.wait(3, 2);
      await load.stop();
    },
  },
  {
    name: 'checkpoint-deleted',
    rows: ['F52'],
    what: 'The ConfigMap with the index is deleted while the adapter runs; later the adapter is killed and started again.',
    quick: true,
    allowed: { sameId: AFTER_A_CRASH },
    play: async (scene) => {
      const { replica, load } = await underLoad(scene);
      await scene.wait(8, 8);
      const index = `/api/v1/namespaces/${scene.namespace}/configmaps/apiserversource-source-index-0`;
      await scene.cluster.admin.delete(index);
      await eventually(
        'the index to be written again',
        () => scene.cluster.admin.get(index).catch(() => false),
        INDEX_WITHIN_MS,
      );
      await scene.wait(8, 6);
      await replica.kill();
      await scene.wait(2, 2);
      await replica.start();
      await replica.delivering();
      await scene.wait(3, 2);
      await load.stop();
      const problem = replica.adapter.logged(
        'stored checkpoint is not whole; what it lacks is recovered as far as the API server can tell',
      );
      scene.expect(problem.length === 0, 'After the restart the stored checkpoint was not whole.');
    },
  },
  {
    name: 'killed-between-writes',
    rows: ['F3', 'F4'],
    what: 'The adapter is killed when it has written the index and not yet the position that belongs to it.',
    quick: true,
    allowed: { sameId: AFTER_A_CRASH },
    play: async (scene) => {
      const shim = await apiShim(scene, scene.cluster);
      const { replica, load } = await underLoad(scene, { kubeconfig: scene.kubeconfig(shim.url) });
      for (let i = 0; i < (scene.quick ? 1 : 2); i++) {
        await scene.wait(7, 7);
        let indexIsNewer = false;
        const killed = new Promise<void>((resolve) => {
          shim.instead(({ method, path }) => {
            if (method !== 'PUT') return undefined;
            if (indexIsNewer && path.includes('/leases/')) {
              resolve(replica.kill());
              return 'reset';
            }
            indexIsNewer ||= path.includes('-index-');
            return undefined;
          });
        });
        await killed;
        await scene.wait(2, 2);
        shim.heal();
        await replica.start();
        await replica.delivering();
      }
      await load.stop();
    },
  },
];
