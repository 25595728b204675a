import type { Reply } from '../support/recording-sink.ts';
import type { Scenario } from './scenario.ts';
import type { Scene } from './scene.ts';
import { underLoad } from './under-load.ts';

/** Load, the sink's fault in the middle of it, and load once more. */
async function through(scene: Scene, fault: () => Promise<void>): Promise<void> {
  const { replica, load } = await underLoad(scene);
  await scene.wait(5, 2);
  await fault();
  await scene.sink.heal();
  await scene.wait(3, 2);
  await load.stop();
  scene.expect(replica.endings.length === 0, `The adapter ended: ${replica.endings.join(', ')}.`);
}

function answering(seconds: number, reply: Reply, least = seconds): Scenario['play'] {
  return (scene) =>
    through(scene, async () => {
      scene.sink.reply(() => reply);
      await scene.wait(seconds, least);
    });
}

const POISONED = 'object-7';

export const SINK_SCENARIOS: readonly Scenario[] = [
  {
    name: 'sink-500',
    rows: ['D9'],
    what: 'The sink answers 500 for 5 s.',
    quick: true,
    allowed: {},
    play: answering(5, 500),
  },
  {
    name: 'sink-retry-after',
    rows: ['F29'],
    what: 'The sink answers 503 with Retry-After: 5 for 20 s.',
    allowed: {},
    play: answering(20, { status: 503, headers: { 'retry-after': '5' } }),
  },
  {
    name: 'sink-refuses',
    rows: ['F25'],
    what: 'Nobody listens at the sink for 60 s (20 s in a short run).',
    quick: true,
    allowed: {},
    play: (scene) =>
      through(scene, async () => {
        await scene.sink.refuse();
        await scene.wait(60, 20);
      }),
  },
  {
    name: 'sink-hangs',
    rows: ['F26'],
    what: 'The sink takes every request for 30 s, and never answers those.',
    allowed: {},
    play: answering(30, 'hang'),
  },
  {
    name: 'sink-resets',
    rows: ['F28'],
    what: 'The sink resets the connection in place of every tenth answer, for 10 s.',
    quick: true,
    allowed: {},
    play: (scene) =>
      through(scene, async () => {
        scene.sink.reply((_arrival, number) => (number % 10 === 9 ? 'reset' : 204));
        await scene.wait(10, 5);
      }),
  },
  {
    name: 'sink-answers-late',
    rows: ['F26'],
    what: 'The sink takes 400 ms for every answer, for 15 s, which is as much as the load needs at 40 at a time.',
    allowed: {},
    play: answering(15, { status: 204, afterMs: 400 }),
  },
  {
    name: 'one-key-poisoned',
    rows: ['F30'],
    what: 'The sink answers 503 to the events of one object for 15 s; the others flow meanwhile.',
    quick: true,
    allowed: {},
    play: (scene) =>
      through(scene, async () => {
        const { sink } = scene;
        const before = sink.accepted;
        sink.reply(({ headers }) => (headers['ce-name'] === POISONED ? 503 : 204));
        await scene.wait(15, 8);
        const perSecond = (sink.accepted - before) / (scene.quick ? 8 : 15);
        scene.note(`${perSecond.toFixed(0)} others a second meanwhile`);
        scene.expect(perSecond > 60, `Only ${perSecond.toFixed(0)} events a second of other objects were delivered.`);
      }),
  },
  {
    name: 'large-objects',
    rows: ['F48', 'F49'],
    what: 'Objects of 1.33 MiB change four times a second over 20 keys, and the sink takes 5 s for each; for 30 s.',
    allowed: {},
    mostMiB: 400,
    content: (revision) => ({ binaryData: { blob: Buffer.alloc(1_000_000, `${revision} `).toString('base64') } }),
    play: async (scene) => {
      const replica = await scene.adapter();
      await replica.delivering();
      scene.sink.reply(() => ({ status: 204, afterMs: 5_000 }));
      const load = scene.load({ changesPerSecond: 4, objects: 20 });
      await scene.wait(30, 10);
      await load.stop();
      await scene.sink.heal();
    },
  },
];
