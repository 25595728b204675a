import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, request, type RequestOptions } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { createDisplayServer, type Display } from '../../src/display/receive.ts';

const EVENT = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't' };
const BLOCK = '☁️  cloudevents.Event\nContext Attributes,\n  specversion: 1.0\n  type: t\n  source: /s\n  id: 1\n';

/** A stream that keeps what is written, one entry a write, and says `wrote` after each. */
function recorder(): { stream: Writable; writes: string[] } {
  const writes: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      writes.push(chunk.toString());
      done();
      stream.emit('wrote');
    },
  });
  return { stream, writes };
}

/** A stream that holds every write back, announced as `held`, until it is released; it is full from the first byte on. */
function heldBack(): { stream: Writable; release: () => void } {
  const waiting: (() => void)[] = [];
  const stream = new Writable({
    highWaterMark: 1,
    write(_chunk, _encoding, done) {
      waiting.push(() => done());
      stream.emit('held');
    },
  });
  return { stream, release: () => waiting.shift()?.() };
}

async function start(t: TestContext, options: Partial<Display> = {}) {
  const out = recorder();
  const errors = recorder();
  const streams = { stdout: out.stream, stderr: errors.stream };
  const server = createDisplayServer({ ...streams, validationLine: false, logRequests: false, ...options });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, port: (server.address() as AddressInfo).port, printed: out.writes, said: errors.writes };
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

async function send(port: number, options: RequestOptions, body: string | Buffer = ''): Promise<Answer> {
  const asked = request({ host: '127.0.0.1', port, method: 'POST', ...options });
  asked.end(body);
  const [response] = await once(asked, 'response');
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, headers: response.headers, text };
}

/** Sends `text` as it is and gives back what comes until the other side closes. */
async function sendRaw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(text);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

test('an event is printed in one write and answered with 200 and an empty body', async (t) => {
  const { port, printed, said } = await start(t);
  const { status, headers, text } = await send(port, { headers: EVENT, path: '/any/path' });
  assert.deepEqual([status, headers['content-length'], text], [200, '0', '']);
  assert.deepEqual(printed, [BLOCK]);
  assert.deepEqual(said, []);
});

test('the events of a batch are printed in order, one write each', async (t) => {
  const { port, printed } = await start(t);
  const element = '{"specversion":"1.0","id":"1","source":"/s","type":"t"}';
  const headers = { 'content-type': 'application/cloudevents-batch+json' };
  await send(port, { headers }, `[${element},${element.replace('"1"', '"2"')}]`);
  assert.deepEqual(printed, [BLOCK, BLOCK.replace('id: 1', 'id: 2')]);
});

test('the line of old releases is printed on request', async (t) => {
  const { port, printed } = await start(t, { validationLine: true });
  await send(port, { headers: EVENT });
  assert.deepEqual(printed, [BLOCK.replace('Event\n', 'Event\nValidation: valid\n')]);
});

test('a refused request leaves one line that says what was wrong and where it came from', async (t) => {
  const { port, printed, said } = await start(t);
  const { status } = await send(port, { headers: { ...EVENT, 'ce-id': '' }, path: '/x' });
  assert.equal(status, 400);
  assert.match(
    said.join(''),
    /^event-display refused POST \/x from 127\.0\.0\.1:\d+ with 400: id: MUST be a non-empty string\n$/,
  );
  assert.deepEqual(printed, []);
});

test('a health probe is answered with 204 and leaves no trace', async (t) => {
  const { port, printed, said } = await start(t);
  const { status } = await send(port, { method: 'GET', path: '/healthz' });
  assert.deepEqual([status, printed, said], [204, [], []]);
});

test('headers of 200 KiB and 3,000 extensions are taken whole', async (t) => {
  const { port, printed } = await start(t);
  const many = Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`ce-x${i}`, 'v'.repeat(60)]));
  await send(port, { headers: { ...EVENT, ...many } });
  assert.equal(printed.join('').match(/^ {2}x\d+: v{60}$/gm)?.length, 3_000);
});

test('a body announced as larger than 8 MiB is refused before it is sent', async (t) => {
  const { port, said } = await start(t);
  const answer = await sendRaw(port, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8388609\r\n\r\n');
  assert.match(answer, /^HTTP\/1\.1 413 [^]*\r\n\r\nThe body is larger than 8388608 bytes\.\n$/);
  assert.match(said.join(''), /with 413: the body is larger than 8388608 bytes\n$/);
});

test('a body that grows beyond 8 MiB is refused', async (t) => {
  const { port, printed, said } = await start(t);
  const asked = request({ host: '127.0.0.1', port, method: 'POST', headers: EVENT });
  asked.on('error', () => undefined);
  for (let i = 0; i < 8; i++) asked.write(Buffer.alloc(1024 * 1024));
  asked.write('x');
  const [response] = await once(asked, 'response');
  assert.equal(response.statusCode, 413);
  asked.destroy();
  assert.deepEqual(printed, []);
  assert.match(said.join(''), /with 413/);
});

test('a body of exactly 8 MiB is taken', async (t) => {
  const { port, printed } = await start(t);
  const { status } = await send(port, { headers: EVENT }, Buffer.alloc(8 * 1024 * 1024, 'x'));
  assert.equal(status, 200);
  assert.ok(printed.join('').endsWith('x\n'));
});

for (const [how, leave] of [
  ['ends', (socket: Socket) => socket.end()],
  ['is reset', (socket: Socket) => socket.resetAndDestroy()],
] as const) {
  test(`a request whose connection ${how} in the middle of its body is not printed, and is told in one line`, async (t) => {
    const errors = recorder();
    const { server, port, printed } = await start(t, { stderr: errors.stream });
    const told = once(errors.stream, 'wrote');
    const socket = connect(port, '127.0.0.1');
    socket.write('POST /x HTTP/1.1\r\nHost: x\r\nce-specversion: 1.0\r\nContent-Length: 10\r\n\r\n12345');
    await once(server, 'request');
    leave(socket);
    await told;
    await send(port, { method: 'GET', path: '/healthz' });
    assert.deepEqual(printed, []);
    assert.match(
      errors.writes.join(''),
      /^event-display refused POST \/x from 127\.0\.0\.1:\d+ with 400: the connection ended after 5 bytes of the body\n$/,
    );
  });
}

test('what is not HTTP is answered with 400 and told', async (t) => {
  const { port, said } = await start(t);
  const answer = await sendRaw(port, 'hello\r\n\r\n');
  assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/);
  assert.match(said.join(''), /^event-display refused what came from 127\.0\.0\.1:\d+ with 400 Bad Request: .+\n$/);
});

test('headers beyond 1 MiB are answered with 431', async (t) => {
  const { port } = await start(t);
  const answer = await sendRaw(port, `POST / HTTP/1.1\r\nHost: x\r\nce-x: ${'x'.repeat(1024 * 1024)}\r\n\r\n`);
  assert.match(answer, /^HTTP\/1\.1 431 /);
});

test('while standard output is full no event is acknowledged and no further body is read, but probes are answered', async (t) => {
  const { stream, release } = heldBack();
  const { server, port } = await start(t, { stdout: stream });
  const first = send(port, { headers: EVENT });
  await once(stream, 'held');
  const held = stream.writableLength;
  const second = send(port, { headers: EVENT }, 'body');
  await once(server, 'request');
  assert.equal((await send(port, { method: 'GET', path: '/healthz' })).status, 204);
  assert.equal(stream.writableLength, held);
  const secondHeld = once(stream, 'held');
  release();
  assert.equal((await first).status, 200);
  await secondHeld;
  release();
  assert.equal((await second).status, 200);
});

test('an event that cannot be written is answered with 500', async (t) => {
  const stdout = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
  stdout.on('error', () => undefined);
  const { port, said } = await start(t, { stdout });
  const { status } = await send(port, { headers: EVENT });
  assert.equal(status, 500);
  assert.match(said.join(''), /with 500: the event could not be written: EPIPE\n$/);
});

test('a closed server finishes the request in hand and then ends its connection', async (t) => {
  const { stream, release } = heldBack();
  const { server, port } = await start(t, { stdout: stream });
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const answer = send(port, { headers: EVENT, agent });
  await once(stream, 'held');
  const closed = once(server, 'close');
  server.close();
  release();
  const { status, headers } = await answer;
  assert.deepEqual([status, headers.connection], [200, 'close']);
  await closed;
});

test('with request logging each request is written as JSON with the names of upstream', async (t) => {
  const { port, said } = await start(t, { logRequests: true });
  await send(port, { headers: { ...EVENT, 'content-type': 'text/plain', host: 'display' }, path: '/p?q=1' }, 'hi');
  const { remoteAddr, headers, ...entry } = JSON.parse(said.join(''));
  assert.match(remoteAddr, /^127\.0\.0\.1:\d+$/);
  assert.deepEqual(headers['Ce-Id'], ['1']);
  assert.deepEqual(entry, {
    method: 'POST',
    URL: { Path: '/p', RawQuery: 'q=1' },
    proto: 'HTTP/1.1',
    protoMajor: 1,
    protoMinor: 1,
    body: 'hi',
    contentLength: 2,
    host: 'display',
    requestURI: '/p?q=1',
  });
});

test('a body that is nested however deep is refused, and the next one is shown', async (t) => {
  const { port, printed } = await start(t);
  const deep = `{"specversion":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  for (const [type, body] of [
    ['application/cloudevents+json', deep],
    ['application/cloudevents-batch+json', `[${deep}]`],
  ] as const) {
    const { status } = await send(port, { headers: { 'content-type': type } }, body);
    assert.equal(status, 400);
  }
  assert.equal((await send(port, { headers: EVENT })).status, 200);
  assert.deepEqual(printed, [BLOCK]);
});
