import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import * as fc from 'fast-check';
import { type Batches, createBatches } from '../../src/delivery/batch.ts';
import { createLanes, type Settlement } from '../../src/delivery/lanes.ts';
import { DEFAULT_RETRY_POLICY } from '../../src/delivery/judge.ts';
import type { Outcome } from '../../src/delivery/outcome.ts';
import type { CloudEvent } from '../../src/events/cloud-event.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { RESET, status, TAKEN, TIMEOUT } from './outcomes.ts';

function eventOf(id: string, bytes = 1): CloudEvent {
  return { id, source: '/s', type: 't', extensions: {}, data: Buffer.alloc(bytes, '1') };
}

interface Stage {
  readonly batches: Batches;
  readonly clock: FakeClock;
  /** The ids of each request so far. */
  readonly requests: string[][];
  post(...ids: readonly string[]): void;
  /** Answers the first request that waits for it. */
  answer(outcome: Outcome): Promise<void>;
  /** What each event came to, as `id: outcome`. */
  readonly done: string[];
}

function stage(): Stage {
  const clock = fakeClock();
  const requests: string[][] = [];
  const waiting: ((outcome: Outcome) => void)[] = [];
  const done: string[] = [];
  const batches = createBatches({
    clock,
    postAll: (events, answered) => {
      requests.push(events.map(({ id }) => id));
      waiting.push(answered);
    },
  });
  return {
    batches,
    clock,
    requests,
    done,
    post: (...ids) => {
      for (const id of ids)
        batches.post(eventOf(id), (outcome) =>
          done.push(`${id}: ${outcome.is === 'answered' ? outcome.status : outcome.reason}`),
        );
    },
    answer: async (outcome) => {
      waiting.shift()?.(outcome);
      await turn();
    },
  };
}

test('what is posted in one turn is one request, at the end of the turn and without a wait', async () => {
  const { requests, clock, post, answer, done } = stage();
  post('a', 'b', 'c');
  assert.deepEqual(requests, []);
  await turn();
  assert.deepEqual(requests, [['a', 'b', 'c']]);
  assert.deepEqual(clock.waits, []);
  await answer(TAKEN);
  assert.deepEqual(done, ['a: 202', 'b: 202', 'c: 202']);
});

test('while an answer is awaited events wait for company, until it comes or for 5 ms', async () => {
  const { requests, clock, post, answer } = stage();
  post('a');
  await turn();
  post('b');
  await turn();
  post('c');
  await turn();
  assert.deepEqual(requests, [['a']]);
  await answer(TAKEN);
  assert.deepEqual(requests, [['a'], ['b', 'c']]);
  post('d');
  await clock.advance(4);
  post('e');
  assert.equal(requests.length, 2);
  await clock.advance(1);
  assert.deepEqual(requests[2], ['d', 'e']);
});

test('a wait that is over does not send what came after it too soon', async () => {
  const { requests, clock, post, answer } = stage();
  post('a');
  await turn();
  post('b');
  await answer(TAKEN);
  assert.deepEqual(requests, [['a'], ['b']]);
  await clock.advance(3);
  post('c');
  await clock.advance(3);
  assert.equal(requests.length, 2, 'the wait of b ended');
  await clock.advance(2);
  assert.deepEqual(requests[2], ['c']);
});

test('a request has at most 64 events and 512 KiB of data, but for one event that is larger by itself', async () => {
  const many = stage();
  many.post(...Array.from({ length: 70 }, (_, i) => `e${i}`));
  await turn();
  await many.clock.advance(5);
  assert.deepEqual(
    many.requests.map(({ length }) => length),
    [64, 6],
  );
  const large = stage();
  const sizes = { a: 1_000, b: 600_000, c: 300_000, d: 300_000, e: 1_000 };
  for (const [id, bytes] of Object.entries(sizes)) large.batches.post(eventOf(id, bytes), () => undefined);
  await turn();
  await large.clock.advance(5);
  assert.deepEqual(large.requests, [['a'], ['b'], ['c'], ['d', 'e']]);
});

test('when there is no answer, or one that wants another attempt, it is told of each event', async () => {
  for (const outcome of [status(503, '1'), status(429), status(404), TIMEOUT]) {
    const { requests, post, answer, done } = stage();
    post('a', 'b');
    await turn();
    await answer(outcome);
    const told = outcome.is === 'answered' ? outcome.status : outcome.reason;
    assert.deepEqual(done, [`a: ${told}`, `b: ${told}`]);
    assert.equal(requests.length, 1);
  }
});

test('when one of several events may be the reason, each is sent by itself, and has its own answer', async () => {
  for (const code of [400, 401, 413, 415, 422, 302, 500, 502, 504]) {
    const { requests, post, answer, done } = stage();
    post('a', 'b', 'c');
    await turn();
    await answer(status(code));
    assert.deepEqual(requests.slice(1), [['a'], ['b'], ['c']]);
    assert.deepEqual(done, []);
    await answer(TAKEN);
    await answer(status(code));
    await answer(RESET);
    assert.deepEqual(done, ['a: 202', `b: ${code}`, 'c: reset']);
    assert.equal(requests.length, 4);
  }
});

test('what is gathered when it closes is sent at once, and so is what comes later', async () => {
  const { batches, requests, post } = stage();
  post('a');
  await turn();
  post('b');
  batches.close();
  assert.deepEqual(requests, [['a'], ['b']]);
  post('c');
  assert.deepEqual(requests[2], ['c']);
});

test('whatever the sink does, every event of every object is settled once and in order, the poisonous ones refused', async () => {
  const outcomes = fc.infiniteStream(
    fc.oneof(
      { weight: 6, arbitrary: fc.constant(TAKEN) },
      fc.constantFrom(status(503), status(500), RESET, status(413), status(429, '1')),
    ),
  );
  const events = fc.array(fc.record({ lane: fc.nat(8), poison: fc.nat(9).map((it) => it === 0) }), { maxLength: 60 });
  let several = 0;
  await fc.assert(
    fc.asyncProperty(events, outcomes, async (sent, answers) => {
      const clock = fakeClock();
      const poison = new Set(sent.flatMap((it, i) => (it.poison ? [String(i)] : [])));
      const batches = createBatches({
        clock,
        postAll: (posted, answered) => {
          const ids = posted.map(({ id }) => id);
          if (ids.length > 1) several++;
          assert.equal(new Set(ids.map((id) => sent[Number(id)]?.lane)).size, ids.length, 'one event of an object');
          const next: Outcome = answers.next().value ?? TAKEN;
          const isSingleGood = ids.length === 1 && !poison.has(ids[0] ?? '');
          const refusesNone = next.is === 'answered' && next.status === 413 && isSingleGood;
          const outcome = ids.some((id) => poison.has(id)) ? status(400) : refusesNone ? TAKEN : next;
          setImmediate(() => answered(outcome));
        },
      });
      const settled: [lane: number, id: string, as: Settlement][] = [];
      const stop = new AbortController();
      const lanes = createLanes({
        sink: { url: new URL('http://sink'), post: batches.post, close: async () => undefined },
        deadLetterSink: undefined,
        policy: DEFAULT_RETRY_POLICY,
        clock,
        inFlight: 16,
        bufferBytes: 1_000_000,
        maySend: () => true,
        tell: () => undefined,
        signal: stop.signal,
      });
      for (const [i, { lane }] of sent.entries())
        lanes.send({
          lane: `l${lane}`,
          event: eventOf(String(i)),
          settled: (as) => settled.push([lane, String(i), as]),
        });
      await clock.settle(lanes.idle());
      for (let lane = 0; lane <= 8; lane++) {
        const wanted = sent.flatMap((it, i) =>
          it.lane === lane ? [[String(i), it.poison ? 'dropped' : 'delivered']] : [],
        );
        assert.deepEqual(
          settled.filter(([of]) => of === lane).map(([, id, as]) => [id, as]),
          wanted,
        );
      }
      stop.abort();
    }),
    { numRuns: 60 },
  );
  assert.ok(several > 20, `${several} requests of several events`);
});
