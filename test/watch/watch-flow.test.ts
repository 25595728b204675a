import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { KubeClient } from '../../src/kube/client.ts';
import { createKnownObjects } from '../../src/watch/known-objects.ts';
import type { StreamNews } from '../../src/watch/stream-news.ts';
import { type Step, watchStream } from '../../src/watch/watch-stream.ts';
import { answer, scriptedServer, type ScriptedServer } from '../kube/scripted-server.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { endOfList, lineOf } from './objects.ts';
import { PODS } from './pods.ts';
import { clientOf, questionOf } from './scripted-stream.ts';

/** More than the sockets of both sides and the buffers between them hold. */
const FAR_TOO_MUCH = 64 * 1024 * 1024;

test('while the consumer does not pull, the server can send no more than the buffers of a connection hold', async () => {
  const chunk = Buffer.from(`${lineOf('ADDED a u1@11')}\n`.repeat(500));
  let sent = 0;
  const gone = new AbortController();
  await using server = await watchServer(async (response) => {
    response.on('close', () => gone.abort());
    while (sent < FAR_TOO_MUCH && !response.destroyed) {
      sent += chunk.length;
      if (!response.write(chunk)) await once(response, 'drain', { signal: gone.signal });
    }
  });
  await using client = clientOf(server.url);
  const stop = new AbortController();
  const steps = stepsOf(client, stop.signal);
  await pulling(steps, () => sent > 0);
  const held = await stable(() => sent);
  assert.ok(held < FAR_TOO_MUCH / 2, `${held} bytes were sent to a consumer that did not pull`);
  await pulling(steps, () => sent > held);
  stop.abort();
});

test('a stream that is aborted while it waits for lines ends at once and drops its connection', async () => {
  await using server = await watchServer(() => {});
  await using client = clientOf(server.url);
  const stop = new AbortController();
  const news: StreamNews[] = [];
  const steps = stepsOf(client, stop.signal, { news });
  // The end of the list, and then nothing but a silent watch.
  assert.equal((await steps.next()).value?.resumeAt, '10');
  const next = steps.next();
  await until(() => news.some(({ is }) => is === 'established'));
  stop.abort();
  assert.deepEqual(await next, { done: true, value: undefined });
  assert.deepEqual(
    news.map(({ is }) => is),
    ['listing', 'listed', 'established'],
  );
  await until(() => server.requests.at(-1)?.socket.destroyed === true);
});

test('a stream that is aborted while it rests ends at once', async () => {
  await using server = await scriptedServer((_, response) => answer(response, 429, {}, { 'retry-after': '60' }));
  await using client = clientOf(server.url);
  const stop = new AbortController();
  const clock = fakeClock();
  const next = stepsOf(client, stop.signal, { clock }).next();
  await until(() => clock.sleeping === 1);
  stop.abort();
  assert.deepEqual(await next, { done: true, value: undefined });
  assert.deepEqual([clock.waits, server.requests.length], [[60_000], 1]);
});

test('a stream that is aborted before it begins asks for nothing', async () => {
  await using server = await scriptedServer((_, response) => response.end());
  await using client = clientOf(server.url);
  assert.deepEqual(await stepsOf(client, AbortSignal.abort()).next(), { done: true, value: undefined });
  assert.equal(server.requests.length, 0);
});

test('a consumer that leaves drops the connection', async () => {
  await using server = await watchServer((response) => void response.write(`${lineOf('ADDED a u1@11')}\n`));
  await using client = clientOf(server.url);
  for await (const step of stepsOf(client, new AbortController().signal)) if (step.changes.length > 0) break;
  await until(() => server.requests.at(-1)?.socket.destroyed === true);
});

/** Answers the list with nothing at version 10, and every watch as it is told. */
function watchServer(watch: (response: ServerResponse) => Promise<void> | void): Promise<ScriptedServer> {
  return scriptedServer((request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (questionOf(request) === 'streaming list') response.end(`${endOfList('10')}\n`);
    else void Promise.resolve(watch(response)).catch(() => {});
  });
}

function stepsOf(
  kube: KubeClient,
  signal: AbortSignal,
  { clock = fakeClock(), news = [] }: { clock?: FakeClock; news?: StreamNews[] } = {},
): AsyncGenerator<Step, void> {
  return watchStream(PODS, createKnownObjects(), { kube, clock, tell: (it) => news.push(it) }, signal);
}

/** Pulls until `enough`. */
async function pulling(steps: AsyncGenerator<Step, void>, enough: () => boolean): Promise<void> {
  while (!enough()) await steps.next();
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

/** The number that `count` stays at: sockets on one machine need no more than a few turns of the event loop. */
async function stable(count: () => number): Promise<number> {
  let last = count();
  for (let turns = 0; turns < 200; turns++) {
    await turn();
    if (count() !== last) turns = 0;
    last = count();
  }
  return last;
}
