import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import * as fc from 'fast-check';
import { becomeLeader, type Waiting } from '../../src/kube/become-leader.ts';
import { type Leadership, LeadershipLost, type LeadershipOptions } from '../../src/kube/leadership.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { anyHappening, contend } from './contenders.ts';
import { type ObjectServer, objectServer } from './object-server.ts';
import { never } from './scripted-server.ts';

const ADDRESS = { namespace: 'shop', name: 'web' };
const PATH = '/apis/coordination.k8s.io/v1/namespaces/shop/leases/web';

interface Spec {
  readonly holderIdentity: string;
  readonly leaseDurationSeconds: number;
  readonly acquireTime: string;
  readonly renewTime: string;
  readonly leaseTransitions: number;
}

interface Stage {
  readonly server: ObjectServer;
  readonly clock: FakeClock;
  options(identity: string): LeadershipOptions;
  lead(identity: string): Promise<Leadership>;
  /** Begins to wait for the Lease. */
  stand(identity: string, signal?: AbortSignal): Standby;
  spec(): Spec;
  /** Changes the spec of the Lease, as somebody else would. */
  write(change: Partial<Spec>): void;
}

interface Standby {
  readonly told: string[];
  readonly leadership: Promise<Leadership | undefined>;
  /** How long it takes until it leads, at the most `ms` on the clock. */
  leadsWithin(ms: number): Promise<number | undefined>;
}

async function stage(t: TestContext): Promise<Stage> {
  const server = await objectServer(t);
  const clock = fakeClock();
  const options = (identity: string): LeadershipOptions => {
    return { kube: server.client, clock, address: ADDRESS, identity, owner: undefined };
  };
  const spec = (): Spec => server.objects.get(PATH)?.['spec'] as Spec;
  return {
    server,
    clock,
    options,
    lead: async (identity) => {
      const leadership = await becomeLeader(options(identity), () => undefined, never());
      assert.ok(leadership !== undefined);
      return leadership;
    },
    stand: (identity, signal = never()) => {
      const told: string[] = [];
      const tell = (it: Waiting): void => void told.push(it.for === 'holder' ? it.holder : it.error.code);
      const leadership = becomeLeader(options(identity), tell, signal);
      let leads = false;
      let ended = false;
      const note = (it: Leadership | undefined): void => {
        leads = it !== undefined;
        ended = true;
      };
      leadership.then(note, () => note(undefined));
      const leadsWithin = async (ms: number): Promise<number | undefined> => {
        const start = clock.monotonic();
        while (!ended && clock.monotonic() - start < ms) {
          // It looks, and the answer needs a moment of real time.
          while (!ended && clock.sleeping === 0) await turn();
          if (!ended) await clock.advance(100);
        }
        return leads ? clock.monotonic() - start : undefined;
      };
      return { told, leadership, leadsWithin };
    },
    spec,
    write: (change) => server.touch(PATH, { spec: { ...spec(), ...change } }),
  };
}

test('a Lease that is not there is created, and held from then on', async (t) => {
  const { lead, spec, clock } = await stage(t);
  const leadership = await lead('one');
  assert.equal(leadership.holds(), true);
  assert.deepEqual(spec(), {
    holderIdentity: 'one',
    leaseDurationSeconds: 15,
    acquireTime: '2026-01-01T00:00:00.000000Z',
    renewTime: '2026-01-01T00:00:00.000000Z',
    leaseTransitions: 0,
  });
  await clock.advance(9_999);
  assert.equal(leadership.holds(), true);
  await clock.advance(1);
  assert.equal(leadership.holds(), false);
});

test('a Lease belongs to what it is kept for', async (t) => {
  const { options, server } = await stage(t);
  const owner = { apiVersion: 'v1', kind: 'Thing', name: 'a', uid: 'u1' };
  await becomeLeader({ ...options('one'), owner }, () => undefined, never());
  assert.deepEqual(server.objects.get(PATH)?.metadata['ownerReferences'], [owner]);
});

test('renewing moves the end on, keeps what others wrote, and replaces its own annotations', async (t) => {
  const { lead, spec, clock, server } = await stage(t);
  const leadership = await lead('one');
  await leadership.renew({ a: '1', b: '1' }, never());
  await clock.advance(6_000);
  assert.equal(await leadership.renew({ b: '2' }, never()), 'renewed');
  assert.deepEqual(server.objects.get(PATH)?.metadata['annotations'], { a: '1', b: '2' });
  assert.equal(spec().renewTime, '2026-01-01T00:00:06.000000Z');
  assert.equal(spec().acquireTime, '2026-01-01T00:00:00.000000Z');
  await clock.advance(9_999);
  assert.equal(leadership.holds(), true);
});

test('time counts from when a renewal was asked for, not from when it was answered', async (t) => {
  const { lead, clock, server } = await stage(t);
  const leadership = await lead('one');
  await clock.advance(5_000);
  server.rule((request) => {
    if (request.startsWith('PUT')) void clock.advance(3_000);
    return undefined;
  });
  await leadership.renew({}, never());
  assert.equal(clock.monotonic(), 8_000);
  await clock.advance(6_999);
  assert.equal(leadership.holds(), true);
  await clock.advance(1);
  assert.equal(leadership.holds(), false);
});

test('a Lease that is given back is taken within a second or so', async (t) => {
  const { lead, stand, spec } = await stage(t);
  const first = await lead('one');
  const standby = stand('two');
  assert.equal(await standby.leadsWithin(3_000), undefined);
  const released = first.release({ last: 'word' }, never());
  assert.equal(first.holds(), false, 'others may take it before the answer comes');
  await released;
  const took = await standby.leadsWithin(3_000);
  assert.ok(took !== undefined && took <= 1_100, `${took} ms`);
  assert.deepEqual([spec().holderIdentity, spec().leaseTransitions], ['two', 1]);
  const second = await standby.leadership;
  assert.equal(second?.taken.metadata.annotations?.['last'], 'word');
  await assert.rejects(first.renew({}, never()), LeadershipLost);
});

test('a Lease that is not renewed is taken after 15 s, by the standby’s own clock', async (t) => {
  for (const [what, renewTime] of [
    ['in time', undefined],
    ['in the year 2100', '2100-01-01T00:00:00.000000Z'],
    ['long ago', '1970-01-01T00:00:00.000000Z'],
    ['nonsense', 'tomorrow'],
  ] as const) {
    const { lead, stand, write, spec } = await stage(t);
    await lead('one');
    if (renewTime !== undefined) write({ renewTime });
    const standby = stand('two');
    const took = await standby.leadsWithin(60_000);
    assert.ok(took !== undefined && took > 15_000 && took <= 16_200, `renewed ${what}: taken after ${took} ms`);
    assert.equal(spec().holderIdentity, 'two');
    assert.deepEqual(standby.told, ['one']);
  }
});

test('a Lease is handed over by whoever gives it back, and not by whoever just ends', async (t) => {
  const { lead, stand, server } = await stage(t);
  const first = await lead('one');
  assert.equal(first.handedOver, true, 'there was none before');
  await first.release({}, never());
  assert.equal((await lead('two')).handedOver, true);
  const third = stand('three');
  await third.leadsWithin(20_000);
  assert.equal((await third.leadership)?.handedOver, false);
  const fourth = stand('four');
  await fourth.leadsWithin(2_000);
  server.objects.delete(PATH);
  await fourth.leadsWithin(20_000);
  assert.equal((await fourth.leadership)?.handedOver, false, 'deleted under its holder');
});

test('a standby waits as long as the Lease is renewed', async (t) => {
  const { lead, stand } = await stage(t);
  const first = await lead('one');
  const standby = stand('two');
  for (let i = 0; i < 8; i++) {
    assert.equal(await standby.leadsWithin(5_000), undefined);
    await first.renew({}, never());
  }
  assert.equal(first.holds(), true);
});

test('a standby waits as long as the Lease itself says', async (t) => {
  const { lead, stand, write } = await stage(t);
  await lead('one');
  write({ leaseDurationSeconds: 30 });
  const took = await stand('two').leadsWithin(60_000);
  assert.ok(took !== undefined && took > 30_000 && took <= 31_200, `${took} ms`);
});

test('a Lease that is deleted under its holder is made anew by it, and not taken by a standby', async (t) => {
  const { lead, stand, server, spec } = await stage(t);
  const first = await lead('one');
  const standby = stand('two');
  assert.equal(await standby.leadsWithin(2_000), undefined);
  const uid = first.uid();
  server.objects.delete(PATH);
  assert.equal(await standby.leadsWithin(4_000), undefined);
  assert.equal(await first.renew({ a: '1' }, never()), 'renewed');
  assert.equal(spec().holderIdentity, 'one');
  assert.notEqual(first.uid(), uid);
  assert.equal(first.uid(), server.objects.get(PATH)?.metadata.uid);
  assert.equal(await standby.leadsWithin(4_000), undefined);
});

test('a Lease that is deleted and not made anew is taken when it would have run out', async (t) => {
  const { lead, stand, server } = await stage(t);
  await lead('one');
  const standby = stand('two');
  await standby.leadsWithin(2_000);
  server.objects.delete(PATH);
  const took = await standby.leadsWithin(60_000);
  assert.ok(took !== undefined && took > 15_000 && took <= 17_200, `${took} ms`);
});

test('somebody who only annotates the Lease changes nothing', async (t) => {
  const { lead, server } = await stage(t);
  const leadership = await lead('one');
  const { metadata } = server.objects.get(PATH) ?? {};
  assert.ok(metadata !== undefined);
  server.touch(PATH, { metadata: { ...metadata, annotations: { note: 'hello' } } });
  assert.equal(await leadership.renew({ a: '1' }, never()), 'renewed');
  assert.deepEqual(server.objects.get(PATH)?.metadata['annotations'], { note: 'hello', a: '1' });
  server.touch(PATH);
  await leadership.release({}, never());
  assert.deepEqual(server.requests, [
    'GET web',
    'PATCH web',
    'PUT web',
    'GET web',
    'PUT web',
    'PUT web',
    'GET web',
    'PUT web',
  ]);
});

test('a stolen Lease is lost at once, whoever has it', async (t) => {
  for (const holderIdentity of ['thief', '']) {
    const { lead, write } = await stage(t);
    const leadership = await lead('one');
    write({ holderIdentity });
    await assert.rejects(leadership.renew({}, never()), (error) => {
      assert.ok(error instanceof LeadershipLost);
      assert.match(error.message, /^The Lease shop\/web is held by (thief|nobody) now\.$/);
      return true;
    });
    assert.equal(leadership.holds(), false);
    await assert.rejects(leadership.renew({}, never()), LeadershipLost);
    await assert.rejects(leadership.release({}, never()), LeadershipLost);
  }
});

test('a Lease that cannot be renewed for 10 s is not held, and is again when nobody else wrote it meanwhile', async (t) => {
  const { lead, clock, server, spec } = await stage(t);
  const leadership = await lead('one');
  server.rule(() => 503);
  for (let i = 0; i < 60; i++) {
    await assert.rejects(leadership.renew({}, never()), { code: 'serverError', advice: 'retry' });
    await clock.advance(1_000);
    assert.equal(leadership.holds(), i < 9, `after ${i + 1} s`);
  }
  server.rule(() => undefined);
  assert.equal(await leadership.renew({ a: '1' }, never()), 'renewed');
  assert.equal(leadership.holds(), true);
  assert.equal(spec().leaseTransitions, 0);
  await clock.advance(60_000);
  await leadership.release({}, never());
  assert.equal(spec().holderIdentity, '');
});

test('who could not renew in time has lost the Lease to whoever had it meanwhile, whatever is left of that', async (t) => {
  const rows: [what: string, act: (stage: Stage) => unknown][] = [
    ['another one holds it', ({ write }) => write({ holderIdentity: 'two' })],
    [
      'whose clock is behind',
      ({ write }) => write({ holderIdentity: 'two', renewTime: '2025-01-01T00:00:00.000000Z' }),
    ],
    ['another one gave it back', ({ write }) => write({ holderIdentity: '' })],
    ['somebody deleted it', ({ server }) => server.objects.delete(PATH)],
  ];
  for (const [what, act] of rows) {
    const it = await stage(t);
    const leadership = await it.lead('one');
    await it.clock.advance(16_000);
    act(it);
    const before = it.server.objects.get(PATH);
    await assert.rejects(leadership.renew({}, never()), LeadershipLost, what);
    const asked = it.server.requests.length;
    await assert.rejects(leadership.renew({}, never()), LeadershipLost, what);
    assert.equal(it.server.requests.length, asked, 'it is not asked for again');
    assert.equal(it.server.objects.get(PATH), before, what);
  }
});

test('who gave the Lease back cannot renew it', async (t) => {
  const { lead, spec } = await stage(t);
  const leadership = await lead('one');
  await leadership.release({}, never());
  await assert.rejects(leadership.renew({}, never()), LeadershipLost);
  assert.equal(spec().holderIdentity, '');
});

test('who is frozen while writing never takes the Lease back, even from one whose clock is behind', async (t) => {
  for (const act of ['renew', 'release'] as const) {
    const { lead, server, clock, write, spec } = await stage(t);
    const leadership = await lead('one');
    server.rule((request) => {
      if (!request.startsWith('PUT')) return undefined;
      server.rule(() => undefined);
      write({ holderIdentity: 'two', renewTime: '2025-01-01T00:00:00.000000Z' });
      void clock.advance(20_000);
      return undefined;
    });
    await assert.rejects(leadership[act]({}, never()), LeadershipLost);
    assert.equal(spec().holderIdentity, 'two', act);
  }
});

test('a renewal whose answer is lost does not lose the Lease', async (t) => {
  const { lead, server, clock, spec } = await stage(t);
  const leadership = await lead('one');
  await clock.advance(1_000);
  server.rule((request) => (request.startsWith('PUT') ? 'unanswered' : undefined));
  await assert.rejects(leadership.renew({}, never()), { advice: 'retry' });
  server.rule(() => undefined);
  await clock.advance(1_000);
  assert.equal(await leadership.renew({}, never()), 'renewed');
  assert.equal(spec().renewTime, '2026-01-01T00:00:02.000000Z');
});

test('a take-over whose answer is lost is ours at the next look', async (t) => {
  const { stand, server, spec } = await stage(t);
  server.rule((request) => (request.startsWith('PATCH') ? 'unanswered' : undefined));
  const standby = stand('one');
  const took = await standby.leadsWithin(5_000);
  assert.ok(took !== undefined && took <= 1_100, `${took} ms`);
  assert.equal(spec().holderIdentity, 'one');
  assert.ok(!standby.told.includes('one'), 'it does not wait for itself');
});

test('an older Lease than was confirmed tells that the API server went back, and is ours again', async (t) => {
  const { lead, server, clock, spec } = await stage(t);
  const leadership = await lead('one');
  await clock.advance(2_000);
  await leadership.renew({}, never());
  const backup = server.objects.get(PATH);
  assert.ok(backup !== undefined);
  await clock.advance(2_000);
  await leadership.renew({}, never());
  const older = { ...(backup['spec'] as Spec), holderIdentity: 'the one before' };
  for (const restored of [backup, { ...backup, spec: older }]) {
    server.objects.set(PATH, restored);
    await clock.advance(1_000);
    assert.equal(await leadership.renew({}, never()), 'rewound');
    assert.equal(spec().holderIdentity, 'one');
    assert.equal(await leadership.renew({}, never()), 'renewed');
  }
});

test('our own clock that is set back is not taken for an API server that went back', async (t) => {
  const { options, server, clock } = await stage(t);
  let skew = 0;
  const skewed = { ...options('one'), clock: { ...clock, now: () => clock.now() + skew } };
  const leadership = await becomeLeader(skewed, () => undefined, never());
  assert.ok(leadership !== undefined);
  await clock.advance(5_000);
  await leadership.renew({}, never());
  skew = -8_000;
  await clock.advance(2_000);
  server.rule((request) => (request === 'PUT web' ? 'unanswered' : undefined));
  await assert.rejects(leadership.renew({}, never()), { code: 'unreachable' });
  server.rule(() => undefined);
  assert.equal(await leadership.renew({}, never()), 'renewed');
});

test('what keeps a standby from leading is told once, and again when it changes', async (t) => {
  const { lead, stand, server, write } = await stage(t);
  await lead('one');
  const standby = stand('two');
  await standby.leadsWithin(3_000);
  write({ holderIdentity: 'three' });
  await standby.leadsWithin(3_000);
  server.rule(() => 503);
  await standby.leadsWithin(3_000);
  server.rule(() => undefined);
  await standby.leadsWithin(3_000);
  assert.deepEqual(standby.told, ['one', 'three', 'serverError', 'three']);
});

test('a Lease that may not be read or written is an error, not a wait', async (t) => {
  for (const method of ['GET', 'PATCH']) {
    const { options, server } = await stage(t);
    server.rule((request) => (request.startsWith(method) ? 403 : undefined));
    await assert.rejects(
      becomeLeader(options('one'), () => undefined, never()),
      { code: 'forbidden' },
    );
  }
});

test('who is stopped while standing by leaves the Lease alone', async (t) => {
  const { lead, stand, spec } = await stage(t);
  await lead('one');
  const stop = new AbortController();
  const standby = stand('two', stop.signal);
  await standby.leadsWithin(2_000);
  stop.abort();
  assert.equal(await standby.leadership, undefined);
  assert.equal(spec().holderIdentity, 'one');
});

test('who is stopped while taking the Lease has it, so that it can be given back', async (t) => {
  const { stand, server, spec } = await stage(t);
  const stop = new AbortController();
  server.rule((request) => {
    if (request.startsWith('PATCH')) stop.abort();
    return undefined;
  });
  const leadership = await stand('one', stop.signal).leadership;
  assert.ok(leadership !== undefined);
  await leadership.release({}, never());
  assert.equal(spec().holderIdentity, '');
});

test('two never hold a Lease at once, whatever freezes, dies or is stopped, and one of them always gets it', async (t) => {
  const server = await objectServer(t);
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(anyHappening, { maxLength: 80, size: 'max' }), async (happenings) => {
      server.objects.clear();
      const annotate = async (): Promise<void> => {
        if (server.objects.has(PATH)) server.touch(PATH);
      };
      taken += await contend({ client: server.client, address: ADDRESS, annotate }, happenings);
    }),
    { numRuns: 120 },
  );
  assert.ok(taken > 100, `the Lease was taken only ${taken} times`);
});
