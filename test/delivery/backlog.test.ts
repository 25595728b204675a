import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Backlog, createBacklog } from '../../src/delivery/backlog.ts';
import type { CloudEvent } from '../../src/events/cloud-event.ts';

/** With its overhead an event of 1,024 bytes takes 2 KiB. */
const EVENT: CloudEvent = { id: '1', source: '/s', type: 't', extensions: {}, data: Buffer.alloc(1_024) };
const IN_FLIGHT = 4;

function filled(events: number, { bufferBytes = 1_000_000, away = false } = {}): Backlog {
  const backlog = createBacklog({ bufferBytes, inFlight: IN_FLIGHT, isAway: () => away });
  for (let i = 0; i < events; i++) backlog.add(EVENT);
  return backlog;
}

/** How many of `events` are removed until who waits for room goes on. */
async function removedUntilRoom(backlog: Backlog, events: number): Promise<number> {
  let released = false;
  void backlog.room()?.then(() => (released = true));
  for (let removed = 1; removed <= events; removed++) {
    backlog.remove(EVENT);
    await Promise.resolve();
    if (released) return removed;
  }
  return Number.NaN;
}

test('there is room for two events each that may be on the wire, for bytes alone while the sink is away', () => {
  const rows: [what: string, backlog: Backlog, room: boolean][] = [
    ['nothing', filled(0), true],
    ['one less than twice the flight', filled(7), true],
    ['twice the flight', filled(8), false],
    ['twice the flight, and the sink is away', filled(8, { away: true }), true],
    ['all the memory, and the sink is away', filled(8, { away: true, bufferBytes: 8 * 2_048 }), false],
    ['all the memory', filled(2, { bufferBytes: 2 * 2_048 }), false],
  ];
  for (const [what, backlog, room] of rows) assert.equal(backlog.room() === undefined, room, what);
});

test('who waits for room goes on when half of it is free, and not with each event', async () => {
  assert.equal(await removedUntilRoom(filled(8), 8), 4);
});

test('events that are stuck take memory, and no room beside it', async () => {
  const backlog = filled(8);
  const room = backlog.room();
  assert.ok(room !== undefined);
  backlog.stick(4, 4 * 2_048);
  await room;
  assert.equal(backlog.room(), undefined);
  backlog.stick(-4, -4 * 2_048);
  assert.ok(backlog.room() !== undefined);
  const full = filled(8, { bufferBytes: 8 * 2_048 });
  full.stick(8, 8 * 2_048);
  assert.ok(full.room() !== undefined);
});

test('what is stuck keeps nobody waiting, however much of the memory it takes', async () => {
  const backlog = filled(8, { bufferBytes: 8 * 2_048 });
  backlog.stick(5, 5 * 2_048);
  assert.equal(await removedUntilRoom(backlog, 3), 2);
});

test('who waits goes on when the sink is away, and when it is over', async () => {
  let away = false;
  const backlog = createBacklog({ bufferBytes: 1_000_000, inFlight: IN_FLIGHT, isAway: () => away });
  for (let i = 0; i < 8; i++) backlog.add(EVENT);
  const room = backlog.room();
  away = true;
  backlog.widen();
  await room;

  const ending = filled(8);
  const waits = [ending.room(), ending.idle()];
  ending.end();
  for (const wait of waits) await wait;
  assert.equal(ending.room(), undefined);
  await ending.idle();
});

test('it is idle when nothing is queued, and gives back what each event took', async () => {
  const backlog = filled(2);
  assert.deepEqual([backlog.events, backlog.bytes], [2, 4_096]);
  const idle = backlog.idle();
  backlog.remove(EVENT);
  backlog.remove(EVENT);
  await idle;
  assert.deepEqual([backlog.events, backlog.bytes], [0, 0]);
});
