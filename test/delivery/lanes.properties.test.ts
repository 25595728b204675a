import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createLanes } from '../../src/delivery/lanes.ts';
import type { Outcome } from '../../src/delivery/outcome.ts';
import type { Sink } from '../../src/delivery/sink.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { RESET, status, TAKEN, TIMEOUT } from './outcomes.ts';

/** An event and what its sink does with it: the attempts that fail, and how it ends. */
interface Plan {
  readonly lane: string;
  readonly failures: readonly Outcome[];
  readonly end: 'taken' | 'refused';
  /** How long the sink takes for each attempt; undefined: it answers before `post` returns. */
  readonly latencyMs: number | undefined;
  /** Time that passes before it is sent. */
  readonly pauseMs: number;
  readonly bytes: number;
}

interface Run {
  readonly attempts: string[];
  readonly letters: string[];
  readonly settled: string[];
  readonly mostInFlight: number;
  readonly mostLetters: number;
}

const plan: fc.Arbitrary<Plan> = fc.record({
  lane: fc.constantFrom('a', 'b', 'c', 'd'),
  failures: fc.array(
    fc.constantFrom(RESET, TIMEOUT, status(404), status(429, '2'), status(500), status(503), status(503, 'soon')),
    { maxLength: 4 },
  ),
  end: fc.constantFrom('taken', 'taken', 'taken', 'refused'),
  latencyMs: fc.option(fc.nat(3_000), { nil: undefined }),
  pauseMs: fc.oneof(fc.constant(0), fc.nat(1_000), fc.nat(60_000)),
  bytes: fc.nat(2_000),
});

test('whatever the sink does, each object is told everything once, in order, and one event at a time', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(plan, { maxLength: 25 }),
      fc.integer({ min: 1, max: 5 }),
      fc.boolean(),
      async (plans, inFlight, deadLetters) => {
        const run = await deliver(plans, inFlight, deadLetters);
        assert.ok(run.mostInFlight <= inFlight && run.mostLetters <= inFlight);
        for (const lane of ['a', 'b', 'c', 'd']) {
          const expected = model(plans, lane, deadLetters);
          const ofLane = (ids: readonly string[]) => ids.filter((id) => id.startsWith(lane));
          assert.deepEqual(ofLane(run.attempts), expected.attempts);
          assert.deepEqual(ofLane(run.letters), expected.letters);
          assert.deepEqual(ofLane(run.settled), expected.settled);
        }
      },
    ),
  );
});

/** What happens in one lane, said without time. */
function model(
  plans: readonly Plan[],
  lane: string,
  deadLetters: boolean,
): Pick<Run, 'attempts' | 'letters' | 'settled'> {
  const expected = { attempts: [] as string[], letters: [] as string[], settled: [] as string[] };
  plans.forEach((it, index) => {
    if (it.lane !== lane) return;
    const id = `${lane}${index}`;
    for (let attempt = 0; attempt <= it.failures.length; attempt++) expected.attempts.push(id);
    const becomesLetter = it.end === 'refused' && deadLetters;
    if (becomesLetter) expected.letters.push(id);
    expected.settled.push(`${id} ${it.end === 'taken' ? 'delivered' : becomesLetter ? 'deadLettered' : 'dropped'}`);
  });
  return expected;
}

async function deliver(plans: readonly Plan[], inFlight: number, deadLetters: boolean): Promise<Run> {
  const clock = fakeClock({ random: () => 0.5 });
  const { signal } = new AbortController();
  const lists = { attempts: [] as string[], letters: [] as string[], settled: [] as string[] };
  const run = { ...lists, mostInFlight: 0, mostLetters: 0 };
  const left = new Map(plans.map((it, index) => [`${it.lane}${index}`, { ...it, failures: [...it.failures] }]));
  const busy = new Set<string>();
  const dying = new Set<string>();
  const begin = (lane: string, among: Set<string>): void => {
    assert.equal(busy.has(lane) || dying.has(lane), false, `two events of ${lane} on the wire`);
    among.add(lane);
    run.mostInFlight = Math.max(run.mostInFlight, busy.size);
    run.mostLetters = Math.max(run.mostLetters, dying.size);
  };
  const sink = sinkOf((id, done) => {
    const it = left.get(id) ?? assert.fail(id);
    run.attempts.push(id);
    begin(it.lane, busy);
    const outcome = it.failures.shift() ?? (it.end === 'taken' ? TAKEN : status(400));
    after(it.latencyMs, clock, () => {
      busy.delete(it.lane);
      done(outcome);
    });
  });
  const deadLetterSink = sinkOf((id, done) => {
    run.letters.push(id);
    begin(id.slice(0, 1), dying);
    after(10, clock, () => {
      dying.delete(id.slice(0, 1));
      done(TAKEN);
    });
  });
  const lanes = createLanes({
    sink,
    deadLetterSink: deadLetters ? deadLetterSink : undefined,
    policy: { retry: undefined, backoffPolicy: 'exponential', backoffDelayMs: 500, retryAfterMaxMs: 300_000 },
    clock,
    inFlight,
    bufferBytes: 10_000,
    maySend: () => true,
    tell: () => undefined,
    signal,
  });
  for (const [index, { lane, pauseMs, bytes }] of plans.entries()) {
    await clock.advance(pauseMs);
    const id = `${lane}${index}`;
    const event = { id, source: '/s', type: 't', extensions: {}, data: new Uint8Array(bytes) };
    lanes.send({ lane, event, settled: (as) => run.settled.push(`${id} ${as}`) });
  }
  await clock.settle(lanes.idle());
  assert.deepEqual(lanes.gauges(), { inFlight: 0, queued: 0, queuedBytes: 0 });
  assert.equal(lanes.room(), undefined);
  return run;
}

function sinkOf(take: (id: string, done: (outcome: Outcome) => void) => void): Sink {
  return {
    url: new URL('http://sink.test/'),
    post: (event, done) => take(event.id, done),
    close: async () => undefined,
  };
}

function after(ms: number | undefined, clock: FakeClock, act: () => void): void {
  if (ms === undefined) act();
  else void clock.sleep(ms, new AbortController().signal).then(act);
}
