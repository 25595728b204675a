import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import { request } from 'node:https';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../../../src/process/clock.ts';
import type { Listening } from '../../../src/process/serve.ts';
import { makeAuthority, signServer } from '../../../src/sources/sinkbinding/webhook/certificates.ts';
import { serveTls } from '../../../src/sources/sinkbinding/webhook/serve-tls.ts';
import { recordedLog } from '../../adapter/recorded-log.ts';

/** For how long an API server keeps an idle connection: Go's http.DefaultTransport. */
const IDLE_SECONDS = 90;

interface Stage extends Listening {
  readonly stop: AbortController;
  /** The headers of an answer. */
  ask(): Promise<IncomingHttpHeaders>;
}

async function stage(t: TestContext, handler: RequestListener = (_, response) => void response.end()): Promise<Stage> {
  const authority = await makeAuthority(Date.now());
  const pair = await signServer(authority, ['127.0.0.1'], Date.now());
  const stop = new AbortController();
  // Waits are short.
  const clock = {
    ...systemClock,
    sleep: (ms: number, signal: AbortSignal) => systemClock.sleep(Math.min(ms, 50), signal),
  };
  const io = { clock, log: recordedLog().log, read: () => Promise.resolve(pair) };
  const listening = await serveTls({ port: 0, handler }, io, stop.signal);
  assert.ok(listening !== undefined);
  t.after(async () => {
    stop.abort();
    await listening.close();
  });
  const ask = async (): Promise<IncomingHttpHeaders> => {
    const asked = request({ host: '127.0.0.1', port: listening.port, ca: authority.cert, agent: false });
    asked.setHeader('connection', 'keep-alive');
    asked.end();
    const [response] = (await once(asked, 'response')) as [{ headers: IncomingHttpHeaders; resume(): void }];
    response.resume();
    return response.headers;
  };
  return { ...listening, stop, ask };
}

test('an idle connection is kept for longer than an API server keeps it, so that no review meets a closing one', async (t) => {
  const { ask } = await stage(t);
  const headers = await ask();
  assert.equal(headers.connection, 'keep-alive');
  const kept = String(headers['keep-alive']);
  assert.ok(Number(/timeout=(\d+)/.exec(kept)?.[1]) > IDLE_SECONDS, kept);
});

test('once it is asked to stop it answers on, and each answer is the last one of its connection', async (t) => {
  const { ask, stop } = await stage(t);
  stop.abort();
  assert.equal((await ask()).connection, 'close');
});

test('a review that is under way at the end is answered', async (t) => {
  const arrived = Promise.withResolvers<void>();
  const { ask, close } = await stage(t, (_, response) => {
    arrived.resolve();
    setTimeout(() => response.setHeader('x-answered', 'yes').end(), 20);
  });
  const answer = ask();
  await arrived.promise;
  await close();
  assert.equal((await answer)['x-answered'], 'yes');
});

test('a connection that asks nothing does not hold up the end', async (t) => {
  const { port, close } = await stage(t);
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  await close();
});
