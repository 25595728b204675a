import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CloudEvent } from 'cloudevents';
import type { Adapter, AdapterContext } from '../../src/sdk/adapter.ts';
import type { SendResult } from '../../src/sdk/client.ts';
import { InvalidEventError } from '../../src/sdk/event.ts';
import { objectServer } from '../kube/object-server.ts';
import { eventually } from '../support/eventually.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { recordingSink } from '../support/recording-sink.ts';
import { startAdapter } from './programs.ts';

const EVENT = { source: '/test', type: 'test.happened' };
const LEASE = '/apis/coordination.k8s.io/v1/namespaces/shop/leases/test-source-web';
const noEnv = (): undefined => undefined;

/** An adapter that does `work` and then waits until it is to stop. */
function working(work: (context: AdapterContext<undefined>) => unknown) {
  return (context: AdapterContext<undefined>): Adapter => ({
    start: async (signal) => {
      await work(context);
      if (signal.aborted) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      signal.addEventListener('abort', () => resolve());
      await promise;
    },
  });
}

test('all that is wrong with the environment is told at once, and nothing starts', async (t) => {
  let made = 0;
  const adapter = startAdapter(t, {
    env: {
      K_SINK: 'ftp://sink',
      K_CE_OVERRIDES: '{',
      NAMESPACE: 'A b',
      K_SINK_TIMEOUT: 'soon',
      COUNT: 'x',
      ON: 'maybe',
    },
    readEnv: (env) => ({
      interval: env.durationMs('INTERVAL'),
      count: env.integer('COUNT', 3),
      on: env.boolean('ON', false),
    }),
    newAdapter: () => {
      made++;
      return { start: () => Promise.resolve() };
    },
  });
  assert.equal(await adapter.ended, 2);
  assert.deepEqual(
    adapter.complaints.map((sentence) => sentence.split(/[ :]/)[0]),
    ['NAMESPACE', 'K_SINK', 'K_SINK_TIMEOUT', 'K_CE_OVERRIDES', 'INTERVAL', 'COUNT', 'ON'],
  );
  assert.equal(made, 0);
});

test('an event reaches the sink with its attributes, its namespace and the overrides', async (t) => {
  const sink = await recordingSink(t);
  const results: SendResult[] = [];
  startAdapter(t, {
    env: { K_SINK: sink.url, NAMESPACE: 'shop', K_CE_OVERRIDES: '{"extensions":{"cluster":"blue"}}' },
    readEnv: noEnv,
    newAdapter: working(async ({ client }) => {
      results.push(await client.send({ ...EVENT, id: 'a', subject: 's', data: { n: 1 }, cluster: 'red', more: true }));
      results.push(
        await client.send(new CloudEvent({ ...EVENT, id: 'b', data: 'text', datacontenttype: 'text/plain' })),
      );
    }),
  });
  await eventually('both results', () => results.length === 2);
  assert.deepEqual(results, [{ is: 'delivered' }, { is: 'delivered' }]);
  const [first, second] = sink.accepted();
  const { 'ce-time': time, host: _host, connection: _connection, ...headers } = first?.headers ?? {};
  assert.deepEqual(headers, {
    'ce-specversion': '1.0',
    'ce-id': 'a',
    'ce-source': '/test',
    'ce-type': 'test.happened',
    'ce-subject': 's',
    'ce-cluster': 'blue',
    'ce-more': 'true',
    'content-type': 'application/json',
    'content-length': '7',
    'kn-namespace': 'shop',
  });
  assert.match(String(time), /^\d{4}-\d\d-\d\dT.*Z$/);
  assert.equal(first?.body.toString(), '{"n":1}');
  assert.equal(second?.headers['ce-id'], 'b');
  assert.equal(second.headers['content-type'], 'text/plain');
  assert.equal(second.body.toString(), 'text');
});

test('a sink that goes away and comes back loses no event, and each lane stays in order', async (t) => {
  const sink = await recordingSink(t);
  const settled: string[] = [];
  startAdapter(t, {
    env: { K_SINK: sink.url },
    readEnv: noEnv,
    newAdapter: working(async ({ client }) => {
      const send = async (subject: string, n: number): Promise<void> => {
        const result = await client.send({ ...EVENT, id: `${subject}${n}`, subject });
        settled.push(`${subject}${n} ${result.is}`);
      };
      const sends = [send('a', 0), send('b', 0)];
      await Promise.all(sends);
      await sink.refuse();
      const later = [1, 2, 3].flatMap((n) => [send('a', n), send('b', n)]);
      setTimeout(() => void sink.listen(), 700);
      await Promise.all(later);
    }),
  });
  await eventually('all to be settled', () => settled.length === 8);
  const ids = (lane: string) =>
    sink.accepted().flatMap(({ headers }) => [headers['ce-id']].filter((id) => id?.includes(lane)));
  assert.deepEqual(ids('a'), ['a0', 'a1', 'a2', 'a3']);
  assert.deepEqual(ids('b'), ['b0', 'b1', 'b2', 'b3']);
  assert.ok(
    settled.every((line) => line.endsWith('delivered')),
    settled.join(),
  );
});

test('an event that the sink refuses is told to whoever sent it, and the next one goes on', async (t) => {
  const sink = await recordingSink(t);
  sink.reply(({ headers }) => (headers['ce-id'] === 'bad' ? 400 : 204));
  const results: SendResult[] = [];
  const adapter = startAdapter(t, {
    env: { K_SINK: sink.url },
    readEnv: noEnv,
    newAdapter: working(async ({ client }) => {
      for (const id of ['bad', 'good']) results.push(await client.send({ ...EVENT, id }));
    }),
  });
  await eventually('both results', () => results.length === 2);
  assert.deepEqual(results, [{ is: 'refused', reason: '400' }, { is: 'delivered' }]);
  const [, metrics] = await adapter.ask('/metrics');
  assert.match(metrics, /watchbridge_refusals_total\{by="sink",reason="400"\} 1/);
  assert.match(metrics, /watchbridge_events_settled_total\{as="delivered"\} 1/);
});

test('an adapter that is asked to stop delivers what it was given, and ends with 0', async (t) => {
  const sink = await recordingSink(t);
  sink.reply(() => ({ status: 204, afterMs: 150 }));
  const results: SendResult[] = [];
  const adapter = startAdapter(t, {
    env: { K_SINK: sink.url },
    readEnv: noEnv,
    newAdapter: working(({ client }) => {
      for (let n = 0; n < 5; n++) void client.send({ ...EVENT, id: `${n}` }).then((result) => results.push(result));
    }),
  });
  await eventually('the first request', () => sink.received.length > 0);
  adapter.stop();
  const [status] = await adapter.ask('/readiness');
  assert.equal(status, 500);
  assert.equal(await adapter.ended, 0);
  assert.equal(sink.accepted().length, 5);
  assert.deepEqual(
    results,
    Array.from({ length: 5 }, () => ({ is: 'delivered' })),
  );
});

test('an event that the sink does not take in 20 s after a stop is told as undelivered, and the process ends with 1', async (t) => {
  const sink = await recordingSink(t);
  await sink.refuse();
  const clock = fakeClock();
  const results: SendResult[] = [];
  const adapter = startAdapter(t, {
    env: { K_SINK: sink.url },
    clock,
    readEnv: noEnv,
    newAdapter: ({ client }) => ({
      start: async () => {
        results.push(await client.send(EVENT));
      },
    }),
  });
  await eventually('the first attempt to fail', () => clock.waits.length > 0);
  adapter.stop();
  await clock.advance(19_000);
  assert.deepEqual(results, []);
  await clock.advance(1_000);
  assert.equal(await adapter.ended, 1);
  assert.deepEqual(results, [{ is: 'stopped' }]);
  const errors = adapter.messages.filter((message) => message.startsWith('error'));
  assert.deepEqual(errors, ['error: stopped before every event was delivered']);
});

test('an adapter that does not return when it is asked to is told, and the process ends all the same', async (t) => {
  const sink = await recordingSink(t);
  const clock = fakeClock();
  const { promise: never } = Promise.withResolvers<void>();
  const adapter = startAdapter(t, {
    env: { K_SINK: sink.url },
    clock,
    readEnv: noEnv,
    newAdapter: () => ({ start: () => never }),
  });
  await eventually('the start', async () => (await adapter.ask('/readiness'))[0] === 200);
  adapter.stop();
  await clock.advance(20_000);
  assert.equal(await adapter.ended, 0);
  assert.ok(adapter.messages.includes('error: adapter did not return when it was asked to'));
});

test('an adapter is ready when it runs, and not while it says what it waits for', async (t) => {
  const sink = await recordingSink(t);
  let readiness: AdapterContext<undefined>['readiness'] | undefined;
  const adapter = startAdapter(t, {
    env: { K_SINK: sink.url },
    readEnv: noEnv,
    newAdapter: working((context) => {
      readiness = context.readiness;
    }),
  });
  await eventually('readiness', async () => (await adapter.ask('/readiness'))[0] === 200);
  readiness?.set('queue', 'The queue cannot be reached.');
  assert.deepEqual(await adapter.ask('/readiness'), [503, 'queue: The queue cannot be reached.\nadapter: running\n']);
  assert.deepEqual(await adapter.ask('/health'), [200, 'ok\n']);
  readiness?.set('queue', undefined);
  assert.equal((await adapter.ask('/readiness'))[0], 200);
});

test('an adapter that returns ends the process with 0, and one that throws with 1', async (t) => {
  const sink = await recordingSink(t);
  const run = (start: () => Promise<void>) =>
    startAdapter(t, { env: { K_SINK: sink.url }, readEnv: noEnv, newAdapter: () => ({ start }) });
  assert.equal(await run(() => Promise.resolve()).ended, 0);
  const thrown = run(() => Promise.reject(new Error('The feed is gone.')));
  assert.equal(await thrown.ended, 1);
  const last = thrown.entries.at(-1);
  assert.deepEqual(
    [last?.['level'], last?.['msg'], last?.['detail']],
    ['fatal', 'process cannot run', 'The feed is gone.'],
  );
});

test('what is no CloudEvent is a bug of whoever sends it, told with all that is wrong', async (t) => {
  const sink = await recordingSink(t);
  const errors: unknown[] = [];
  startAdapter(t, {
    env: { K_SINK: sink.url },
    readEnv: noEnv,
    newAdapter: working(async ({ client }) => {
      await client
        .send({ source: '', type: 't', 'Bad-Name': 1, big: 1.5 })
        .catch((error: unknown) => errors.push(error));
    }),
  });
  await eventually('the error', () => errors.length === 1);
  const [error] = errors;
  assert.ok(error instanceof InvalidEventError);
  for (const name of ['source', 'Bad-Name', 'big']) assert.match(error.message, new RegExp(`${name}: `));
});

test('of two replicas that take turns one sends, and the other takes over when it stops', async (t) => {
  const sink = await recordingSink(t);
  const { client: kube, objects } = await objectServer(t);
  const turns: string[] = [];
  const start = (identity: string) =>
    startAdapter(t, {
      env: { K_SINK: sink.url, NAMESPACE: 'shop', NAME: 'web' },
      readEnv: noEnv,
      options: { leaderElection: true },
      // Each closes its client at its end.
      kube: { ...kube, close: () => Promise.resolve() },
      identity,
      newAdapter: working(async ({ client }) => {
        turns.push(identity);
        await client.send({ ...EVENT, id: identity });
      }),
    });
  const one = start('one');
  await eventually('the first turn', () => sink.accepted().length === 1);
  const two = start('two');
  await eventually('the other to stand by', () => two.messages.some((message) => message.includes('standing by')));
  assert.equal((await two.ask('/readiness'))[0], 200);
  one.stop();
  assert.equal(await one.ended, 0);
  await eventually('the second turn', () => sink.accepted().length === 2);
  assert.deepEqual(turns, ['one', 'two']);
  assert.ok(objects.has(LEASE));
});

test('an adapter that returns in its turn ends the process, and gives its Lease back', async (t) => {
  const sink = await recordingSink(t);
  const { client: kube, objects } = await objectServer(t);
  const adapter = startAdapter(t, {
    env: { K_SINK: sink.url, NAMESPACE: 'shop', NAME: 'web' },
    readEnv: noEnv,
    options: { leaderElection: true },
    kube,
    newAdapter: ({ client }) => ({ start: async () => void (await client.send(EVENT)) }),
  });
  assert.equal(await adapter.ended, 0);
  assert.equal(sink.accepted().length, 1);
  assert.deepEqual(objects.get(LEASE)?.['spec'], { ...(objects.get(LEASE)?.['spec'] as object), holderIdentity: '' });
});

test('when another replica takes the Lease, nothing more is sent until it is given back, and the end is in order', async (t) => {
  const sink = await recordingSink(t);
  sink.reply(() => 503);
  const { client: kube, objects, touch } = await objectServer(t);
  const clock = fakeClock();
  const results: SendResult[] = [];
  const adapter = startAdapter(t, {
    env: { K_SINK: sink.url, NAMESPACE: 'shop', NAME: 'web' },
    readEnv: noEnv,
    clock,
    options: { leaderElection: true },
    kube,
    newAdapter: working(async ({ client }) => void results.push(await client.send(EVENT))),
  });
  await eventually('the first attempt', () => sink.received.length === 1);
  const { spec } = objects.get(LEASE) as unknown as { spec: object };
  touch(LEASE, { spec: { ...spec, holderIdentity: 'thief', renewTime: '2099-01-01T00:00:00.000000Z' } });
  await eventually('the end of the turn', async () => {
    await clock.advance(500);
    return results.length === 1;
  });
  assert.deepEqual(results, [{ is: 'stopped' }]);
  assert.ok(
    adapter.messages.some((message) => message.startsWith('error: Lease lost')),
    adapter.messages.join(),
  );
  const attempts = sink.received.length;
  await clock.advance(5_000);
  assert.equal(sink.received.length, attempts);
  adapter.stop();
  assert.equal(await clock.settle(adapter.ended), 0, 'what was queued is for the other one to send');
});

test('an adapter that is still being made when it is asked to stop does not hold up the end', async (t) => {
  const clock = fakeClock();
  let signal: AbortSignal | undefined;
  const adapter = startAdapter(t, {
    env: { K_SINK: 'http://127.0.0.1:9/', NAMESPACE: 'shop' },
    readEnv: noEnv,
    clock,
    newAdapter: (context) => {
      ({ signal } = context);
      return new Promise<never>(() => undefined);
    },
  });
  await eventually('the adapter to be made', () => signal !== undefined);
  adapter.stop();
  assert.equal(signal?.aborted, true);
  assert.equal(await clock.settle(adapter.ended), 0);
  assert.ok(adapter.messages.includes('error: adapter did not return when it was asked to'), adapter.messages.join());
});
