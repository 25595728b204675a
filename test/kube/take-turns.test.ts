import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { takeTurns, type TurnNews } from '../../src/kube/take-turns.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { type ObjectServer, objectServer } from './object-server.ts';

const PATH = '/apis/coordination.k8s.io/v1/namespaces/system/leases/controller';

/** One that takes turns, and what it did so far. */
async function stage(t: TestContext) {
  const server = await objectServer(t);
  const clock = fakeClock();
  const stop = new AbortController();
  const happened: string[] = [];
  const options = {
    kube: server.client,
    clock,
    address: { namespace: 'system', name: 'controller' },
    identity: 'ours',
    owner: undefined,
  };
  const work = async (signal: AbortSignal): Promise<void> => {
    happened.push('begins');
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    happened.push('ends');
  };
  const start = (doing: typeof work = work): Promise<void> =>
    takeTurns(options, { tell: (news) => void happened.push(inWords(news)), work: doing }, stop.signal);
  /** Lets time pass, in steps that leave real time for requests. */
  const pass = async (ms: number): Promise<void> => {
    for (const until = clock.monotonic() + ms; clock.monotonic() < until;) {
      await delay(3);
      await clock.advance(250);
    }
    await delay(10);
  };
  const until = async (what: string): Promise<void> => {
    for (let steps = 0; !happened.includes(what); steps++) {
      assert.ok(steps < 400, `waited in vain for "${what}": ${happened.join(', ')}`);
      await pass(250);
    }
  };
  return { server, clock, stop, happened, start, pass, until };
}

function inWords(news: TurnNews): string {
  switch (news.is) {
    case 'waiting':
      return `waiting for ${news.waiting.for === 'holder' ? news.waiting.holder : news.waiting.error.code}`;
    case 'notRenewed':
      return `notRenewed ${news.error.code}`;
    default:
      return news.is;
  }
}

function holderOf({ objects }: ObjectServer): string | undefined {
  return (objects.get(PATH)?.['spec'] as { holderIdentity?: string } | undefined)?.holderIdentity;
}

test('the work is done while the Lease is ours, and at the stop it ends before the Lease is given back', async (t) => {
  const { server, stop, happened, start, pass, until } = await stage(t);
  const turns = start();
  await until('begins');
  await pass(60_000);
  stop.abort();
  await turns;
  assert.deepEqual(happened, ['leading', 'begins', 'ends', 'released']);
  assert.equal(holderOf(server), '');
});

test('when the Lease cannot be renewed for 10 s the work ends before others may take it, and begins again after', async (t) => {
  const { server, clock, stop, happened, start, until } = await stage(t);
  const turns = start();
  await until('begins');
  const from = clock.monotonic();
  server.rule(() => 503);
  await until('ends');
  const tookMs = clock.monotonic() - from;
  assert.ok(tookMs < 14_000, `${tookMs} ms`);
  assert.ok(happened.includes('notRenewed serverError'));
  await until('lost');
  happened.length = 0;
  server.rule(() => undefined);
  await until('begins');
  stop.abort();
  await turns;
});

test('a Lease that somebody else took ends the work and is left to that one', async (t) => {
  const { server, stop, happened, start, until } = await stage(t);
  const turns = start();
  await until('begins');
  const spec = { holderIdentity: 'theirs', leaseDurationSeconds: 15, renewTime: '2999-01-01T00:00:00.000000Z' };
  server.touch(PATH, { spec });
  await until('waiting for theirs');
  stop.abort();
  await turns;
  assert.deepEqual(happened, ['leading', 'begins', 'ends', 'lost', 'waiting for theirs']);
  assert.equal(holderOf(server), 'theirs');
});

test('without the right to the Lease it says so, and leads when it gets it', async (t) => {
  const { server, stop, happened, start, until } = await stage(t);
  server.rule(() => 403);
  const turns = start();
  await until('waiting for forbidden');
  server.rule(() => undefined);
  await until('begins');
  stop.abort();
  await turns;
  assert.deepEqual(happened.slice(-4), ['leading', 'begins', 'ends', 'released']);
});

test('work that fails gives the Lease back and is told', async (t) => {
  const { server, start } = await stage(t);
  await assert.rejects(
    start(() => Promise.reject(new Error('a bug'))),
    /a bug/,
  );
  assert.equal(holderOf(server), '');
});
