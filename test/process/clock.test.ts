import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { systemClock } from '../../src/process/clock.ts';

test('a sleep lasts as long as it was asked to, and leaves nothing at its signal', async () => {
  const { signal } = new AbortController();
  const began = systemClock.monotonic();
  await systemClock.sleep(20, signal);
  // Timers count whole milliseconds.
  assert.ok(systemClock.monotonic() - began >= 19);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('an abort ends a sleep at once, without an error', async () => {
  const stop = new AbortController();
  const asleep = systemClock.sleep(3_600_000, stop.signal);
  stop.abort(new Error('why it was stopped'));
  assert.equal(await asleep, undefined);
  assert.equal(await systemClock.sleep(3_600_000, stop.signal), undefined);
});

test('a sleep of months is longer than a timer can be, and does not end at once', async () => {
  const stop = new AbortController();
  let awake = false;
  const asleep = systemClock.sleep(60 * 24 * 3_600_000, stop.signal).then(() => (awake = true));
  await systemClock.sleep(50, new AbortController().signal);
  assert.equal(awake, false);
  stop.abort();
  await asleep;
});

test('a sleep that cannot be is an error, not a sleep that never ends', async () => {
  await assert.rejects(systemClock.sleep('soon' as never, new AbortController().signal), {
    code: 'ERR_INVALID_ARG_TYPE',
  });
});

test('time goes on, and chance stays below one', () => {
  const { now, monotonic, random } = systemClock;
  assert.ok(Math.abs(now() - Date.now()) < 1_000);
  for (let i = 0, before = monotonic(); i < 1_000; i++) {
    const after = monotonic();
    assert.ok(after >= before);
    before = after;
    const chance = random();
    assert.ok(chance >= 0 && chance < 1);
  }
});
