import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorkQueue, type WorkQueue } from '../../src/reconcile/queue.ts';
import { never } from '../kube/scripted-server.ts';
import { fakeClock } from '../support/fake-clock.ts';

test('a key that is added often waits once, and keys come in the order in which they were first added', async () => {
  const queue = queueOf('b', 'a', 'b', 'c', 'a');
  assert.equal(queue.size, 3);
  assert.deepEqual(await takeAll(queue), ['b', 'a', 'c']);
});

test('a key that is added while it is taken waits again after it is done, and not before', async () => {
  const queue = queueOf('a');
  await queue.take(never());
  queue.add('a');
  queue.add('a');
  assert.equal(queue.size, 0);
  queue.done('a');
  assert.equal(queue.size, 1);
  assert.deepEqual(await takeAll(queue), ['a']);
});

test('what is done and was not added meanwhile is gone', async () => {
  const queue = queueOf('a');
  await queue.take(never());
  queue.done('a');
  assert.equal(queue.size, 0);
});

test('a resync of 10,000 keys does not delay a change', async () => {
  const queue = queueOf();
  for (let i = 0; i < 10_000; i++) queue.add(`key-${i}`, 'resync');
  assert.equal(await queue.take(never()), 'key-0');
  queue.add('changed');
  queue.add('key-7000');
  assert.deepEqual([await queue.take(never()), await queue.take(never())], ['changed', 'key-7000']);
  const rest = await takeAll(queue);
  assert.equal(rest.length, 9_998);
  assert.ok(!rest.includes('key-7000'), 'what changed is not looked at once more by the resync');
});

test('a key stays in the lane of the changes when a resync meets it, waiting or taken', async () => {
  const queue = queueOf('taken');
  await queue.take(never());
  for (const key of ['taken', 'waiting']) queue.add(key);
  for (const key of ['other', 'taken', 'waiting']) queue.add(key, 'resync');
  queue.done('taken');
  assert.deepEqual(await takeAll(queue), ['waiting', 'taken', 'other']);
});

test('a taken key that a resync meets waits behind the changes', async () => {
  const queue = queueOf('a');
  await queue.take(never());
  queue.add('a', 'resync');
  queue.done('a');
  queue.add('b');
  assert.deepEqual(await takeAll(queue), ['b', 'a']);
});

test('whoever waits gets the next key that is added, and undefined when it is to stop', async () => {
  const queue = queueOf();
  const stop = new AbortController();
  const waiting = [queue.take(never()), queue.take(stop.signal)];
  stop.abort();
  assert.equal(await waiting[1], undefined);
  queue.add('a');
  assert.equal(await waiting[0], 'a');
  queue.add('b');
  assert.equal(await queue.take(stop.signal), undefined, 'nothing is taken after the stop');
});

test('a key rests until its time, and then wakes who waits', async () => {
  const clock = fakeClock();
  const queue = createWorkQueue(clock);
  const got: unknown[] = [];
  void queue.take(never()).then((key) => got.push(key));
  queue.addAfter('a', 1_000);
  queue.addAfter('a', 5_000);
  assert.equal(queue.size, 0);
  await clock.advance(999);
  assert.deepEqual(got, []);
  await clock.advance(1);
  assert.deepEqual(got, ['a']);
  queue.done('a');
  await clock.advance(10_000);
  assert.equal(queue.size, 0, 'the earliest time was the only one');
});

test('an earlier time wakes who sleeps for a later one', async () => {
  const clock = fakeClock();
  const queue = createWorkQueue(clock);
  const taken = queue.take(never());
  queue.addAfter('late', 60_000);
  queue.addAfter('early', 10);
  await clock.advance(10);
  assert.equal(await taken, 'early');
});

test('a change does not wait for the rest of its key, and what rests comes all the same', async () => {
  const clock = fakeClock();
  const queue = createWorkQueue(clock);
  queue.addAfter('a', 1_000);
  queue.add('a');
  assert.deepEqual(await takeAll(queue), ['a']);
  await clock.advance(1_000);
  assert.deepEqual(await takeAll(queue, 1), ['a']);
});

test('a wait of no length is none, and one of a month does not end at once', async () => {
  const clock = fakeClock();
  const queue = createWorkQueue(clock);
  const month = 30 * 24 * 3_600_000;
  queue.addAfter('now', 0);
  queue.addAfter('in a month', month);
  assert.deepEqual(await takeAll(queue), ['now']);
  const taken = queue.take(never());
  assert.equal(await clock.settle(taken), 'in a month');
  assert.equal(clock.monotonic(), month);
  assert.ok(Math.max(...clock.waits) < 2 ** 31);
});

test('a retry waits as the pace says, or as long as was asked for', async () => {
  const clock = fakeClock();
  const queue = createWorkQueue(clock);
  assert.deepEqual([queue.retry('a'), queue.retry('a'), queue.retry('a', 1_500)], [5, 10, 1_500]);
  await clock.advance(5);
  assert.deepEqual(await takeAll(queue, 1), ['a']);
  queue.forget('a');
  assert.equal(queue.retry('a'), 5);
});

function queueOf(...keys: readonly string[]): WorkQueue {
  const queue = createWorkQueue(fakeClock());
  for (const key of keys) queue.add(key);
  return queue;
}

/** Takes what waits, and gives it back. @param count where keys that are due do not count as waiting yet */
async function takeAll(queue: WorkQueue, count: number = queue.size): Promise<string[]> {
  const keys: string[] = [];
  while (keys.length < count) {
    const key = await queue.take(never());
    if (key === undefined) break;
    keys.push(key);
    queue.done(key);
  }
  return keys;
}
