import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRota, type Rota, SPREAD_MS, spreadMs } from '../../../src/sources/ping/adapter/rota.ts';
import { firing } from './firings.ts';

const START = Date.UTC(2026);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

function takeAll(rota: Rota, now: number): string[] {
  const taken: string[] = [];
  for (let due = rota.take(now); due !== undefined; due = rota.take(now)) {
    for (const time of due.times) taken.push(`${due.firing.uid} ${clockText(time)}`);
  }
  return taken;
}

function clockText(time: number): string {
  return new Date(time).toISOString().slice(11, 19);
}

test('a source fires in the second that its schedule names, at its own place in it', () => {
  const rota = createRota(START);
  rota.put(firing('a'), START, true);
  const due = rota.next() ?? 0;
  assert.equal(due, START + MINUTE + spreadMs('a'));
  assert.deepEqual(takeAll(rota, due - 1), []);
  assert.deepEqual(takeAll(rota, due), ['a 00:01:00']);
  assert.deepEqual(takeAll(rota, due), []);
});

test('10,000 sources of one second are spread evenly over it', () => {
  const tenths = Array.from({ length: 9 }, () => 0);
  for (let i = 0; i < 10_000; i++) {
    const at = Math.floor(spreadMs(`0b5c7c9e-${i}-4f0e-8e0b-${i * 7}`) / 100);
    tenths[at] = (tenths[at] ?? 0) + 1;
  }
  assert.ok(
    tenths.every((count) => count > 900 && count < 1_330),
    tenths.join(' '),
  );
});

test('a change of the data waits for the next time, and a change of the schedule forgets the old one', () => {
  const rota = createRota(START);
  rota.put(firing('a'), START, true);
  rota.put(firing('a', { data: 'new' }), START + 30 * SECOND, true);
  assert.deepEqual(takeAll(rota, START + MINUTE + SPREAD_MS), ['a 00:01:00']);
  rota.put(firing('a', { schedule: '*/10 * * * *' }), START + 90 * SECOND, true);
  assert.deepEqual(takeAll(rota, START + 5 * MINUTE), []);
  assert.deepEqual(takeAll(rota, START + 10 * MINUTE + SPREAD_MS), ['a 00:10:00']);
});

test('a change of the data in the very second of a time does not lose it', () => {
  const rota = createRota(START);
  rota.put(firing('a'), START, true);
  assert.ok(spreadMs('a') > 1);
  rota.put(firing('a', { data: 'new' }), START + MINUTE + 1, false);
  assert.deepEqual(takeAll(rota, START + MINUTE + SPREAD_MS), ['a 00:01:00']);
});

test('a source that goes does not fire', () => {
  const rota = createRota(START);
  rota.put(firing('a'), START, true);
  rota.remove('a', START);
  assert.deepEqual(takeAll(rota, START + 2 * MINUTE), []);
  assert.equal(rota.size, 0);
});

test('what the last adapter took is not taken again, and what it did not take is', () => {
  const now = START + 5 * MINUTE + 10 * SECOND;
  const rota = createRota(START + 4 * MINUTE);
  rota.put(firing('a'), now, true);
  assert.deepEqual(takeAll(rota, now), ['a 00:05:00']);
});

test('a source is not late for what was before its sink was known', () => {
  const now = START + 5 * MINUTE + 10 * SECOND;
  const rota = createRota(START);
  rota.put({ ...firing('a', { schedule: '0 * * * * *' }), since: now - 5 * SECOND }, now, true);
  assert.deepEqual(takeAll(rota, now), []);
});

test('a source that rests and comes back repeats nothing, and owes nothing for its rest', () => {
  const rota = createRota(START);
  const each = firing('a', { schedule: '*/10 * * * * *' });
  rota.put(each, START, true);
  const now = START + 5 * MINUTE + 15 * SECOND;
  takeAll(rota, now);
  rota.remove('a', now);
  rota.put(each, now + 30 * SECOND, false);
  assert.deepEqual(takeAll(rota, now + 30 * SECOND), []);
  assert.deepEqual(takeAll(rota, now + 36 * SECOND), ['a 00:05:50']);
  rota.remove('a', now + 36 * SECOND);
  rota.put({ ...each, since: now + 30 * SECOND }, now + 37 * SECOND, false);
  assert.deepEqual(takeAll(rota, now + 37 * SECOND), []);
});

test('a source that is new owes what came between the moment when its sink was known and now', () => {
  const rota = createRota(START);
  const now = START + 5 * MINUTE + SECOND;
  rota.put({ ...firing('a'), since: now - 2 * SECOND }, now, false);
  assert.deepEqual(takeAll(rota, now), ['a 00:05:00']);
});

test('at the end what was due is taken, wherever in its second it would have been sent, and nothing else', () => {
  const rota = createRota(START);
  const uids = Array.from({ length: 20 }, (_, i) => `s${i}`);
  for (const uid of uids) rota.put(firing(uid), START, true);
  rota.put(firing('later', { schedule: '1 1 * * * *' }), START, true);
  const until = START + MINUTE;
  const taken = rota
    .takeAll(until)
    .flatMap(({ firing: { uid }, times }) => times.map((time) => `${uid} ${clockText(time)}`));
  assert.deepEqual(taken.toSorted(), uids.map((uid) => `${uid} 00:01:00`).toSorted());
  assert.deepEqual(takeAll(rota, until + 900), []);
});

test('however the time goes on, each time of the last minute is taken once and no time twice', () => {
  const schedule = fc.constantFrom('* * * * *', '*/7 * * * * *', '30 */2 * * * *', '0 0 * * *');
  const steps = fc.array(fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 1, max: 200_000 })), {
    maxLength: 80,
  });
  fc.assert(
    fc.property(fc.array(schedule, { minLength: 1, maxLength: 5 }), steps, (schedules, waits) => {
      const rota = createRota(START);
      schedules.forEach((text, i) => rota.put(firing(`s${i}`, { schedule: text }), START, true));
      const seen = new Map<string, number>();
      let now = START;
      for (const wait of waits) {
        now += wait;
        for (let due = rota.take(now); due !== undefined; due = rota.take(now)) {
          for (const time of due.times) {
            assert.ok(time <= now && time > (seen.get(due.firing.uid) ?? 0), 'in order and not early');
            seen.set(due.firing.uid, time);
          }
        }
      }
      const minute = Math.floor((now - SPREAD_MS) / MINUTE) * MINUTE;
      schedules.forEach((text, i) => {
        if (text === '* * * * *' && minute > START) assert.ok((seen.get(`s${i}`) ?? 0) >= minute);
      });
    }),
  );
});

test('a time that waits for its place in the second is not lost by a change of its source', () => {
  let uid = 'a';
  while (spreadMs(uid) < 500) uid += 'a';
  const due = START + MINUTE;
  const rota = createRota(START);
  rota.put(firing(uid), START, true);
  rota.put(firing(uid, { schedule: '*/1 * * * *' }), due + 200, false);
  assert.deepEqual(takeAll(rota, due + SECOND), [`${uid} 00:01:00`]);
});
