import { setTimeout as delay } from 'node:timers/promises';
import { type ApiShim, apiShim } from './api-shim.ts';
import { openFiles, type Replica, residentMiB } from './replica.ts';
import { AFTER_A_CRASH, type Scenario } from './scenario.ts';
import type { Scene } from './scene.ts';

interface Soak {
  readonly scene: Scene;
  readonly shim: ApiShim;
  readonly replica: Replica;
}

/** Breaks something for some seconds and puts it right again. None of them makes the API server forget its history. */
type Fault = (soak: Soak, seconds: number) => Promise<void>;

const FAULTS: Readonly<Record<string, Fault>> = {
  sinkFails: async ({ scene: { sink, random } }, seconds) => {
    const replies = [500, 503, 404, 'hang', 'reset', { status: 429, headers: { 'retry-after': '2' } }] as const;
    sink.reply(() => replies[Math.floor(random() * replies.length)] ?? 500);
    await delay(seconds * 1_000);
    await sink.heal();
  },
  sinkFailsNowAndThen: async ({ scene: { sink, random } }, seconds) => {
    sink.reply(() => (random() < 0.2 ? (random() < 0.5 ? 'reset' : 503) : 204));
    await delay(seconds * 1_000);
    await sink.heal();
  },
  sinkRefuses: async ({ scene: { sink } }, seconds) => {
    await sink.refuse();
    await delay(seconds * 1_000);
    await sink.heal();
  },
  sinkIsSlow: async ({ scene: { sink, random } }, seconds) => {
    sink.reply(() => ({ status: 204, afterMs: random() * 1_000 }));
    await delay(seconds * 1_000);
    await sink.heal();
  },
  watchesEnd: async ({ shim }, seconds) => {
    for (let i = 0; i < seconds; i++) {
      shim.endWatches();
      await delay(1_000);
    }
  },
  linesDoubled: async ({ shim }, seconds) => {
    shim.lines((line) => [line, line]);
    await delay(seconds * 1_000);
    shim.heal();
  },
  requestsFail: async ({ shim, scene: { random } }, seconds) => {
    shim.instead(() => (random() < 0.3 ? (random() < 0.5 ? 'reset' : { status: 503 }) : undefined));
    shim.endWatches();
    await delay(Math.min(seconds, 6) * 1_000);
    shim.heal();
  },
  frozen: async ({ replica }, seconds) => {
    replica.adapter.pause();
    // With the 5 s between two renewals, less than the 10 s after which it has to end; another scenario has that.
    await delay(Math.min(seconds, 3) * 1_000);
    replica.adapter.continue();
  },
  apiServerKilled: async ({ scene: { cluster } }) => {
    await cluster.apiServer.kill();
    await cluster.apiServer.start();
  },
};

/** Those that end the process, so that only the first half of a soak has them: in the second, a process grows old. */
const ENDINGS: Readonly<Record<string, Fault>> = {
  killed: async ({ replica }, seconds) => {
    await replica.kill();
    await delay(seconds * 1_000);
    await replica.start();
    await replica.delivering();
  },
  terminated: async ({ replica }) => {
    await replica.stop();
    await replica.start();
    await replica.delivering();
  },
};

/** An idle process has its connections to the API server and its two ports; the sink's close after 30 s. */
const IDLE_MS = 40_000;
const MORE_FILES = 8;
/** As in a small Pod; on a large machine V8 lets garbage lie for hundreds of MiB. What leaks, ends the process. */
const SMALL_HEAP = { NODE_OPTIONS: '--max-old-space-size=96 --max-semi-space-size=4' };
/** V8 gives back what it took for a burst when it likes. */
const MORE_MIB = 60;

export function soak(minutes: number): Scenario {
  return {
    name: 'soak',
    rows: ['F82'],
    what: `One random fault after the other, for ${minutes} min.`,
    alone: true,
    allowed: { between: true, sameId: AFTER_A_CRASH * Math.ceil(minutes * 3), gaps: [0, Math.ceil(minutes * 2)] },
    mostMiB: 300,
    play: async (scene) => {
      const shim = await apiShim(scene, scene.cluster);
      const replica = await scene.adapter({ kubeconfig: scene.kubeconfig(shim.url), env: SMALL_HEAP });
      await replica.delivering();
      const filesAtFirst = openFiles(replica.adapter.pid);
      const load = scene.load();
      const it: Soak = { scene, shim, replica };
      const halfMs = minutes * 30_000;
      const first = await breakFor(it, { ...FAULTS, ...ENDINGS }, halfMs);
      await replica.delivering();
      const { pid } = replica.adapter;
      const residentAtFirst = residentMiB(pid);
      const second = await breakFor(it, FAULTS, halfMs);
      await replica.delivering();
      await load.stop();
      await delay(IDLE_MS);
      scene.expect(replica.adapter.pid === pid, 'The adapter ended by itself in the second half.');
      const files = openFiles(replica.adapter.pid);
      const resident = residentMiB(replica.adapter.pid);
      scene.note(`${first + second} faults, open files ${filesAtFirst} at first and ${files} at the end`);
      scene.note(`resident ${Math.round(residentAtFirst)} MiB at half time and ${Math.round(resident)} at the end`);
      scene.expect(files <= filesAtFirst + MORE_FILES, `${files} files are open at the end.`);
      scene.expect(resident <= residentAtFirst + MORE_MIB, `It grew to ${Math.round(resident)} MiB.`);
    },
  };
}

/** Faults for `ms` milliseconds, with some quiet between them; resolves to how many. */
async function breakFor(it: Soak, faults: Readonly<Record<string, Fault>>, ms: number): Promise<number> {
  const { random, diagnostic } = it.scene;
  const names = Object.keys(faults);
  const until = performance.now() + ms;
  let count = 0;
  for (; performance.now() < until; count++) {
    const name = names[Math.floor(random() * names.length)] ?? '';
    const seconds = 2 + Math.floor(random() * 10);
    diagnostic(`${name} for ${seconds} s`);
    await faults[name]?.(it, seconds);
    await delay(1_000 + random() * 4_000);
  }
  return count;
}
