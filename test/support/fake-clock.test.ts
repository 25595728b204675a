import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from './fake-clock.ts';

const never = new AbortController().signal;

test('time passes only as it is advanced, and sleepers wake on the way in their order', async () => {
  const clock = fakeClock({ now: 1_000 });
  const woken: string[] = [];
  const sleep = async (name: string, ms: number) => {
    await clock.sleep(ms, never);
    woken.push(`${name} at ${clock.now()}`);
  };
  const all = Promise.all([
    sleep('late', 300),
    sleep('early', 100),
    sleep('early', 50).then(() => sleep('again', 100)),
  ]);
  await clock.advance(49);
  assert.deepEqual(woken, []);
  await clock.advance(200);
  assert.deepEqual(woken, ['early at 1050', 'early at 1100', 'again at 1150']);
  assert.equal(clock.sleeping, 1);
  assert.equal(clock.monotonic(), 249);
  await clock.advance(51);
  await all;
  assert.deepEqual(clock.waits, [300, 100, 50, 100]);
});

test('an aborted sleep ends at once, and so does one that begins aborted', async () => {
  const clock = fakeClock();
  const stop = new AbortController();
  const sleep = clock.sleep(100, stop.signal);
  stop.abort();
  await sleep;
  await clock.sleep(100, stop.signal);
  assert.deepEqual([clock.sleeping, clock.monotonic()], [0, 0]);
});

test('to settle something, time jumps from sleep to sleep, and no further', async () => {
  const clock = fakeClock();
  const work = async () => {
    for (let i = 0; i < 3; i++) await clock.sleep(60_000, never);
    return 'done';
  };
  void clock.sleep(1_000_000, never);
  assert.equal(await clock.settle(work()), 'done');
  assert.equal(clock.monotonic(), 180_000);
  await assert.rejects(clock.settle(Promise.reject(new Error('failed'))), /failed/);
});
