import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { createDispatcher, type Dispatcher, type HttpAnswer } from '../../src/kube/http.ts';

const LIMITS = {
  connections: 1,
  connectTimeout: 40,
  headersTimeout: 5_000,
  bodyTimeout: 0,
  keepAliveTimeout: 1_000,
  tcpKeepAlive: 1_000,
};

function get(dispatcher: Dispatcher, server: Server): Promise<HttpAnswer> {
  const { port } = server.address() as AddressInfo;
  return dispatcher.request({
    origin: `http://127.0.0.1:${port}`,
    method: 'GET',
    path: '/',
    headers: {},
    body: null,
    signal: new AbortController().signal,
  });
}

test('a client that closes waits for what is under way, and takes no more', async () => {
  const answers: (() => void)[] = [];
  const server = createServer((_, response) => void answers.push(() => response.end('done'))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const dispatcher = createDispatcher({}, { ...LIMITS, connectTimeout: 10_000 });
  const ask = () => get(dispatcher, server);
  try {
    const asked = ask();
    while (answers.length === 0) await setImmediate();
    let closed = false;
    const closing = dispatcher.close().then(() => (closed = true));
    await assert.rejects(ask(), { code: 'CLIENT_CLOSED' });
    assert.equal(closed, false);
    answers.forEach((answer) => answer());
    assert.equal(await text((await asked).body), 'done');
    await closing;
  } finally {
    await dispatcher.destroy();
    server.close();
    server.closeAllConnections();
  }
});

test('a request that waits for a connection has as long for its answer as the first, and leaves nothing on it', async () => {
  const server = createServer((_, response) => void setTimeout(() => response.end('done'), 60)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const dispatcher = createDispatcher({}, LIMITS);
  const warnings: Error[] = [];
  const warn = (warning: Error) => void warnings.push(warning);
  process.on('warning', warn);
  const ours = new Set<Socket>();
  try {
    const answers = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const { body } = await get(dispatcher, server);
        ours.add((body as unknown as { readonly socket: Socket }).socket);
        return await text(body);
      }),
    );
    assert.deepEqual(new Set(answers), new Set(['done']));
    const [socket] = ours;
    assert.equal(ours.size, 1);
    assert.equal(socket?.listenerCount('connect'), 0);
    assert.deepEqual(warnings, []);
  } finally {
    process.off('warning', warn);
    await dispatcher.destroy();
    server.close();
    server.closeAllConnections();
  }
});
