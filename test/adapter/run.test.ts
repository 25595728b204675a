import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { runAdapter } from '../../src/adapter/run.ts';
import { RECORD_ANNOTATION } from '../../src/checkpoint/record.ts';
import { ListenError } from '../../src/process/serve.ts';
import { eventually } from '../support/eventually.ts';
import { configWith } from './any-config.ts';
import { LEASE, type Run, runStage, type RunStage } from './run-stage.ts';

const STOPPED = 'info: checkpoint stored and Lease released';
const NOT_WRITTEN = 'error: checkpoint not written; the stored one stays';

/** The stored positions, by stream. */
function positionsIn({ server }: RunStage): unknown[] {
  const annotations = server.objects.get(LEASE)?.metadata['annotations'] as Record<string, string>;
  const { positions } = JSON.parse(annotations[RECORD_ANNOTATION] ?? '') as { positions: Record<string, unknown> };
  return Object.values(positions);
}

/** Lets time pass until this is so. */
async function pass(stage: RunStage, what: string, until: () => boolean): Promise<void> {
  for (let steps = 0; !until(); steps++) {
    assert.ok(steps < 1_000, `waited in vain for ${what}`);
    await stage.clock.advance(100);
    // For what is on its way over real sockets.
    await delay(5);
  }
}

/** Lets time pass until this is over. */
async function passUntil(stage: RunStage, end: Promise<void>): Promise<void> {
  let over = false;
  const note = (): void => {
    over = true;
  };
  end.then(note, note);
  await pass(stage, 'the end', () => over);
  await end;
}

async function sent(stage: RunStage, count: number): Promise<void> {
  await eventually(`${count} events`, () => stage.sink.received.length >= count);
}

/** An adapter that watches and has delivered one event. */
async function delivering(stage: RunStage): Promise<Run> {
  const run = stage.start();
  await stage.watching();
  stage.happen('ADDED a u1@11');
  await sent(stage, 1);
  await eventually('the event to be taken', () => stage.sink.accepted().length === 1);
  return run;
}

test('an adapter that is stopped stores its position, gives the Lease back, and goes on there the next time', async (t) => {
  const stage = await runStage(t);
  const first = await delivering(stage);
  first.stop();
  await first.ended;
  assert.deepEqual(positionsIn(stage), [['11', 0, true]]);
  assert.equal(stage.spec().holderIdentity, '');
  assert.equal(stage.messages.at(-1), STOPPED);

  const asked = stage.asked.length;
  const second = stage.start({ identity: 'two' });
  await stage.watching();
  assert.deepEqual(stage.asked.slice(asked), ['head', 'watch 11']);
  stage.happen('DELETED a u1@12');
  await sent(stage, 2);
  assert.equal(stage.sink.received[1]?.headers['ce-type'], 'dev.knative.apiserver.resource.delete');
  second.stop();
  await second.ended;
});

test('what is queued is delivered before the Lease is given back', async (t) => {
  const stage = await runStage(t);
  stage.sink.reply(() => ({ status: 204, afterMs: 100 }));
  const run = stage.start();
  await stage.watching();
  for (let version = 11; version < 14; version++) stage.happen(`MODIFIED a u1@${version}`);
  await sent(stage, 1);
  run.stop();
  await run.ended;
  assert.equal(stage.sink.accepted().length, 3);
  assert.deepEqual(positionsIn(stage), [['13', 0, true]]);
});

test('an adapter that is stopped while standing by ends at once and has watched nothing', async (t) => {
  const stage = await runStage(t);
  const first = await delivering(stage);
  const asked = stage.asked.length;
  const standby = stage.start({ identity: 'two' });
  await pass(stage, 'it to stand by', () => stage.messages.some((it) => it.includes('standing by')));
  standby.stop();
  await standby.ended;
  assert.deepEqual([stage.asked.length, stage.spec().holderIdentity], [asked, 'one']);
  first.stop();
  await first.ended;
});

test('an API server that refuses the last writes is told, and the adapter ends in order', async (t) => {
  const stage = await runStage(t);
  const run = await delivering(stage);
  stage.server.rule(() => 503);
  run.stop();
  await run.ended;
  assert.deepEqual(stage.messages.slice(-2), [NOT_WRITTEN, NOT_WRITTEN]);
});

test('an API server that does not answer the last writes holds the end up for 5 s at the most', async (t) => {
  const stage = await runStage(t);
  const run = await delivering(stage);
  stage.server.rule(() => 'ignored');
  const stoppedAt = performance.now();
  run.stop();
  await run.ended;
  const took = performance.now() - stoppedAt;
  // Without the limit it would be the 30 s that a request may take.
  assert.ok(took > 4_000 && took < 20_000, `${took} ms`);
  assert.deepEqual(stage.messages.slice(-2), [NOT_WRITTEN, NOT_WRITTEN]);
});

test('an index that cannot be written in the end does not keep the Lease', async (t) => {
  const stage = await runStage(t);
  const run = await delivering(stage);
  stage.server.rule((request) => (request.includes('-index-') ? 503 : undefined));
  run.stop();
  await run.ended;
  assert.deepEqual(stage.messages.slice(-2), [NOT_WRITTEN, STOPPED]);
  assert.equal(stage.spec().holderIdentity, '');
});

const LOST = 'warn: Lease lost; nothing more is sent until it is this replica’s turn again';
const NOT_HELD = 'warn: Lease could not be renewed in time; nothing is sent until it is';

test('an adapter that loses its Lease stops watching and sending, and goes on when it is free again', async (t) => {
  const stage = await runStage(t);
  const run = await delivering(stage);
  await pass(stage, 'its position to be stored', () => stage.clock.monotonic() > 7_000);
  stage.steal();
  await pass(stage, 'it to notice', () => stage.messages.includes(LOST));
  const detail = stage.entries.find(({ msg }) => `warn: ${String(msg)}` === LOST)?.['detail'];
  assert.match(String(detail), /is held by thief now/);
  await pass(stage, 'it to stand by', () => stage.messages.includes('info: standing by; another replica delivers'));
  const { length } = stage.asked;
  stage.happen('MODIFIED a u1@12');
  for (let i = 0; i < 20; i++) await turn();
  assert.deepEqual([stage.asked.length, stage.sink.received.length], [length, 1]);
  assert.equal(stage.spec().holderIdentity, 'thief');

  stage.server.touch(LEASE, { spec: { ...stage.spec(), holderIdentity: '' } });
  await pass(stage, 'it to watch', () => stage.asked.length >= length + 2);
  assert.equal(stage.asked[length], 'head', 'it goes on where the Lease says');
  await stage.watching();
  stage.happen('MODIFIED a u1@13');
  await sent(stage, 2);
  run.stop();
  await run.ended;
  assert.equal(stage.messages.at(-1), STOPPED);
});

test('an adapter that loses its Lease while it drains ends at once', async (t) => {
  const stage = await runStage(t);
  const run = await delivering(stage);
  stage.sink.reply(() => 'hang');
  stage.happen('MODIFIED a u1@12');
  await sent(stage, 2);
  run.stop();
  await eventually('it to drain', () => stage.messages.some((it) => it.startsWith('info: stopping')));
  stage.steal();
  const before = stage.clock.monotonic();
  await passUntil(stage, run.ended);
  assert.ok(stage.clock.monotonic() - before < 10_000);
  assert.ok(stage.messages.includes('error: stopped before every event was delivered'));
  assert.equal(stage.spec().holderIdentity, 'thief');
});

test('what cannot be delivered in time is cut off before the Lease is given back, and not stored as settled', async (t) => {
  let open = 0;
  const silent = createHttpServer((request) => {
    open++;
    request.socket.once('close', () => open--);
  });
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => silent.close());
  const stage = await runStage(t);
  const run = stage.start({ sink: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` });
  await stage.watching();
  stage.happen('ADDED a u1@11');
  await eventually('an event on the wire', () => open === 1);
  const openAtWrites: number[] = [];
  run.stop();
  stage.server.rule(() => {
    if (stage.messages.some((it) => it.startsWith('error: stopped'))) openAtWrites.push(open);
    return undefined;
  });
  await passUntil(stage, run.ended);
  assert.ok(stage.messages.includes('error: stopped before every event was delivered'));
  assert.ok(openAtWrites.length > 0);
  assert.deepEqual(
    openAtWrites.filter((it) => it > 0),
    [],
  );
  assert.deepEqual(positionsIn(stage), [['10', 0, true]]);
  assert.equal(stage.spec().holderIdentity, '');
});

test('an adapter that cannot renew its Lease for 10 s sends nothing, keeps what it knows, and goes on when it can', async (t) => {
  const stage = await runStage(t);
  const run = await delivering(stage);
  await pass(stage, 'a renewal', () => stage.clock.monotonic() > 2_000);
  stage.server.rule((request) => (request.startsWith('PUT') ? 503 : undefined));
  const from = stage.clock.monotonic();
  await pass(stage, 'it to hold no more', () => stage.messages.includes(NOT_HELD));
  const took = stage.clock.monotonic() - from;
  assert.ok(took > 7_000 && took < 12_000, `${took} ms`);
  const { length } = stage.asked;
  stage.happen('MODIFIED a u1@12');
  await pass(stage, 'a minute', () => stage.clock.monotonic() > from + 60_000);
  assert.equal(stage.sink.received.length, 1);

  stage.server.rule(() => undefined);
  await pass(stage, 'the event', () => stage.sink.received.length === 2);
  stage.happen('MODIFIED a u1@13');
  await sent(stage, 3);
  assert.equal(stage.asked.length, length, 'nothing is asked for again');
  assert.ok(!stage.messages.includes(LOST));
  run.stop();
  await run.ended;
  assert.deepEqual(positionsIn(stage), [['13', 0, true]]);
});

test('what is on the wire when the Lease is not held any more is cut off before others may take it, and sent again', async (t) => {
  let open = 0;
  let answers = false;
  const arrived: string[] = [];
  const server = createHttpServer((request, response) => {
    open++;
    request.socket.once('close', () => open--);
    arrived.push(String(request.headers['ce-id']));
    if (answers) response.writeHead(204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const stage = await runStage(t);
  const run = stage.start({ sink: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  await stage.watching();
  stage.happen('ADDED a u1@11');
  await eventually('an event on the wire', () => open === 1);
  stage.server.rule((request) => (request.startsWith('PUT') ? 503 : undefined));
  const from = stage.clock.monotonic();
  await pass(stage, 'it to be cut off', () => open === 0);
  assert.ok(stage.clock.monotonic() - from < 12_000, 'others wait for 15 s');
  answers = true;
  stage.server.rule(() => undefined);
  await pass(stage, 'the event', () => arrived.length === 2);
  assert.equal(arrived[0], arrived[1]);
  run.stop();
  await passUntil(stage, run.ended);
  assert.ok(!stage.messages.includes('warn: sink counts as away; single events are tried until one is taken'));
});

test('an adapter that may not renew its Lease any more goes on without', async (t) => {
  const stage = await runStage(t);
  const run = await delivering(stage);
  stage.server.rule((request) => (request.includes('apiserversource-web') ? 403 : undefined));
  const without = 'error: no checkpoint: a restart of this adapter will lose changes';
  await pass(stage, 'it to go on without', () => stage.messages.includes(without));
  await stage.watching();
  stage.happen('MODIFIED a u1@12');
  await pass(stage, 'the event', () => stage.sink.received.length >= 2);
  run.stop();
  await run.ended;
});

test('a port that is taken is an error, and leaves nothing open', async (t) => {
  const occupied = createServer().listen(0);
  await once(occupied, 'listening');
  t.after(() => occupied.close());
  const { port } = occupied.address() as AddressInfo;
  const stage = await runStage(t);
  const { log, clock, server, entries } = stage;
  for (const taken of ['probesPort', 'metricsPort'] as const) {
    const config = { ...configWith({}, stage.sink.url), [taken]: port };
    const ended = runAdapter(
      config,
      { kube: server.client, clock, log, identity: 'one' },
      new AbortController().signal,
    );
    await assert.rejects(ended, ListenError);
  }
  assert.deepEqual(entries, []);
});
