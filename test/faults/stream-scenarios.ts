import { eventually } from '../support/eventually.ts';
import { resource } from '../support/adapter-process.ts';
import { type ApiShim, apiShim, type Asked, errorLine } from './api-shim.ts';
import type { Replica } from './replica.ts';
import type { Scenario } from './scenario.ts';
import type { Scene } from './scene.ts';
import { underLoad } from './under-load.ts';

/** An adapter that reaches the API server through a shim, under load, while `fault` happens. */
async function shimmed(
  scene: Scene,
  fault: (shim: ApiShim, replica: Replica) => Promise<void>,
  source: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const shim = await apiShim(scene, scene.cluster);
  const { replica, load } = await underLoad(scene, { kubeconfig: scene.kubeconfig(shim.url), source });
  await scene.wait(5, 3);
  await fault(shim, replica);
  shim.heal();
  await scene.wait(3, 2);
  await load.stop();
  scene.expect(replica.endings.length === 0, `The adapter ended: ${replica.endings.join(', ')}.`);
}

function isConfigMapWatch({ isWatch, path }: Asked): boolean {
  return isWatch && path.endsWith('/configmaps');
}

function isConfigMapList({ isWatch, path, method, query }: Asked): boolean {
  const streaming = isWatch && query.get('sendInitialEvents') === 'true';
  // A head request asks for one object; it is a probe and not a list.
  return method === 'GET' && path.endsWith('/configmaps') && (streaming || (!isWatch && query.get('limit') !== '1'));
}

/** Long enough for the 90 s of silence after which a connection counts as dead, and then some. */
const HALF_OPEN_MS = 120_000;

export const STREAM_SCENARIOS: readonly Scenario[] = [
  {
    name: 'lines-doubled',
    rows: ['F45'],
    what: 'Every line of the watch comes twice, for 10 s.',
    quick: true,
    allowed: {},
    play: (scene) =>
      shimmed(scene, async (shim) => {
        shim.lines((line) => [line, line]);
        await scene.wait(10, 4);
      }),
  },
  {
    name: 'lines-swapped',
    rows: ['F46'],
    what: 'Now and then two objects of the watch, or of a list that is streamed, change places, for 15 s.',
    quick: true,
    // After a line out of order the objects are listed, so that no outcome is lost; what the list finds can have been
    // told by a line before it, and has the same id then. Of a hundred lines 2 are swapped, and each may be a gap.
    allowed: { between: 'unannounced', sameId: 20, gaps: [0, 60] },
    play: (scene) =>
      shimmed(scene, async (shim) => {
        let held: string | undefined;
        shim.lines((line) => {
          // An object that comes after the end of its list is one that the list does not have; nobody can tell.
          const isBookmark = line.startsWith('{"type":"BOOKMARK"');
          if (held !== undefined) {
            const both = isBookmark ? [held, line] : [line, held];
            held = undefined;
            return both;
          }
          if (isBookmark || scene.random() >= 0.02) return [line];
          held = line;
          return [];
        });
        await scene.wait(15, 6);
        shim.lines((line) => (held === undefined ? [line] : [held, line]));
        held = undefined;
      }),
  },
  {
    name: 'bookmarks-dropped',
    rows: ['F11'],
    what: 'No bookmark comes through, and nothing is written for 100 s.',
    allowed: {},
    play: async (scene) => {
      const shim = await apiShim(scene, scene.cluster);
      const replica = await scene.adapter({ kubeconfig: scene.kubeconfig(shim.url) });
      await replica.delivering();
      shim.lines((line) => (line.startsWith('{"type":"BOOKMARK"') ? [] : [line]));
      shim.endWatches();
      const first = scene.load();
      await scene.wait(3, 2);
      await first.stop();
      await scene.wait(100, 10);
      const second = scene.load({ objects: 99 });
      await scene.wait(3, 2);
      await second.stop().catch(() => undefined);
      scene.note(`${shim.asked.filter((it) => it.endsWith('(watch)')).length} watches`);
    },
  },
  {
    name: 'watch-410',
    rows: ['F34'],
    what: 'A watch is answered with the HTTP status 410, another one with a line that says so.',
    quick: true,
    allowed: { between: true, gaps: [2, 2] },
    play: (scene) =>
      shimmed(scene, async (shim, replica) => {
        let refused = 0;
        shim.instead((asked) =>
          isConfigMapWatch(asked) && !isConfigMapList(asked) && refused++ === 0 ? { status: 410 } : undefined,
        );
        shim.endWatches();
        await eventually('the first gap', () => scene.sink.gaps.length === 1);
        await scene.wait(2, 2);
        let told = false;
        shim.lines((line) => {
          if (told) return [line];
          told = true;
          return [errorLine(410, 'Expired')];
        });
        await eventually('the second gap', () => scene.sink.gaps.length === 2);
        await replica.adapter.ready();
      }),
  },
  {
    name: 'list-fails-after-410',
    rows: ['F33', 'F36', 'F74'],
    what: 'After a 410, lists fail five times in different ways.',
    quick: true,
    allowed: { between: true, gaps: [1, 1] },
    play: (scene) =>
      shimmed(scene, async (shim, replica) => {
        let refused = 0;
        const failures = [
          { status: 500 },
          'reset',
          { status: 429, headers: { 'retry-after': '1' } },
          { status: 503 },
          { status: 500 },
        ] as const;
        let failed = 0;
        shim.instead((asked) => {
          if (isConfigMapList(asked)) return failures[failed++];
          return isConfigMapWatch(asked) && refused++ === 0 ? { status: 410 } : undefined;
        });
        shim.endWatches();
        await eventually('the gap', () => scene.sink.gaps.length === 1, 60_000);
        scene.note(`${failed} lists asked for`);
        await replica.adapter.ready();
      }),
  },
  {
    name: 'errors-in-the-stream',
    rows: ['F36'],
    what: 'The watch ends in an ERROR line of code 500, of an unknown code, and without one; in turn, for 10 s.',
    allowed: { between: true, gaps: [0, 5] },
    play: (scene) =>
      shimmed(scene, async (shim) => {
        const errors = [errorLine(500, ''), errorLine(299, ''), JSON.stringify({ type: 'ERROR', object: {} })];
        let count = 0;
        shim.lines((line) => [++count % 100 === 0 ? (errors[(count / 100) % 3] ?? line) : line]);
        await scene.wait(10, 5);
      }),
  },
  {
    name: 'half-open-watch',
    rows: ['F10'],
    what: 'The connection of the watch stays open and is silent for ever; other requests work.',
    allowed: {},
    catchUpS: 105,
    play: (scene) =>
      shimmed(scene, async (shim) => {
        const before = shim.asked.length;
        const begun = performance.now();
        shim.freeze();
        const asksAgain = (): boolean => shim.asked.slice(before).some((it) => it.endsWith('/configmaps (watch)'));
        await eventually('a new watch', asksAgain, HALF_OPEN_MS);
        scene.note(`noticed after ${((performance.now() - begun) / 1_000).toFixed(0)} s`);
      }),
  },
  {
    name: 'one-stream-broken',
    rows: ['F58', 'F61'],
    what: 'Of three resources, one is answered with 500 all the time; the others flow.',
    quick: true,
    allowed: {},
    play: async (scene) => {
      const shim = await apiShim(scene, scene.cluster);
      shim.instead(({ path }) => (path.endsWith('/secrets') ? { status: 500 } : undefined));
      const resources = ['secrets', 'configmaps', 'services'].map((plural) => resource('', 'v1', plural));
      const replica = await scene.adapter({ kubeconfig: scene.kubeconfig(shim.url), source: { resources } });
      await eventually('the others to be watched', async () =>
        /configmaps.v1 in \S+: established/.test((await replica.adapter.readiness()).text),
      );
      const load = scene.load();
      await scene.wait(12, 6);
      scene.expect((await replica.adapter.readiness()).status !== 200, 'It says it is ready, and one stream is not.');
      const asked = shim.asked.filter((it) => it.includes('/secrets')).length;
      scene.note(`${asked} requests for the broken one`);
      shim.heal();
      await load.stop();
      await replica.delivering();
    },
  },
  {
    name: 'rights-taken-away',
    rows: ['F57'],
    what: 'The right to watch is taken away and the watch ended; changes go on, and 8 s later the right is back.',
    quick: true,
    allowed: {},
    play: (scene) =>
      shimmed(scene, async (shim, replica) => {
        const { admin } = scene.cluster;
        const role = `/apis/rbac.authorization.k8s.io/v1/namespaces/${scene.namespace}/roles/watcher`;
        const { rules } = (await admin.get(role)) as { rules?: { verbs: string[] }[] };
        const without = rules?.map((rule) => ({ ...rule, verbs: ['get', 'create', 'update'] }));
        await admin.patch(role, { rules: without });
        shim.endWatches();
        await eventually(
          'it to say so',
          async () => (await replica.adapter.readiness()).text.includes('forbidden'),
          30_000,
        );
        await scene.wait(8, 8);
        await admin.patch(role, { rules });
        await replica.adapter.ready();
      }),
  },
];
