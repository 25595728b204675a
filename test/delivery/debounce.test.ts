import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDebounce, type Debounce, type Held } from '../../src/delivery/debounce.ts';
import type { Lanes } from '../../src/delivery/lanes.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';

interface Bench {
  readonly clock: FakeClock;
  /** What went to the lanes and what was replaced, in the order in which it did: `a1`, `-a2`. */
  readonly done: string[];
  send(id: string, options?: { waits?: number | false; bytes?: number }): void;
  stop(): void;
}

/** Events of lane `a` are called `a1`, `a2`. They wait for a second if nothing else is said. */
function bench(): Bench {
  const clock = fakeClock();
  const done: string[] = [];
  const stop = new AbortController();
  const lanes: Lanes = {
    send: ({ event }) => done.push(event.id),
    room: () => undefined,
    wake: () => undefined,
    idle: async () => undefined,
    gauges: () => ({ inFlight: 0, queued: 0, queuedBytes: 0 }),
  };
  const debounce: Debounce = createDebounce({ lanes, clock, signal: stop.signal });
  const heldOf = (id: string, bytes: number): Held => ({
    lane: id.charAt(0),
    event: { id, source: '/test', type: 't', extensions: {}, data: new Uint8Array(bytes) },
    settled: () => undefined,
    replaced: () => done.push(`-${id}`),
  });
  return {
    clock,
    done,
    send: (id, { waits = 1_000, bytes = 0 } = {}) => debounce.send(heldOf(id, bytes), waits || undefined),
    stop: () => stop.abort(),
  };
}

test('of several events of an object the last goes, when the first has waited for the window', async () => {
  const { clock, done, send } = bench();
  send('a1');
  await clock.advance(600);
  send('a2');
  await clock.advance(399);
  send('a3');
  assert.deepEqual(done, ['-a1', '-a2']);
  await clock.advance(1);
  assert.deepEqual(done, ['-a1', '-a2', 'a3']);
  send('a4');
  await clock.advance(1_000);
  assert.deepEqual(done.slice(3), ['a4']);
});

test('objects do not wait for each other', async () => {
  const { clock, done, send } = bench();
  send('a1');
  await clock.advance(500);
  send('b1');
  await clock.advance(500);
  assert.deepEqual(done, ['a1']);
  await clock.advance(500);
  assert.deepEqual(done, ['a1', 'b1']);
});

test('events that wait for different times do not hold each other up, and those of an object are one', async () => {
  const { clock, done, send } = bench();
  send('a1', { waits: 5_000 });
  send('b1');
  send('a2');
  await clock.advance(1_000);
  assert.deepEqual(done, ['-a1', 'b1']);
  await clock.advance(4_000);
  assert.deepEqual(done, ['-a1', 'b1', 'a2']);
});

test('an event that does not wait goes at once, and nothing older after it', async () => {
  const { clock, done, send } = bench();
  send('a1', { waits: false });
  send('a2');
  send('b1');
  send('a3', { waits: false });
  assert.deepEqual(done, ['a1', '-a2', 'a3']);
  await clock.advance(2_000);
  assert.deepEqual(done, ['a1', '-a2', 'a3', 'b1']);
});

test('at a stop everything goes at once, also what comes afterwards', async () => {
  const { clock, done, send, stop } = bench();
  send('a1');
  send('b1');
  stop();
  assert.deepEqual(done, ['a1', 'b1']);
  send('a2');
  assert.deepEqual(done, ['a1', 'b1', 'a2']);
  await clock.advance(2_000);
  assert.equal(done.length, 3);
});

test('more than a mebibyte does not wait: the oldest goes before its time', () => {
  const { done, send } = bench();
  send('a1', { bytes: 600_000 });
  send('b1', { bytes: 400_000 });
  send('a2', { bytes: 500_000 });
  assert.deepEqual(done, ['-a1']);
  send('c1', { bytes: 300_000 });
  assert.deepEqual(done, ['-a1', 'a2']);
  send('d1', { bytes: 2_000_000 });
  assert.deepEqual(done, ['-a1', 'a2', 'b1', 'c1', 'd1']);
});
