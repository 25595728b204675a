import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import * as fc from 'fast-check';
import type { Dispatcher, HttpAnswer, HttpRequest } from '../../src/kube/http.ts';
import { createStreamDispatcher, MOST_TORN_MS, type StreamLimits } from '../../src/kube/http-stream.ts';
import { createAuthority, issueServer } from '../controlplane/certificates.ts';
import { hastySink, rawSink, type Script } from '../delivery/raw-sink.ts';

const AUTHORITY = createAuthority();
const IDENTITY = issueServer(AUTHORITY, ['127.0.0.1', 'localhost']);
const LIMITS: StreamLimits = { connectTimeout: 10_000, headersTimeout: 10_000, tcpKeepAlive: 1_000 };
const CHUNKED = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';

function dispatcherFor(t: TestContext, limits: Partial<StreamLimits> = {}): Dispatcher {
  const dispatcher = createStreamDispatcher({ ca: AUTHORITY.certPem }, { ...LIMITS, ...limits });
  t.after(() => dispatcher.destroy());
  return dispatcher;
}

function ask(dispatcher: Dispatcher, url: URL, request: Partial<HttpRequest> = {}): Promise<HttpAnswer> {
  const { signal } = new AbortController();
  return dispatcher.request({
    origin: url.origin,
    method: 'GET',
    path: '/',
    headers: {},
    body: null,
    signal,
    ...request,
  });
}

/** Writes these bytes, each piece in a turn of the event loop of its own. */
function answering(pieces: readonly (string | Buffer)[]): Script {
  return (socket) => {
    void (async () => {
      for (const piece of pieces) {
        await new Promise((written) => socket.write(piece, written));
        await turn();
      }
    })();
  };
}

function chunk(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}

for (const secure of [false, true]) {
  const how = secure ? 'over TLS' : 'in the clear';
  const identity = secure ? IDENTITY : undefined;

  test(`a body is the bytes that were sent, however they are chunked and torn, ${how}`, async (t) => {
    const dispatcher = dispatcherFor(t);
    const sizes = fc.array(fc.integer({ min: 1, max: 90_000 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        sizes,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
        async (of, at) => {
          const bodies = of.map((size, number) => Buffer.alloc(size, `${number}abcdefgh`));
          const all = Buffer.concat([Buffer.from(CHUNKED), ...bodies.map(chunk), Buffer.from('0\r\n\r\n')]);
          const cuts = [0, ...at.map((part) => Math.floor(part * all.length)).toSorted((a, b) => a - b), all.length];
          const pieces = cuts.slice(1).map((end, i) => all.subarray(cuts[i], end));
          const server = await rawSink(t, answering(pieces), identity);
          const { body } = await ask(dispatcher, server.url);
          assert.ok((await buffer(body)).equals(Buffer.concat(bodies)));
        },
      ),
      { numRuns: 25 },
    );
  });

  test(`a chunk comes in one piece, and what is complete does not wait for it, ${how}`, async (t) => {
    const [first, second] = [Buffer.alloc(30_000, 'a'), Buffer.alloc(100_000, 'b')];
    const torn = chunk(second);
    const rest = Promise.withResolvers<void>();
    const server = await rawSink(
      t,
      (socket) => {
        socket.write(Buffer.concat([Buffer.from(CHUNKED), chunk(first), torn.subarray(0, 50_000)]));
        void rest.promise.then(() => socket.write(Buffer.concat([torn.subarray(50_000), Buffer.from('0\r\n\r\n')])));
      },
      identity,
    );
    const { body } = await ask(dispatcherFor(t), server.url);
    const pieces: number[] = [];
    body.on('data', (piece: Buffer) => {
      pieces.push(piece.length);
      rest.resolve();
    });
    await once(body, 'end');
    assert.deepEqual(pieces, [first.length, second.length]);
  });

  test(`streams at the same time, read into one buffer, are not mixed, ${how}`, async (t) => {
    const dispatcher = dispatcherFor(t);
    const letters = ['a', 'b', 'c', 'd'];
    const server = await rawSink(
      t,
      (socket, number, request) => {
        const letter = request.lines[0]?.[5] ?? '';
        answering([
          CHUNKED,
          ...Array.from({ length: 40 }, (_, i) => chunk(Buffer.alloc(7_000 + i, letter))),
          '0\r\n\r\n',
        ])(socket, number, request);
      },
      identity,
    );
    const answers = await Promise.all(letters.map((letter) => ask(dispatcher, server.url, { path: `/${letter}` })));
    const bodies = await Promise.all(answers.map(({ body }) => buffer(body)));
    assert.deepEqual(
      bodies.map((body) => [body.length, new Set(body)]),
      letters.map((letter) => [40 * 7_000 + (39 * 40) / 2, new Set([letter.charCodeAt(0)])]),
    );
  });

  test(`who does not read stops the server, and who reads again gets the rest, ${how}`, async (t) => {
    const block = Buffer.alloc(65_536);
    const blocks = 1_024;
    let sent = 0;
    const server = await rawSink(
      t,
      (socket) => {
        socket.write(CHUNKED);
        const more = (): void => {
          while (sent < blocks) {
            sent++;
            if (!socket.write(chunk(block))) return void socket.once('drain', more);
          }
          socket.write('0\r\n\r\n');
        };
        more();
      },
      identity,
    );
    const { body } = await ask(dispatcherFor(t), server.url);
    for (let before = -1; before !== sent;) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.ok(sent < blocks / 2, `${sent} of ${blocks} blocks were sent`);
    assert.equal((await buffer(body)).length, blocks * block.length);
  });

  test(`a request says what it wants, and that it is the last of its connection, ${how}`, async (t) => {
    const server = await rawSink(t, answering([`${CHUNKED}0\r\n\r\n`]), identity);
    const headers = { accept: 'application/json', authorization: 'Bearer t' };
    const {
      statusCode,
      headers: answered,
      body,
    } = await ask(dispatcherFor(t), server.url, { path: '/api?a=b', headers });
    assert.deepEqual([statusCode, answered['content-type']], [200, 'application/json']);
    assert.equal((await buffer(body)).length, 0);
    assert.deepEqual(server.requests[0]?.lines, [
      'GET /api?a=b HTTP/1.1',
      `host: ${server.url.host}`,
      'accept: application/json',
      'authorization: Bearer t',
      'connection: close',
    ]);
    const [socket] = server.sockets;
    if (socket?.closed !== true) await once(socket as Socket, 'close');
  });
}

test('a server is asked by its name for the certificate of that name', async (t) => {
  const server = await rawSink(t, answering([`${CHUNKED}0\r\n\r\n`]), IDENTITY);
  const named = new URL(server.url);
  named.hostname = 'localhost';
  assert.equal((await ask(dispatcherFor(t), named)).statusCode, 200);
  assert.equal((server.sockets[0] as TLSSocket).servername, 'localhost');
  const other = createStreamDispatcher({ ca: AUTHORITY.certPem, servername: 'elsewhere' }, LIMITS);
  t.after(() => other.destroy());
  await assert.rejects(ask(other, named), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  const stranger = createStreamDispatcher({}, LIMITS);
  t.after(() => stranger.destroy());
  await assert.rejects(ask(stranger, named), { code: /SIGN|CERT/ });
});

test('a chunk that is larger than any object is handed on as it comes', async (t) => {
  const size = 5 * 1024 * 1024;
  const head = Buffer.from(`${CHUNKED}${size.toString(16)}\r\n`);
  const server = await rawSink(t, (socket) => socket.write(Buffer.concat([head, Buffer.alloc(1_000_000, 'a')])));
  const { body } = await ask(dispatcherFor(t), server.url);
  const [piece] = (await once(body, 'data')) as [Buffer];
  assert.ok(piece.length <= 1_000_000);
  server.sockets[0]?.write(Buffer.concat([Buffer.alloc(size - 1_000_000, 'b'), Buffer.from('\r\n0\r\n\r\n')]));
  assert.equal((await buffer(body)).length, size - piece.length);
});

test('a chunk that a slow link brings little by little is handed on as it comes, and is no silence', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const half = 'a'.repeat(1_000);
  const server = await rawSink(t, answering([`${CHUNKED}7d0\r\n`, half]));
  const { body } = await ask(dispatcherFor(t), server.url);
  const pieces: Buffer[] = [];
  body.on('data', (piece: Buffer) => pieces.push(piece));
  for (const much of [1_000, 2_000]) {
    while (Buffer.concat(pieces).length < much) {
      await turn();
      t.mock.timers.tick(MOST_TORN_MS);
    }
    server.sockets[0]?.write(much === 1_000 ? half : '\r\n0\r\n\r\n');
  }
  await once(body, 'end');
  assert.equal(Buffer.concat(pieces).toString(), half + half);
});

test('an answer is there when its head is, though its body is torn', async (t) => {
  const server = await rawSink(t, answering([`${CHUNKED}4\r\nab`]));
  const { statusCode } = await ask(dispatcherFor(t, { headersTimeout: 1_000 }), server.url);
  assert.equal(statusCode, 200);
});

test('a body of a given length, and one that the end of the connection ends, are read to their ends', async (t) => {
  for (const head of ['HTTP/1.1 403 No\r\nContent-Length: 4\r\n\r\n', 'HTTP/1.1 403 No\r\n\r\n']) {
    const server = await rawSink(t, (socket) => socket.end(`${head}body`));
    const { statusCode, body } = await ask(dispatcherFor(t), server.url);
    assert.deepEqual([statusCode, String(await buffer(body))], [403, 'body']);
  }
});

test('an answer that is cut, or that no server of HTTP would give, fails by a code that says so', async (t) => {
  const rows: readonly (readonly [what: string, bytes: string, code: string])[] = [
    ['nothing', '', 'ECONNRESET'],
    ['half a head', 'HTTP/1.1 200', 'ECONNRESET'],
    ['half a chunk', `${CHUNKED}4\r\nab`, 'ECONNRESET'],
    ['no last chunk', `${CHUNKED}2\r\nab\r\n`, 'ECONNRESET'],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', 'NOT_HTTP'],
    ['a chunk without a size', `${CHUNKED}2\r\nab\r\n!\r\n`, 'NOT_HTTP'],
  ];
  for (const [what, bytes, code] of rows) {
    const server = await rawSink(t, (socket) => socket.end(bytes));
    const reading = (async () => {
      const { body } = await ask(dispatcherFor(t), server.url);
      await buffer(body);
    })();
    await assert.rejects(reading, { code }, what);
  }
});

test('who is slow to connect or to answer is given up, each by its own limit', async (t) => {
  // It takes the connection and never speaks TLS.
  const mute = await rawSink(t, () => {});
  const secure = new URL(`https://${mute.url.host}/`);
  await assert.rejects(ask(dispatcherFor(t, { connectTimeout: 30 }), secure), { code: 'ETIMEDOUT' });
  await assert.rejects(ask(dispatcherFor(t, { headersTimeout: 30 }), mute.url), { code: 'ANSWER_TIMEOUT' });
  await assert.rejects(ask(dispatcherFor(t), mute.url, { headersTimeout: 30 }), { code: 'ANSWER_TIMEOUT' });
});

test('what cannot stand in a head is refused before anybody is asked', async (t) => {
  const server = await rawSink(t, answering([`${CHUNKED}0\r\n\r\n`]));
  const dispatcher = dispatcherFor(t);
  await assert.rejects(ask(dispatcher, server.url, { headers: { authorization: 'Bearer a\r\nx: y' } }), TypeError);
  await assert.rejects(ask(dispatcher, server.url, { path: '/a b' }), TypeError);
  assert.equal(server.sockets.length, 0);
});

test('a client that closes waits for what is under way, and one that is destroyed ends it', async (t) => {
  const server = await rawSink(t, answering([CHUNKED, '1\r\na\r\n']));
  const dispatcher = dispatcherFor(t);
  const { body } = await ask(dispatcher, server.url);
  let closed = false;
  const closing = dispatcher.close().then(() => (closed = true));
  await assert.rejects(ask(dispatcher, server.url), { code: 'CLIENT_CLOSED' });
  await turn();
  assert.equal(closed, false);
  await dispatcher.destroy();
  await closing;
  await assert.rejects(buffer(body), { code: 'CLIENT_CLOSED' });
});

test('an abort ends a request and the body of an answer', async (t) => {
  const silent = await hastySink(t, '');
  const waiting = new AbortController();
  const asked = ask(dispatcherFor(t), silent, { signal: waiting.signal });
  await turn();
  waiting.abort(new Error('enough'));
  await assert.rejects(asked, /aborted/);
  const server = await rawSink(t, answering([CHUNKED, '1\r\na\r\n']));
  const reading = new AbortController();
  const { body } = await ask(dispatcherFor(t), server.url, { signal: reading.signal });
  reading.abort(new Error('enough'));
  await assert.rejects(buffer(body), /aborted/);
  await assert.rejects(ask(dispatcherFor(t), server.url, { signal: reading.signal }), /enough/);
});
