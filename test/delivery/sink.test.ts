import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { HTTP } from 'cloudevents';
import * as fc from 'fast-check';
import { createLanes } from '../../src/delivery/lanes.ts';
import { DEFAULT_RETRY_POLICY } from '../../src/delivery/judge.ts';
import type { Outcome } from '../../src/delivery/outcome.ts';
import { createSink, type Sink, type SinkOptions } from '../../src/delivery/sink.ts';
import type { CloudEvent } from '../../src/events/cloud-event.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { answer, hastySink, type RawSink, rawSink, type Script } from './raw-sink.ts';

const EVENT: CloudEvent = {
  id: '5ca1ab1e.0.u.7',
  source: 'https://10.96.0.1:443',
  type: 'dev.knative.apiserver.resource.add',
  datacontenttype: 'application/json',
  extensions: { kind: 'Pod' },
  data: Buffer.from('{"kind":"Pod"}'),
};

function sinkFor(t: TestContext, url: URL, options: Partial<SinkOptions> = {}): Sink {
  const sink = createSink({
    url,
    ca: [],
    connections: 4,
    timeoutMs: 10_000,
    contentMode: 'binary',
    headers: ['kn-namespace', 'shop'],
    ...options,
  });
  t.after(() => sink.close());
  return sink;
}

function post(sink: Sink, event = EVENT): Promise<Outcome> {
  return new Promise((resolve) => sink.post(event, resolve));
}

/** What one attempt comes to when the sink does as `script` says. */
async function attempt(t: TestContext, script: Script, options?: Partial<SinkOptions>): Promise<Outcome> {
  return await post(sinkFor(t, (await rawSink(t, script)).url, options));
}

function bodyOf(outcome: Outcome): string | undefined {
  return outcome.is === 'answered' && outcome.body !== undefined ? Buffer.from(outcome.body).toString() : undefined;
}

/** The status, or why there is none. */
function resultOf(outcome: Outcome): number | string {
  return outcome.is === 'answered' ? outcome.status : outcome.reason;
}

test('a request is what the binding says, and nothing more', async (t) => {
  const server = await rawSink(t, answer('202 Accepted'));
  const url = new URL('/a%2Fb/c?x=1&y=%20', server.url);
  assert.equal(resultOf(await post(sinkFor(t, url))), 202);
  const [request] = server.requests;
  assert.deepEqual(request?.lines, [
    'POST /a%2Fb/c?x=1&y=%20 HTTP/1.1',
    `host: ${url.host}`,
    'connection: keep-alive',
    'kn-namespace: shop',
    'ce-specversion: 1.0',
    'ce-id: 5ca1ab1e.0.u.7',
    'ce-source: https://10.96.0.1:443',
    'ce-type: dev.knative.apiserver.resource.add',
    'ce-kind: Pod',
    'content-type: application/json',
    'content-length: 14',
  ]);
  assert.equal(request?.body, '{"kind":"Pod"}');
});

test('a structured request is read by the JavaScript SDK', async (t) => {
  const server = await rawSink(t, answer('202 Accepted'));
  await post(sinkFor(t, server.url, { contentMode: 'structured' }));
  const [request] = server.requests;
  const read = HTTP.toEvent({
    headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' },
    body: request?.body,
  });
  assert.ok(!Array.isArray(read));
  assert.deepEqual([read.id, read['kind'], read.data], [EVENT.id, 'Pod', { kind: 'Pod' }]);
  assert.ok(request?.lines.includes('kn-namespace: shop'));
});

test('nothing in an event adds a line to its request', async (t) => {
  const server = await rawSink(t, answer('202 Accepted'));
  const sink = sinkFor(t, server.url);
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('a\r\nce-id: 2', 'a\nb', '\r\n\r\nGET / HTTP/1.1', '\0', 'é', '\u2028', '\ud800'),
  );
  const event = fc.record({ id: text, source: text, type: text, subject: text, time: text, extension: text });
  await fc.assert(
    fc.asyncProperty(event, async ({ extension, ...attributes }) => {
      const before = server.requests.length;
      const sent = { ...EVENT, ...attributes, extensions: { kind: extension } };
      assert.equal(resultOf(await post(sink, sent)), 202);
      await turn();
      assert.equal(server.requests.length, before + 1);
      const { lines = [] } = server.requests.at(-1) ?? {};
      assert.equal(lines.length, 13);
      for (const line of lines) assert.match(line, /^[\x20-\x7e]*$/);
    }),
  );
});

test('the outcome of an answered request is its status, and its beginning where the event was not taken', async (t) => {
  const rows: [what: string, Script, status: number, body: string | undefined][] = [
    ['204', answer('204 No Content', []), 204, undefined],
    ['204 with a body all the same', answer('204 No Content', ['Content-Length: 2'], 'hi'), 204, undefined],
    ['200 with a body', answer('200 OK', ['Content-Length: 2'], 'hi'), 200, undefined],
    [
      '200 with an event',
      answer(
        '200 OK',
        ['ce-id: 1', 'ce-specversion: 1.0', 'Content-Type: application/json', 'Content-Length: 2'],
        '{}',
      ),
      200,
      undefined,
    ],
    ['226', answer('226 IM Used'), 226, undefined],
    ['299', answer('299 Odd'), 299, undefined],
    ['400 with a body', answer('400 Bad Request', ['Content-Length: 5'], 'no, é'.slice(0, 4) + '!'), 400, 'no, !'],
    ['302 with a body', answer('302 Found', ['Content-Length: 4'], 'away'), 302, 'away'],
    ['418', answer("418 I'm a teapot"), 418, ''],
    ['499', answer('499 Gone'), 499, ''],
    ['500 without a length', (socket) => socket.end('HTTP/1.1 500 Oh\r\n\r\nno length'), 500, 'no length'],
    ['503 in chunks', answer('503 Busy', ['Transfer-Encoding: chunked'], '2\r\nno\r\n0\r\n\r\n'), 503, 'no'],
    ['600', answer('600 Odd'), 600, ''],
    ['999', answer('999 Odd'), 999, ''],
  ];
  for (const [what, script, status, body] of rows) {
    const outcome = await attempt(t, script);
    assert.equal(resultOf(outcome), status, what);
    assert.equal(bodyOf(outcome), body, what);
  }
});

test('an answer is complete only after those that merely inform', async (t) => {
  const inform = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nRetry-After: 9\r\n\r\n';
  const rows: [Script, result: number | string][] = [
    [(socket) => socket.write(`${inform}${inform}HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n`), 202],
    [(socket) => socket.write(`HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n`), 503],
    [(socket) => socket.end(inform), 'reset'],
  ];
  for (const [script, result] of rows) {
    const outcome = await attempt(t, script);
    assert.equal(resultOf(outcome), result);
    assert.equal(outcome.is === 'answered' ? outcome.retryAfter : undefined, undefined);
  }
});

test('Retry-After is handed on as it came, the first where there are two', async (t) => {
  const rows: [headers: string[], retryAfter: string | undefined][] = [
    [[], undefined],
    [['Retry-After: 120'], '120'],
    [['retry-after:   Thu, 18 Jun 2026 09:30:15 GMT'], 'Thu, 18 Jun 2026 09:30:15 GMT'],
    [['Retry-After: 1', 'Retry-After: 2'], '1'],
    [['Retry-After: -1'], '-1'],
  ];
  for (const [headers, retryAfter] of rows) {
    const outcome = await attempt(t, answer('503 Busy', [...headers, 'Content-Length: 0']));
    assert.equal(outcome.is === 'answered' && outcome.retryAfter, retryAfter);
  }
});

test('redirects are not followed', async (t) => {
  const target = await rawSink(t, answer('202 Accepted'));
  for (const status of [301, 302, 303, 307, 308]) {
    const outcome = await attempt(t, answer(`${status} Go`, [`Location: ${target.url.href}`, 'Content-Length: 0']));
    assert.equal(resultOf(outcome), status);
  }
  assert.equal(target.requests.length, 0);
});

test('what is no answer is a failed attempt', async (t) => {
  const junk = `x: ${'y'.repeat(1_000)}\r\n`;
  const rows: [what: string, Script, reasons: string[]][] = [
    ['no HTTP', (socket) => socket.end('hello\r\n\r\n'), ['protocol']],
    ['HTTP/0.9', (socket) => socket.end('<html></html>'), ['protocol']],
    ['no status', (socket) => socket.end('HTTP/1.1 abc OK\r\n\r\n'), ['protocol']],
    ['a header without a name', (socket) => socket.end('HTTP/1.1 200 OK\r\n: x\r\n\r\n'), ['protocol']],
    ['a broken header', (socket) => socket.end('HTTP/1.1 200 OK\r\na\nb: c\r\n\r\n'), ['protocol']],
    [
      'a megabyte of headers',
      (socket) => socket.end(`HTTP/1.1 200 OK\r\n${junk.repeat(1_000)}\r\n`),
      ['protocol', 'reset'],
    ],
    ['an end after an unasked 100 Continue', (socket) => socket.end('HTTP/1.1 100 Continue\r\n\r\n'), ['reset']],
    ['an end', (socket) => socket.end(), ['reset']],
    [
      'an end in the middle of the headers',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-'),
      ['reset', 'protocol'],
    ],
    ['a reset', (socket) => socket.resetAndDestroy(), ['reset']],
  ];
  for (const [what, script, reasons] of rows) {
    const outcome = await attempt(t, script);
    assert.ok(reasons.includes(String(resultOf(outcome))), `${what}: ${resultOf(outcome)}`);
    assert.notEqual(outcome.is === 'failed' && outcome.detail, '', what);
  }
});

test('once the status is there, nothing that follows changes it', async (t) => {
  const head = (status: string) => `HTTP/1.1 ${status}\r\nContent-Length: 100\r\n\r\nabc`;
  const chunked = 'HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n';
  const rows: [what: string, Script, status: number][] = [
    ['an end in the body', (socket) => socket.end(head('202 Accepted')), 202],
    ['a reset in the body', (socket) => socket.write(head('202 Accepted'), () => socket.resetAndDestroy()), 202],
    ['a chunk that is none', (socket) => socket.end(`${chunked}zz\r\n`), 202],
    ['an end in the body of a refusal', (socket) => socket.end(head('400 Bad Request')), 400],
  ];
  for (const [what, script, status] of rows) {
    const outcome = await attempt(t, script);
    assert.equal(resultOf(outcome), status, what);
    assert.equal(bodyOf(outcome), status === 202 ? undefined : 'abc', what);
  }
});

test('of a long answer the beginning is kept, and its connection is given up', async (t) => {
  let written = 0;
  const server = await rawSink(t, (socket) => {
    socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
    const chunk = 'é'.repeat(8_192);
    const more = (): void => {
      while (!socket.destroyed && socket.write(chunk, () => (written += chunk.length))) if (written > 1e9) return;
      socket.once('drain', more);
    };
    more();
  });
  const outcome = await post(sinkFor(t, server.url));
  assert.equal(bodyOf(outcome), 'é'.repeat(512));
  while (server.sockets[0]?.destroyed === false) await turn();
  // What the two ends of a connection buffer, and not much more.
  assert.ok(written < 50_000_000, `${written} bytes were sent`);
});

test('an answer that never ends does not hold its event for longer than five seconds', async (t) => {
  const rows: [what: string, Script][] = [
    ['drop by drop', (socket) => socket.write('HTTP/1.1 202 Accepted\r\n\r\na')],
    ['nothing after the headers', (socket) => socket.write('HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\n')],
  ];
  for (const [what, script] of rows) {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const server = await rawSink(t, script);
    const outcome = post(sinkFor(t, server.url));
    let ended = false;
    void outcome.then(() => (ended = true));
    for (let second = 0; second < 5; second++) {
      for (let i = 0; i < 100; i++) await turn();
      assert.equal(ended, false, what);
      if (what === 'drop by drop') server.sockets[0]?.write('a');
      t.mock.timers.tick(1_000);
    }
    t.mock.timers.reset();
    assert.equal(resultOf(await outcome), 202, what);
  }
});

test('an answer that does not come in time is a timeout', async (t) => {
  const outcome = await attempt(t, () => undefined, { timeoutMs: 50 });
  assert.equal(resultOf(outcome), 'timeout');
});

test('an answer that comes before the request is complete counts', async (t) => {
  const url = await hastySink(t, 'HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  const data = Buffer.alloc(8 * 1024 * 1024, ' ');
  assert.equal(resultOf(await post(sinkFor(t, url), { ...EVENT, data })), 413);
});

test('a connection that ends before its next request is written has delivered nothing of it', async (t) => {
  const server = await rawSink(t, answer('202 Accepted'));
  const sink = sinkFor(t, server.url, { connections: 1 });
  assert.equal(resultOf(await post(sink)), 202);
  await turn();
  const second = post(sink);
  await sink.close();
  assert.equal(resultOf(await second), 'reset');
  assert.equal(server.requests.length, 1);
});

test('an answer that comes before its request is written is not the answer to it', async (t) => {
  const server = await rawSink(t, answer('202 Accepted'));
  const sink = sinkFor(t, server.url, { connections: 1 });
  assert.equal(resultOf(await post(sink)), 202);
  await turn();
  server.sockets[0]?.write('HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n');
  assert.equal(resultOf(await post(sink)), 'reset');
  assert.equal(server.requests.length, 1);
});

test('a connection whose request is not all written when its answer is there carries no other', async (t) => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.pause();
      socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const sink = sinkFor(t, new URL(`http://127.0.0.1:${port}/`), { connections: 1 });
  const data = Buffer.alloc(32 * 1024 * 1024, ' ');
  assert.equal(resultOf(await post(sink, { ...EVENT, data })), 413);
  assert.equal(resultOf(await post(sink, { ...EVENT, data })), 413);
  assert.equal(sockets.length, 2);
});

test('a sink that is not there is named by what is missing', async (t) => {
  const free = createServer();
  free.listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  free.close();
  await once(free, 'close');
  const refused = await post(sinkFor(t, new URL(`http://127.0.0.1:${port}/`)));
  assert.deepEqual(
    [resultOf(refused), refused.is === 'failed' && /ECONNREFUSED/.test(refused.detail)],
    ['connect', true],
  );
  assert.equal(resultOf(await post(sinkFor(t, new URL('http://sink.invalid/')))), 'dns');
});

test('connections are kept and shared, and there are no more than allowed', async (t) => {
  const held: (() => void)[] = [];
  const server = await rawSink(t, (socket, number, request) => {
    if (number < 3) answer('202 Accepted')(socket, number, request);
    else held.push(() => answer('202 Accepted')(socket, number, request));
  });
  const sink = sinkFor(t, server.url, { connections: 2 });
  for (let i = 0; i < 3; i++) {
    await post(sink);
    await turn();
  }
  assert.equal(server.sockets.length, 1);
  const posts = Array.from({ length: 5 }, () => post(sink));
  while (server.requests.length < 8) {
    await turn();
    held.shift()?.();
  }
  held.forEach((release) => release());
  await Promise.all(posts);
  assert.equal(server.sockets.length, 2);
});

test('a sink that closes a kept connection as the next request comes gets that event again, by the same id', async (t) => {
  const server = await rawSink(t, (socket, number, request) => {
    if (number === 1) socket.resetAndDestroy();
    else answer('202 Accepted')(socket, number, request);
  });
  assert.deepEqual(await delivered(t, server, 2), ['1', '2', '2']);
});

test('a sink that resets the connection before it answers gets the event again, by the same id', async (t) => {
  const server = await rawSink(t, (socket, number, request) => {
    if (number < 3) socket.resetAndDestroy();
    else answer('202 Accepted')(socket, number, request);
  });
  assert.deepEqual(await delivered(t, server, 1), ['1', '1', '1', '1']);
});

test('a sink that breaks off after its status has the event', async (t) => {
  const server = await rawSink(t, (socket) =>
    socket.write('HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\n', () => socket.resetAndDestroy()),
  );
  assert.deepEqual(await delivered(t, server, 1), ['1']);
});

test('closing fails what is on the wire', async (t) => {
  const server = await rawSink(t, () => undefined);
  const sink = sinkFor(t, server.url);
  const outcome = post(sink);
  while (server.requests.length === 0) await turn();
  await sink.close();
  assert.equal(resultOf(await outcome), 'reset');
  assert.equal(resultOf(await post(sink)), 'reset');
});

/** Delivers as many events of one object, and tells the ids of all requests. */
async function delivered(t: TestContext, server: RawSink, events: number): Promise<string[]> {
  const clock = fakeClock();
  const { signal } = new AbortController();
  const lanes = createLanes({
    sink: sinkFor(t, server.url),
    deadLetterSink: undefined,
    policy: DEFAULT_RETRY_POLICY,
    clock,
    inFlight: 4,
    bufferBytes: 1_000_000,
    maySend: () => true,
    tell: () => undefined,
    signal,
  });
  const settled: string[] = [];
  for (let i = 1; i <= events; i++) {
    lanes.send({ lane: 'a', event: { ...EVENT, id: `${i}` }, settled: (as) => settled.push(`${i} ${as}`) });
  }
  await clock.settle(lanes.idle());
  assert.deepEqual(
    settled,
    Array.from({ length: events }, (_, i) => `${i + 1} delivered`),
  );
  return server.requests.map(({ lines }) => lines.find((line) => line.startsWith('ce-id: '))?.slice(7) ?? '');
}
