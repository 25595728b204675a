import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../src/delivery/outcome.ts';
import { OVERHEAD, stage } from './lanes-stage.ts';
import { RESET, status, TAKEN } from './outcomes.ts';

test('events of one object are sent one at a time and in order, those of other objects meanwhile', async () => {
  const { send, sink, settled } = stage();
  for (const id of ['a1', 'a2', 'b1', 'a3', 'b2']) send(id);
  assert.deepEqual(sink.ids(), ['a1', 'b1']);
  await sink.attempts[1]?.answer(TAKEN);
  assert.deepEqual(sink.ids(), ['a1', 'b1', 'b2']);
  await sink.answer(TAKEN, TAKEN, TAKEN, TAKEN);
  assert.deepEqual(sink.ids(), ['a1', 'b1', 'b2', 'a2', 'a3']);
  assert.deepEqual(settled, ['b1 delivered', 'a1 delivered', 'b2 delivered', 'a2 delivered', 'a3 delivered']);
});

test('an event that was not taken is sent again, itself, after the wait of the policy, and says so', async () => {
  const { send, sink, news, clock, settled } = stage();
  send('a1', Buffer.from('{"n":1}'));
  await sink.answer(RESET);
  const { event, ...told } = news[0]?.is === 'retrying' ? news[0] : assert.fail(JSON.stringify(news));
  assert.equal(event.id, 'a1');
  assert.deepEqual(told, {
    is: 'retrying',
    by: 'sink',
    attempt: 1,
    reason: 'reset',
    afterMs: 250,
    asked: false,
    outcome: RESET,
  });
  await clock.advance(249);
  assert.equal(sink.attempts.length, 1);
  await clock.advance(1);
  await sink.answer(status(503));
  await clock.advance(500);
  assert.equal(sink.attempts.length, 3);
  for (const attempt of sink.attempts) {
    assert.deepEqual(
      { ...attempt.event, data: String(Buffer.from(attempt.event.data ?? [])) },
      {
        id: 'a1',
        source: '/s',
        type: 't',
        extensions: { kind: 'Pod' },
        data: '{"n":1}',
      },
    );
  }
  await sink.answer(TAKEN);
  assert.deepEqual(settled, ['a1 delivered']);
});

test('the next event of an object begins its attempts anew', async () => {
  const { send, sink, clock } = stage();
  send('a1');
  send('a2');
  await sink.answer(RESET);
  await clock.advance(250);
  await sink.answer(RESET);
  await clock.advance(500);
  await sink.answer(TAKEN, RESET);
  assert.deepEqual(clock.waits.slice(-1), [250]);
});

test('an object whose events are not taken holds up nobody but itself', async () => {
  const { send, sink, clock, settled, news } = stage();
  const minute = async (number: number, ofPoisoned: Outcome): Promise<void> => {
    for (const lane of ['p', 'b', 'c']) send(`${lane}${number}`);
    for (let second = 0; second < 60; second++) {
      for (const { event, answer } of sink.open()) await answer(event.id.startsWith('p') ? ofPoisoned : TAKEN);
      await clock.advance(1_000);
    }
  };
  for (const number of [1, 2, 3, 4]) {
    await minute(number, status(500));
    assert.deepEqual(settled.slice(-2), [`b${number} delivered`, `c${number} delivered`]);
  }
  assert.equal(settled.length, 8);
  assert.deepEqual([...new Set(sink.ids().filter((id) => id.startsWith('p')))], ['p1']);
  assert.deepEqual([...new Set(news.map(({ is }) => is))], ['retrying']);
  await minute(5, TAKEN);
  const poisoned = settled.filter((it) => it.startsWith('p'));
  assert.deepEqual(poisoned, ['p1 delivered', 'p2 delivered', 'p3 delivered', 'p4 delivered', 'p5 delivered']);
});

test('an object whose event is always answered 500 does not make the sink away, however many changes it queues', async () => {
  const { send, sink, clock, settled, news, lanes } = stage({ inFlight: 4 });
  for (let number = 0; number < 100; number++) send(`p${number}`);
  for (let second = 0; second < 3_600; second++) {
    for (const { event, answer } of sink.open()) await answer(event.id.startsWith('p') ? status(500) : TAKEN);
    await clock.advance(1_000);
  }
  assert.ok(sink.attempts.length > 50, 'it is tried on');
  assert.deepEqual([...new Set(news.map(({ is }) => is))], ['retrying']);
  for (let number = 100; number < 200; number++) send(`p${number}`);
  assert.equal(lanes.room(), undefined, 'what is stuck takes no room but memory');
  for (const id of ['b1', 'c1', 'd1']) send(id);
  const now = clock.now();
  await sink.answer(TAKEN, TAKEN, TAKEN);
  assert.deepEqual([settled, clock.now()], [['b1 delivered', 'c1 delivered', 'd1 delivered'], now]);
  while (sink.open().length > 0 || clock.sleeping > 0) {
    for (const { answer } of sink.open()) await answer(TAKEN);
    await clock.advance(60_000);
  }
  assert.equal(settled.length, 203);
  for (let number = 0; number < 8; number++) send(`p${number}`);
  assert.notEqual(lanes.room(), undefined, 'nothing is stuck any more');
});

test('who waits for room is woken when what takes it turns out to be stuck', async () => {
  const { send, sink, lanes, clock } = stage({ inFlight: 2 });
  for (let number = 0; number < 10; number++) send(`p${number}`);
  let woken = false;
  void lanes.room()?.then(() => (woken = true));
  await sink.answer(status(500));
  await clock.advance(0);
  assert.equal(woken, true);
});

test('no more events are on the wire than allowed', async () => {
  const { send, sink, lanes } = stage({ inFlight: 3 });
  for (const id of ['a1', 'b1', 'c1', 'd1', 'e1']) send(id);
  assert.deepEqual(sink.ids(), ['a1', 'b1', 'c1']);
  assert.equal(lanes.gauges().inFlight, 3);
  await sink.answer(TAKEN);
  assert.deepEqual(sink.ids(), ['a1', 'b1', 'c1', 'd1']);
  await sink.answer(TAKEN, TAKEN, TAKEN, TAKEN);
  assert.deepEqual(lanes.gauges(), { inFlight: 0, queued: 0, queuedBytes: 0 });
});

test('there is room until the buffer is full, and again when half of it is free', async () => {
  const { send, sink, lanes, clock } = stage({ bufferBytes: 4 * (OVERHEAD + 100), inFlight: 2 });
  const body = Buffer.alloc(100);
  for (const id of ['a1', 'b1', 'c1']) send(id, body);
  assert.equal(lanes.room(), undefined);
  send('d1', body);
  assert.equal(lanes.gauges().queuedBytes, 4 * (OVERHEAD + 100));
  let waited = 0;
  for (let i = 0; i < 2; i++) void lanes.room()?.then(() => waited++);
  await sink.answer(TAKEN);
  assert.equal(waited, 0);
  // There is room, but nobody who waits for it is woken for so little.
  assert.equal(lanes.room(), undefined);
  await sink.answer(TAKEN);
  assert.equal(waited, 2);
  await sink.answer(TAKEN, TAKEN);
  await clock.advance(0);
  assert.deepEqual(lanes.gauges(), { inFlight: 0, queued: 0, queuedBytes: 0 });
});

test('while the sink takes events no more are queued than it needs; while it is away, as many as fit', async () => {
  const { send, sink, lanes, clock } = stage({ inFlight: 3 });
  for (let i = 0; i < 12; i++) send(`${String.fromCharCode(97 + i)}1`);
  assert.notEqual(lanes.room(), undefined);
  let woken = false;
  void lanes.room()?.then(() => (woken = true));
  for (let i = 0; i < 10; i++) {
    await sink.answer(RESET);
    await clock.advance(1);
  }
  assert.equal(woken, true);
  assert.equal(lanes.room(), undefined);
});

test('it is idle when every event is settled, and not before', async () => {
  const { send, sink, lanes, clock } = stage();
  await lanes.idle();
  send('a1');
  send('b1');
  let idle = false;
  void lanes.idle().then(() => (idle = true));
  await sink.answer(RESET, TAKEN);
  await clock.advance(249);
  assert.equal(idle, false);
  await clock.advance(1);
  await sink.answer(TAKEN);
  assert.equal(idle, true);
});

test('whoever hears that an event is settled may send the next one', async () => {
  const { lanes, sink } = stage();
  const event = { id: '1', source: '/s', type: 't', extensions: {} };
  lanes.send({
    lane: 'a',
    event,
    settled: () => lanes.send({ lane: 'a', event: { ...event, id: '2' }, settled: () => undefined }),
  });
  await sink.answer(TAKEN, TAKEN);
  assert.deepEqual(sink.ids(), ['1', '2']);
  assert.equal(lanes.gauges().queued, 0);
});

test('while sending is forbidden nothing is sent, and waking goes on where it stopped', async () => {
  let maySend = true;
  const { send, sink, lanes, clock } = stage({ maySend: () => maySend });
  send('a1');
  send('a2');
  maySend = false;
  send('b1');
  await sink.answer(RESET);
  await clock.advance(3_600_000);
  assert.deepEqual(sink.ids(), ['a1']);
  maySend = true;
  lanes.wake();
  assert.deepEqual(sink.ids(), ['a1', 'b1', 'a1']);
  await sink.answer(TAKEN, TAKEN, TAKEN);
  assert.equal(lanes.gauges().queued, 0);
});

test('an attempt that fails when nothing may be sent any more is none, and is no sign of a sink that is away', async () => {
  let maySend = true;
  const policy = { retry: 0, backoffPolicy: 'linear', backoffDelayMs: 500, retryAfterMaxMs: 0 } as const;
  const { send, sink, lanes, news, settled } = stage({ maySend: () => maySend, policy });
  const names = Array.from('abcdefghijkl');
  for (const name of names) send(`${name}1`);
  maySend = false;
  await sink.answer(...names.map(() => RESET));
  assert.deepEqual([news, settled, sink.attempts.length], [[], [], names.length]);
  maySend = true;
  lanes.wake();
  await sink.answer(...names.map(() => TAKEN));
  assert.deepEqual(
    settled,
    names.map((name) => `${name}1 delivered`),
  );
});

test('an abort ends every wait, and nothing is sent, told or settled after it', async () => {
  const { send, sink, lanes, clock, news, settled, stop } = stage({ bufferBytes: 1 });
  for (const id of ['a1', 'a2', 'b1', 'c1']) send(id);
  await sink.answer(RESET);
  const ended: string[] = [];
  void lanes.room()?.then(() => ended.push('room'));
  void lanes.idle().then(() => ended.push('idle'));
  const told = news.length;
  await stop();
  assert.deepEqual(ended, ['room', 'idle']);
  assert.equal(clock.sleeping, 0);
  await sink.answer(TAKEN, status(400));
  send('d1');
  lanes.wake();
  await clock.advance(3_600_000);
  assert.deepEqual(sink.ids(), ['a1', 'b1', 'c1']);
  assert.equal(news.length, told);
  assert.deepEqual(settled, []);
  assert.equal(lanes.room(), undefined);
  await lanes.idle();
});

test('an event that waits holds its own bytes, not the chunk that they were read from', async () => {
  const { send, sink, clock, lanes } = stage();
  const slice = (text: string): Uint8Array => {
    const chunk = Buffer.alloc(65_536);
    return chunk.subarray(100, 100 + chunk.write(text, 100));
  };
  const first = slice('{"a":1}');
  send('a1', first);
  send('a2', slice('{"a":2}'));
  assert.equal(sink.attempts[0]?.event.data, first, 'what is sent at once is not copied');
  await sink.answer(RESET);
  await clock.advance(250);
  await sink.answer(TAKEN, TAKEN);
  const sent = sink.attempts.slice(1).map(({ event }) => event.data ?? assert.fail());
  assert.deepEqual(
    sent.map((data) => [Buffer.from(data).toString(), data.buffer.byteLength]),
    [
      ['{"a":1}', 7],
      ['{"a":2}', 7],
    ],
  );
  const own = new Uint8Array(100);
  send('a3', own);
  await sink.answer(RESET);
  await clock.advance(250);
  assert.equal(sink.attempts.at(-1)?.event.data, own, 'what is its own already is not copied');
  await sink.answer(TAKEN);
  assert.equal(lanes.gauges().queuedBytes, 0);
});
