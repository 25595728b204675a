import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../support/fake-clock.ts';
import { type Stage, stage } from './lanes-stage.ts';
import { RESET, status, TAKEN, TIMEOUT } from './outcomes.ts';

const TEN = Array.from('abcdefghij');
/** Whose waits are much longer than those between probes. */
const SLOW = { retry: undefined, backoffPolicy: 'linear', backoffDelayMs: 3_600_000, retryAfterMaxMs: 0 } as const;

/** A stage whose sink went away: an event of ten objects each was sent in vain. */
async function withoutSink(options: Parameters<typeof stage>[0] = {}, outcome = RESET): Promise<Stage> {
  const it = stage(options);
  for (const lane of TEN) it.send(`${lane}1`);
  await it.sink.answer(...TEN.map(() => outcome));
  assert.deepEqual(trouble(it), ['away']);
  return it;
}

function trouble({ news }: Stage): string[] {
  return news.filter(({ is }) => is === 'away' || is === 'back').map(({ is }) => is);
}

test('while the sink is away one event is tried at a time, ever more seldom', async () => {
  const it = await withoutSink();
  const waits: number[] = [];
  for (let begin = it.clock.now(); waits.length < 9; begin = it.clock.now()) {
    const before = it.sink.attempts.length;
    while (it.sink.attempts.length === before) await it.clock.advance(50);
    assert.equal(it.sink.attempts.length, before + 1);
    waits.push(it.clock.now() - begin);
    await it.sink.answer(RESET);
  }
  assert.deepEqual(waits, [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
});

test('when all objects rest for long, each probe wakes another one, so that a poisoned one cannot keep the sink away', async () => {
  const it = await withoutSink({ policy: SLOW });
  for (let i = 0; i < 4; i++) {
    await it.clock.advance(30_000 * i + 500);
    await it.sink.answer(status(500));
  }
  assert.deepEqual(it.sink.ids().slice(10), ['a1', 'b1', 'c1', 'd1']);
});

test('a timer that fires a little early loses no probe, at whichever moment the clock is read', async () => {
  for (let early = 0; early < 0.06; early += 0.0005) {
    const fake = fakeClock();
    let readings = 0;
    const clock = {
      ...fake,
      monotonic: () => fake.monotonic() + 0.001 * ++readings,
      sleep: (ms: number, signal: AbortSignal) => fake.sleep(Math.max(0, ms - early), signal),
    };
    const it = stage({ clock, policy: SLOW });
    for (const lane of TEN) it.send(`${lane}1`);
    for (let i = 0; i < 10; i++)
      it.sink
        .open()[0]
        ?.answer(RESET)
        .catch(() => undefined);
    await fake.advance(1_000);
    assert.equal(it.sink.attempts.length, 11, `${early} ms too early`);
  }
});

test('the first event that is taken brings the sink back, and wakes all who rest', async () => {
  const it = await withoutSink({ policy: SLOW });
  await it.clock.advance(250);
  assert.equal(it.sink.attempts.length, 11);
  const now = it.clock.now();
  await it.sink.answer(TAKEN);
  assert.deepEqual(trouble(it), ['away', 'back']);
  while (it.settled.length < 10) await it.sink.answer(TAKEN);
  assert.equal(it.clock.now(), now);
  assert.equal(it.clock.sleeping, 0);
});

test('a sink that refuses an event is there', async () => {
  for (const code of [400, 404, 409]) {
    const it = await withoutSink();
    await it.clock.advance(250);
    await it.sink.answer(status(code));
    assert.deepEqual(trouble(it), ['away', 'back'], `status ${code}`);
  }
});

test('a sink that answers nothing but 404 is not asked all the time', async () => {
  const it = await withoutSink();
  for (let second = 0; second < 600; second++) {
    await it.clock.advance(1_000);
    for (const { answer } of it.sink.open()) await answer(status(404));
  }
  // Ten objects, each with waits of at least half a minute in the end.
  const asked = it.sink.attempts.length - 10;
  assert.ok(asked > 100 && asked < 300, String(asked));
});

test('who was told by the sink when to come back is woken by nobody', async () => {
  const it = await withoutSink({}, status(429, new Date(Date.UTC(2026) + 120_000).toUTCString()));
  await it.clock.advance(119_000);
  assert.equal(it.sink.attempts.length, 10);
  it.send('z1');
  await it.sink.answer(TAKEN);
  assert.deepEqual(trouble(it), ['away', 'back']);
  await it.clock.advance(999);
  assert.equal(it.sink.attempts.length, 11);
  await it.clock.advance(1);
  await it.sink.answer(TAKEN);
  assert.ok(it.sink.attempts.length > 12);
});

test('answers that come late count as much as others', async () => {
  const it = await withoutSink({}, TIMEOUT);
  await it.clock.advance(250);
  await it.sink.answer(TAKEN);
  assert.deepEqual(trouble(it), ['away', 'back']);
});

test('with nothing to send to a sink that is away, nothing happens at all', async () => {
  const policy = { retry: 0, backoffPolicy: 'linear', backoffDelayMs: 500, retryAfterMaxMs: 0 } as const;
  const it = await withoutSink({ policy });
  assert.equal(it.settled.length, 10);
  const waits = it.clock.waits.length;
  await it.clock.advance(3_600_000);
  assert.ok(it.clock.waits.length <= waits + 1, `${it.clock.waits.length - waits} waits`);
  it.send('z1');
  assert.equal(it.sink.attempts.length, 11);
});

test('who may not send waits without asking again and again, and goes on at once when he may', async () => {
  let maySend = true;
  const it = await withoutSink({ maySend: () => maySend });
  maySend = false;
  await it.clock.advance(3_600_000);
  assert.equal(it.sink.attempts.length, 10);
  const waits = it.clock.waits.length;
  await it.clock.advance(3_600_000);
  assert.equal(it.clock.waits.length, waits);
  maySend = true;
  it.lanes.wake();
  assert.equal(it.sink.attempts.length, 11);
});
