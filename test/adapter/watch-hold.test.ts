import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchHold } from '../../src/adapter/watch-hold.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { recordedLog } from './recorded-log.ts';

test('the end of a hold is told within half a second, once, and so is its return', async () => {
  const clock = fakeClock();
  const { log, messages } = recordedLog();
  const told: [held: boolean, at: number][] = [];
  let holds = true;
  const leadership = { holds: () => holds };
  const stop = new AbortController();
  const held = (yes: boolean): void => void told.push([yes, clock.monotonic()]);
  const watching = watchHold(leadership, { clock, log, held }, stop.signal);
  await clock.advance(10_100);
  holds = false;
  await clock.advance(20_000);
  holds = true;
  await clock.advance(5_000);
  stop.abort();
  await watching;
  assert.deepEqual(told, [
    [false, 10_500],
    [true, 30_500],
  ]);
  assert.deepEqual(messages, [
    'warn: Lease could not be renewed in time; nothing is sent until it is',
    'info: Lease renewed; events are sent again',
  ]);
});
