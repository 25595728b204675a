import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { KubeError } from '../../src/kube/errors.ts';
import { type Result, runController, startResync } from '../../src/reconcile/controller.ts';
import { createControllerMetrics } from '../../src/reconcile/metrics.ts';
import { createWorkQueue } from '../../src/reconcile/queue.ts';
import { recordedLog } from '../adapter/recorded-log.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { configMap } from './events.ts';

const DONE: Result = { is: 'done' };

test('nothing is reconciled before every informer is synced', async () => {
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  const stage = start({ informers: [{ synced: first.promise }, { synced: second.promise }] });
  stage.queue.add('a');
  first.resolve();
  await turn();
  assert.deepEqual(stage.reconciled, []);
  second.resolve();
  await turn();
  assert.deepEqual(stage.reconciled, ['a']);
  await stage.stop();
});

test('a controller that is to stop before its informers are synced ends', async () => {
  const stage = start({ informers: [{ synced: new Promise(() => undefined) }] });
  stage.queue.add('a');
  await stage.stop();
  assert.deepEqual(stage.reconciled, []);
});

test('as many keys are reconciled at once as there are workers, and each alone', async () => {
  const ends = new Map<string, () => void>();
  const stage = start({
    workers: 2,
    reconcile: async (key) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      ends.set(key, resolve);
      await promise;
      return DONE;
    },
  });
  for (const key of ['a', 'b', 'c']) stage.queue.add(key);
  await turn();
  assert.deepEqual([...ends.keys()], ['a', 'b']);
  stage.queue.add('a');
  ends.get('b')?.();
  await turn();
  assert.deepEqual(stage.reconciled, ['a', 'b', 'c'], 'a is under way, so it waits');
  ends.get('a')?.();
  await turn();
  assert.deepEqual(stage.reconciled, ['a', 'b', 'c', 'a']);
  for (const end of ends.values()) end();
  await stage.stop();
});

test('a failure is tried again after a wait that grows, until it succeeds, and then counts no more', async () => {
  let failures = 3;
  const stage = start({
    reconcile: async () => {
      if (failures-- > 0) throw new KubeError('unreachable', 'no route');
      return DONE;
    },
  });
  stage.queue.add('a');
  await turn();
  await stage.clock.advance(1_000);
  assert.equal(stage.reconciled.length, 4);
  const lines = stage.logged('reconcile failed; it is tried again');
  assert.deepEqual(
    lines.map((line) => [line['key'], line['reason'], line['waitMs'], line['detail']]),
    [5, 10, 20].map((waitMs) => ['a', 'unreachable', waitMs, 'no route']),
  );
  failures = 1;
  stage.queue.add('a');
  await turn();
  assert.equal(stage.logged('reconcile failed; it is tried again').at(-1)?.['waitMs'], 5);
  assert.equal(await stage.metric('watchbridge_controller_reconciles_total', { outcome: 'retry' }), 4);
  assert.equal(await stage.metric('watchbridge_controller_reconciles_total', { outcome: 'done' }), 1);
  await stage.stop();
});

test('what the API server refuses is tried again seldom, and at once when something changes', async () => {
  const stage = start({
    reconcile: async () => {
      throw new KubeError('invalid', 'spec is wrong');
    },
  });
  stage.queue.add('a');
  await turn();
  await stage.clock.advance(999_999);
  assert.equal(stage.reconciled.length, 1);
  assert.equal(stage.logged('reconcile is refused')[0]?.['detail'], 'spec is wrong');
  stage.queue.add('a');
  await turn();
  assert.equal(stage.reconciled.length, 2);
  await stage.clock.advance(1);
  assert.equal(stage.reconciled.length, 3);
  assert.equal(await stage.metric('watchbridge_controller_reconciles_total', { outcome: 'refused' }), 3);
  await stage.stop();
});

test('a bug is told with its stack, is tried again, and holds up no other key', async () => {
  const stage = start({
    reconcile: async (key) => {
      if (key === 'a') throw new TypeError('undefined is not an object');
      return DONE;
    },
  });
  for (const key of ['a', 'b']) stage.queue.add(key);
  await turn();
  await stage.clock.advance(5);
  assert.deepEqual(stage.reconciled, ['a', 'b', 'a']);
  const [line] = stage.logged('reconcile failed by a bug; it is tried again');
  assert.match(JSON.stringify(line?.['error']), /TypeError: undefined is not an object.*controller\.test\.ts/);
  assert.equal(await stage.metric('watchbridge_controller_reconciles_total', { outcome: 'bug' }), 2);
  await stage.stop();
});

test('a key that is to come again comes when it said', async () => {
  const stage = start({ reconcile: async () => ({ is: 'again', afterMs: 30_000 }) });
  stage.queue.add('a');
  await turn();
  await stage.clock.advance(29_999);
  assert.equal(stage.reconciled.length, 1);
  await stage.clock.advance(1);
  assert.equal(stage.reconciled.length, 2);
  assert.equal(await stage.metric('watchbridge_controller_reconciles_total', { outcome: 'again' }), 2);
  await stage.stop();
});

test('a stop ends when the last reconcile has, takes nothing more, and loses no key that it ended', async () => {
  const stage = start({
    reconcile: async (_key, signal) => {
      await once(signal, 'abort');
      await turn();
      throw new KubeError('aborted', 'GET /api was aborted.');
    },
  });
  for (const key of ['a', 'b']) stage.queue.add(key);
  await turn();
  let ended = false;
  const stopped = stage.stop().then(() => (ended = true));
  await Promise.resolve();
  assert.equal(ended, false);
  await stopped;
  assert.deepEqual(stage.reconciled, ['a']);
  const rest = [
    await stage.queue.take(new AbortController().signal),
    await stage.queue.take(new AbortController().signal),
  ];
  assert.deepEqual(new Set(rest), new Set(['a', 'b']));
  assert.equal(stage.logged('reconcile failed; it is tried again').length, 0);
});

test('how many keys wait and how long a reconcile takes is measured', async () => {
  const stage = start({
    reconcile: async (_key, signal) => {
      await stage.clock.sleep(2_000, signal);
      return DONE;
    },
  });
  for (const key of ['a', 'b', 'c']) stage.queue.add(key);
  await turn();
  assert.equal(await stage.metric('watchbridge_controller_queue_depth', {}), 2);
  await stage.clock.advance(2_000);
  assert.equal(await stage.metric('watchbridge_controller_queue_depth', {}), 1);
  assert.equal(await stage.metric('watchbridge_controller_reconcile_seconds', {}, '_sum'), 2);
  await stage.stop();
});

test('every object is looked at again each time, behind what changed', async () => {
  const clock = fakeClock();
  const queue = createWorkQueue(clock);
  const stop = new AbortController();
  const informer = { list: () => ['a', 'b'].map((name) => configMap({ name })) };
  const ended = startResync(queue, informer, 36_000_000, clock, stop.signal);
  await clock.advance(35_999_999);
  assert.equal(queue.size, 0);
  await clock.advance(1);
  queue.add('changed');
  assert.deepEqual(await takeThree(queue), ['changed', 'n/a', 'n/b']);
  await clock.advance(36_000_000);
  assert.equal(queue.size, 2);
  stop.abort();
  await ended;
});

async function takeThree(queue: ReturnType<typeof createWorkQueue>): Promise<(string | undefined)[]> {
  const keys: (string | undefined)[] = [];
  for (let i = 0; i < 3; i++) keys.push(await queue.take(new AbortController().signal));
  for (const key of keys) queue.done(key ?? '');
  return keys;
}

/** Runs a controller on a clock that stands still, with one worker that has nothing to do. */
function start(options: {
  readonly workers?: number;
  readonly informers?: readonly { readonly synced: Promise<void> }[];
  readonly reconcile?: (key: string, signal: AbortSignal) => Promise<Result>;
}) {
  const { workers = 1, informers = [], reconcile = async () => DONE } = options;
  const clock = fakeClock();
  const queue = createWorkQueue(clock);
  const metrics = createControllerMetrics();
  const { log, entries } = recordedLog();
  const stopping = new AbortController();
  const reconciled: string[] = [];
  const running = runController(
    {
      name: 'test',
      queue,
      informers,
      workers,
      reconcile: (key, signal) => {
        reconciled.push(key);
        return reconcile(key, signal);
      },
    },
    { clock, log, metrics },
    stopping.signal,
  );
  return {
    clock,
    queue,
    reconciled,
    logged: (message: string) => entries.filter((entry) => entry['msg'] === message),
    metric: async (name: string, labels: Readonly<Record<string, string>>, suffix = '') => {
      const { values = [] } = (await metrics.registry.getSingleMetric(name)?.get()) ?? {};
      return values.find(
        (value) =>
          (suffix === '' || ('metricName' in value && value.metricName === name + suffix)) &&
          Object.entries(labels).every(([label, text]) => value.labels[label] === text),
      )?.value;
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
