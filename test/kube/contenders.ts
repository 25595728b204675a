import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import * as fc from 'fast-check';
import { becomeLeader } from '../../src/kube/become-leader.ts';
import type { KubeClient, KubeRequest } from '../../src/kube/client.ts';
import { KubeError } from '../../src/kube/errors.ts';
import { type Leadership, LeadershipLost } from '../../src/kube/leadership.ts';
import type { LeaseAddress } from '../../src/kube/lease.ts';
import type { Clock } from '../../src/process/clock.ts';
import { never } from './scripted-server.ts';

/** One thing that happens while two processes contend for a Lease. */
export type Happening =
  /** Time passes; whoever is not scheduled meanwhile is as good as frozen. */
  | { readonly is: 'time'; readonly ms: number }
  /** A process goes on: its request is sent, its answer arrives, or its sleep is over. */
  | { readonly is: 'goes on'; readonly who: 0 | 1 }
  /** A process runs for a while, and the other one stands where it is. */
  | { readonly is: 'runs'; readonly who: 0 | 1; readonly ms: number }
  /** A process will give the Lease back instead of renewing it next. */
  | { readonly is: 'stops'; readonly who: 0 | 1 }
  /** A process dies, and another one takes its place. */
  | { readonly is: 'dies'; readonly who: 0 | 1 }
  /** Somebody annotates the Lease. */
  | { readonly is: 'annotated' };

const who = fc.constantFrom(0 as const, 1 as const);

export const anyHappening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 10, arbitrary: who.map((it) => ({ is: 'goes on', who: it }) as const) },
  { weight: 3, arbitrary: fc.integer({ min: 100, max: 9_000 }).map((ms) => ({ is: 'time', ms }) as const) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(who, fc.integer({ min: 500, max: 20_000 }))
      .map(([it, ms]) => ({ is: 'runs', who: it, ms }) as const),
  },
  { weight: 2, arbitrary: who.map((it) => ({ is: 'stops', who: it }) as const) },
  { weight: 1, arbitrary: who.map((it) => ({ is: 'dies', who: it }) as const) },
  { weight: 1, arbitrary: fc.constant({ is: 'annotated' } as const) },
);

/** The API server that they contend at. */
export interface Arena {
  readonly client: KubeClient;
  readonly address: LeaseAddress;
  annotate(): Promise<void>;
}

/** Runs two contenders through this, and fails as soon as both hold the Lease. @returns how often it was taken */
export async function contend(arena: Arena, happenings: readonly Happening[]): Promise<number> {
  const time = { ms: 0 };
  let taken = 0;
  let born = 0;
  const start = (): Contender => contender(arena, time, `process-${born++}`, () => taken++);
  const contenders: [Contender, Contender] = [start(), start()];
  const check = (): void => {
    const holders = contenders.filter((it) => it.leadership()?.holds() === true);
    assert.ok(holders.length < 2, `two hold the Lease at ${time.ms} ms`);
  };
  const go = async (number: 0 | 1): Promise<void> => {
    await contenders[number].goOn();
    check();
  };
  for (const it of happenings) {
    switch (it.is) {
      case 'time':
        time.ms += it.ms;
        check();
        break;
      case 'goes on':
        await go(it.who);
        break;
      case 'runs':
        for (let ran = 0; ran < it.ms; ran += STEP_MS) {
          time.ms += STEP_MS;
          await go(it.who);
        }
        break;
      case 'stops':
        contenders[it.who].stop();
        break;
      case 'dies':
        contenders[it.who] = start();
        break;
      case 'annotated':
        await arena.annotate();
    }
  }
  // When all goes well again, one of them gets it.
  for (let i = 0; i < 200 && !contenders.some((it) => it.leadership()?.holds() === true); i++) {
    time.ms += STEP_MS;
    await go(0);
    await go(1);
  }
  assert.ok(
    contenders.some((it) => it.leadership()?.holds() === true),
    'nobody gets the Lease',
  );
  return taken;
}

/** A process that wants the Lease, and goes on only when it is told to. */
interface Contender {
  leadership(): Leadership | undefined;
  goOn(): Promise<void>;
  stop(): void;
}

/** Where a process stands: at a sleep, before a request is sent, or before its answer arrives. */
interface Halt {
  readonly until: number;
  readonly pass: () => void;
}

const RENEW_EVERY_MS = 5_000;
const STEP_MS = 400;

function contender(arena: Arena, time: { readonly ms: number }, identity: string, onTaken: () => void): Contender {
  let halt: Halt | undefined;
  let leadership: Leadership | undefined;
  let stopping = false;
  let failure: unknown;
  const halted = (until: number): Promise<void> => new Promise((pass) => (halt = { until, pass }));

  // Wall clocks are wrong by as much as they like: here, by a day for every other process.
  const wrongBy = Number(identity.at(-1)) % 2 === 0 ? 0 : -86_400_000;
  const clock: Clock = {
    now: () => Date.UTC(2026) + time.ms + wrongBy,
    monotonic: () => time.ms,
    random: () => 0,
    sleep: (ms) => halted(time.ms + ms),
  };
  const client: KubeClient = {
    ...arena.client,
    json: async <T>(request: KubeRequest) => {
      await halted(0);
      const answer = await arena.client.json<T>(request).catch((error: unknown) => error as KubeError);
      await halted(0);
      if (answer instanceof KubeError) throw answer;
      return answer;
    },
  };

  const lead = async (it: Leadership): Promise<void> => {
    while (!stopping) {
      await clock.sleep(RENEW_EVERY_MS, never());
      if (!stopping) await it.renew({ at: String(time.ms) }, never());
    }
    stopping = false;
    await it.release({}, never());
  };
  const run = async (): Promise<never> => {
    for (;;) {
      const own = { kube: client, clock, address: arena.address, identity, owner: undefined };
      leadership = await becomeLeader(own, () => undefined, never());
      assert.ok(leadership !== undefined);
      onTaken();
      await lead(leadership).catch((error: unknown) => {
        if (!(error instanceof LeadershipLost || error instanceof KubeError)) throw error;
      });
      await clock.sleep(1_000, never());
    }
  };
  run().catch((error: unknown) => {
    failure = error;
  });

  const settled = async (): Promise<void> => {
    while (halt === undefined && failure === undefined) await turn();
    assert.equal(failure, undefined);
  };
  return {
    leadership: () => leadership,
    stop: () => {
      stopping = true;
    },
    goOn: async () => {
      await settled();
      if (halt === undefined || halt.until > time.ms) return;
      const { pass } = halt;
      halt = undefined;
      pass();
      await settled();
    },
  };
}
