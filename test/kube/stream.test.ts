import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeClient, KubeStream } from '../../src/kube/client.ts';
import type { KubeFailureCode } from '../../src/kube/errors.ts';
import { accessTo, answer, clientFor, never, scriptedServer, type ScriptedServer } from './scripted-server.ts';

const LINE = '{"type":"ADDED","object":{}}\n';

interface Watch extends AsyncDisposable {
  readonly server: ScriptedServer;
  readonly client: KubeClient;
  open(idleMs?: number, signal?: AbortSignal): Promise<KubeStream>;
}

/** A server that answers a watch with 200 and leaves the rest to `handle`. */
async function watchServer(t: TestContext, handle: (response: ServerResponse) => void): Promise<Watch> {
  const server = await scriptedServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    handle(response);
  });
  const client = clientFor(t, accessTo(server.url));
  return {
    server,
    client,
    open: (idleMs = 60_000, signal = never()) =>
      client.stream({ path: '/api/v1/pods', query: { watch: true }, signal, idleMs }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function readAll(stream: KubeStream): Promise<string> {
  let text = '';
  for await (const pieces of stream.chunks) text += Buffer.concat(pieces).toString();
  return text;
}

function failsWith(code: KubeFailureCode) {
  return { name: 'KubeError', code };
}

test('a stream gives what the server sends, and ends when the server ends it', async (t) => {
  await using watch = await watchServer(t, (response) => {
    response.write(LINE);
    response.end(LINE);
  });
  assert.equal(await readAll(await watch.open()), LINE + LINE);
});

test('a stream that ended takes its connection with it', async (t) => {
  await using watch = await watchServer(t, (response) => response.end(LINE));
  for (let i = 0; i < 3; i += 1) await readAll(await watch.open());
  assert.equal(watch.server.sockets.length, 3);
  for (const socket of watch.server.sockets) if (!socket.closed) await once(socket, 'close');
});

test('streams at the same time have a connection each', async (t) => {
  await using watch = await watchServer(t, (response) => response.write(LINE));
  await Promise.all(Array.from({ length: 12 }, () => watch.open()));
  assert.equal(watch.server.sockets.length, 12);
});

test('a stream whose transfer is cut is unreachable, and never looks like one that ended', async (t) => {
  await using watch = await watchServer(t, (response) => response.write(LINE, () => response.destroy()));
  await assert.rejects(readAll(await watch.open()), failsWith('unreachable'));
});

test('a connection that breaks before anybody reads is told to the first reader', async (t) => {
  await using watch = await watchServer(t, () => {});
  const stream = await watch.open();
  const [socket] = watch.server.sockets;
  socket?.destroy();
  await once(socket ?? assert.fail(), 'close');
  await delay(10);
  await assert.rejects(readAll(stream), failsWith('unreachable'));
});

test('a stream is silent when its reader waits longer than idleMs, and its connection is dropped', async (t) => {
  await using watch = await watchServer(t, (response) => response.write(LINE));
  const stream = await watch.open(50);
  const [socket] = watch.server.sockets;
  const closed = once(socket ?? assert.fail(), 'close');
  const received: string[] = [];
  const reading = (async () => {
    for await (const pieces of stream.chunks) received.push(Buffer.concat(pieces).toString());
  })();
  await assert.rejects(reading, failsWith('silent'));
  assert.deepEqual(received, [LINE]);
  await closed;
});

test('a stream that says something in time is not silent, however long it lasts', async (t) => {
  await using watch = await watchServer(t, (response) => {
    let lines = 0;
    const timer = setInterval(() => {
      response.write(LINE);
      lines += 1;
      if (lines < 10) return;
      clearInterval(timer);
      response.end();
    }, 20);
  });
  assert.equal(await readAll(await watch.open(150)), LINE.repeat(10));
});

test('the time that a reader takes for itself is not silence', async (t) => {
  await using watch = await watchServer(t, (response) => {
    response.write(LINE);
    setTimeout(() => response.end(LINE), 260);
  });
  let text = '';
  for await (const pieces of (await watch.open(80)).chunks) {
    if (text === '') await delay(250);
    text += Buffer.concat(pieces).toString();
  }
  assert.equal(text, LINE + LINE);
});

test('a reader that pauses stops the server after a bounded number of bytes', async (t) => {
  const block = Buffer.alloc(64 * 1024, 'x');
  let sent = 0;
  await using watch = await watchServer(t, (response) => {
    const more = () => {
      while (!response.destroyed && sent < 256 * 1024 * 1024) {
        sent += block.length;
        if (!response.write(block)) return;
      }
      response.end();
    };
    response.on('drain', more);
    more();
  });
  const stream = await watch.open();
  let taken = 0;
  for await (const pieces of stream.chunks) {
    const isFirst = taken === 0;
    for (const { length } of pieces) taken += length;
    if (isFirst) await untilSteady(() => sent);
    if (taken >= 32 * 1024 * 1024) break;
    // What the server may be ahead is the buffers of two sockets, whose size the kernel chooses.
    assert.ok(sent - taken < 16 * 1024 * 1024, `${sent} bytes sent, ${taken} taken`);
  }
  assert.ok(taken >= 32 * 1024 * 1024);
});

/** Waits until a value has stopped to change. */
async function untilSteady(value: () => number): Promise<void> {
  for (let before = -1; before !== value(); await delay(30)) before = value();
}

test('closing a stream drops its connection at once, and its reader learns that it did not end', async (t) => {
  await using watch = await watchServer(t, () => {});
  const stream = await watch.open();
  const [socket] = watch.server.sockets;
  const closed = once(socket ?? assert.fail(), 'close');
  const reading = assert.rejects(readAll(stream), failsWith('aborted'));
  stream.close();
  await Promise.all([reading, closed]);
});

test('a stream that is closed and never read harms nobody, whether it was complete or not', async (t) => {
  const complete = (response: ServerResponse) => response.end(LINE);
  const open = (response: ServerResponse) => response.write(LINE);
  for (const handle of [complete, open]) {
    await using watch = await watchServer(t, handle);
    const stream = await watch.open();
    await delay(10);
    stream.close();
    stream.close();
    await delay(10);
    await assert.rejects(readAll(stream), failsWith('aborted'));
  }
});

test('a reader that leaves early drops the connection', async (t) => {
  await using watch = await watchServer(t, (response) => response.write(LINE));
  const stream = await watch.open();
  const [socket] = watch.server.sockets;
  const closed = once(socket ?? assert.fail(), 'close');
  for await (const pieces of stream.chunks) {
    assert.equal(Buffer.concat(pieces).toString(), LINE);
    break;
  }
  await closed;
});

test('the signal aborts a stream while it is opened and while it is read', async (t) => {
  await using watch = await watchServer(t, () => {});
  const aborter = new AbortController();
  const reading = assert.rejects(readAll(await watch.open(60_000, aborter.signal)), failsWith('aborted'));
  aborter.abort(new Error('shutting down'));
  await reading;
  await assert.rejects(watch.open(60_000, aborter.signal), failsWith('aborted'));
});

test('closing the client aborts its streams', async (t) => {
  await using watch = await watchServer(t, () => {});
  const reading = assert.rejects(readAll(await watch.open()), failsWith('aborted'));
  await watch.client.close();
  await reading;
});

test('what is not a stream is refused as a request is', async (t) => {
  await using server = await scriptedServer((request, response) => {
    if (request.url === '/gone') return answer(response, 410, { reason: 'Expired' });
    if (request.url === '/created') return answer(response, 201, {});
    return response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
  });
  const client = clientFor(t, accessTo(server.url));
  const open = (path: string) => client.stream({ path, signal: never(), idleMs: 1_000 });
  await assert.rejects(open('/gone'), failsWith('expired'));
  await assert.rejects(open('/created'), failsWith('malformed'));
  await assert.rejects(open('/page'), failsWith('malformed'));
});

test('a stream whose headers do not come in time is timedOut', async (t) => {
  await using server = await scriptedServer(() => {});
  const client = clientFor(t, accessTo(server.url));
  await assert.rejects(
    client.stream({ path: '/', signal: never(), idleMs: 60_000, timeoutMs: 30 }),
    failsWith('timedOut'),
  );
});
