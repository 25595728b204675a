import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { REFUSAL_MS } from '../../src/kube/answer.ts';
import type { KubeFailureCode } from '../../src/kube/errors.ts';
import { accessTo, answer, clientFor, never, scriptedServer, USER_AGENT } from './scripted-server.ts';

function failsWith(code: KubeFailureCode, message = /./) {
  return { name: 'KubeError', code, message };
}

test('a request says who asks, for what, and with which query', async (t) => {
  await using server = await scriptedServer((_, response) => answer(response, 200, { ok: true }));
  const client = clientFor(t, accessTo(server.url));
  const query = { limit: 500, watch: false, labelSelector: 'app in (a,b)', continue: undefined };
  assert.deepEqual(await client.json({ path: '/api/v1/pods', query, signal: never() }), { ok: true });
  const [request] = server.requests;
  assert.equal(request?.method, 'GET');
  assert.equal(request?.url, '/api/v1/pods?limit=500&watch=false&labelSelector=app+in+%28a%2Cb%29');
  assert.equal(request?.headers['user-agent'], USER_AGENT);
  assert.equal(request?.headers.accept, 'application/json');
  assert.equal(request?.headers['content-type'], undefined);
  assert.equal(request?.headers['accept-encoding'], undefined);
});

test('the path of a server behind a proxy comes before the path that is asked for', async (t) => {
  await using server = await scriptedServer((_, response) => answer(response, 200, {}));
  const client = clientFor(t, accessTo(`${server.url}/clusters/c-1/`));
  await client.json({ path: '/version', signal: never() });
  assert.equal(server.requests[0]?.url, '/clusters/c-1/version');
});

test('an object is sent as JSON, and text and bytes as they are', async (t) => {
  const bodies: string[] = [];
  await using server = await scriptedServer((request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => bodies.push(`${request.headers['content-type']} ${text}`));
    request.on('end', () => answer(response, 201, {}));
  });
  const client = clientFor(t, accessTo(server.url));
  const contentType = 'application/apply-patch+yaml';
  await client.json({ method: 'POST', path: '/a', body: { b: 1 }, signal: never() });
  await client.json({ method: 'PATCH', path: '/a', body: 'b: 1', contentType, signal: never() });
  await client.json({ method: 'PUT', path: '/a', body: Buffer.from('{"b":1}'), signal: never() });
  await client.json({ method: 'DELETE', path: '/a', body: { b: 'ü' }, signal: never() });
  assert.deepEqual(bodies, [
    'application/json {"b":1}',
    `${contentType} b: 1`,
    'application/json {"b":1}',
    'application/json {"b":"ü"}',
  ]);
  assert.equal(server.requests.at(-1)?.headers['content-length'], '10');
});

test('bytes come back as they were sent', async (t) => {
  const body = '{"big": 12345678901234567890, "one": 1.0 }\n';
  await using server = await scriptedServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(body);
  });
  const client = clientFor(t, accessTo(server.url));
  assert.equal((await client.bytes({ path: '/', signal: never() })).toString(), body);
});

test('200 requests one after the other use two connections at most, and 200 at once eight', async (t) => {
  await using server = await scriptedServer((_, response) => answer(response, 200, {}));
  const client = clientFor(t, accessTo(server.url));
  for (let i = 0; i < 200; i += 1) await client.json({ path: '/api/v1/pods', signal: never() });
  // A connection rests for a turn of the event loop before it is used again, so two take turns.
  assert.ok(server.sockets.length <= 2, `${server.sockets.length} connections`);
  await Promise.all(Array.from({ length: 200 }, () => client.json({ path: '/api/v1/pods', signal: never() })));
  assert.equal(server.requests.length, 400);
  assert.ok(server.sockets.length <= 8, `${server.sockets.length} connections`);
});

test('a refusal tells the code, the wait and the words of the server', async (t) => {
  await using server = await scriptedServer((_, response) =>
    answer(response, 429, { reason: 'TooManyRequests', message: 'too many' }, { 'retry-after': '3' }),
  );
  const client = clientFor(t, accessTo(server.url));
  await assert.rejects(client.json({ method: 'DELETE', path: '/api/v1/pods/a', signal: never() }), {
    ...failsWith('throttled', /^DELETE \/api\/v1\/pods\/a was answered 429 TooManyRequests: too many$/),
    retryAfterMs: 3_000,
  });
});

test('of an endless error page only the beginning is read', async (t) => {
  let sent = 0;
  await using server = await scriptedServer((_, response) => {
    response.writeHead(502, { 'content-type': 'text/html' });
    const page = Buffer.alloc(64 * 1024, 'x');
    const more = () => {
      while (!response.destroyed && response.write(page)) sent += page.length;
    };
    response.on('drain', more);
    more();
  });
  const client = clientFor(t, accessTo(server.url));
  await assert.rejects(client.json({ path: '/', signal: never() }), failsWith('serverError', /502: x+…$/));
  assert.ok(sent < 16 * 1024 * 1024, `${sent} bytes`);
});

test('a refusal whose body does not come is told all the same, of a watch too', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  await using server = await scriptedServer((_, response) => {
    response.writeHead(503, { 'content-length': '50', 'retry-after': '2' });
    response.flushHeaders();
  });
  const client = clientFor(t, accessTo(server.url));
  const request = { path: '/', signal: never() };
  for (const ask of [() => client.stream({ ...request, idleMs: 1_000 }), () => client.bytes(request)]) {
    const before = server.requests.length;
    const asked = ask();
    let failed = false;
    asked.catch(() => (failed = true));
    while (server.requests.length === before) await turn();
    // Until the head is there.
    for (let i = 0; i < 50; i++) await turn();
    for (let i = 0; i < 3 && !failed; i++) {
      t.mock.timers.tick(REFUSAL_MS);
      for (let j = 0; j < 50; j++) await turn();
    }
    assert.ok(failed);
    await assert.rejects(asked, { code: 'serverError', retryAfterMs: 2_000 });
  }
});

test('an answer that no API server gives is malformed, however good its status', async (t) => {
  const answers: [headers: Record<string, string>, body: string, message: RegExp][] = [
    [{ 'content-type': 'text/html' }, '<html>', /text\/html instead of application\/json/],
    [{}, '{}', /no content type/],
    [{ 'content-type': 'application/json', 'content-encoding': 'gzip' }, '{}', /in gzip/],
    [{ 'content-type': 'application/jsonp' }, '{}', /jsonp/],
    [{ 'content-type': 'application/json' }, '{"a":', /not JSON/],
    [{ 'content-type': 'application/json' }, '', /not JSON/],
  ];
  for (const [headers, body, message] of answers) {
    await using server = await scriptedServer((_, response) => response.writeHead(200, headers).end(body));
    const client = clientFor(t, accessTo(server.url));
    await assert.rejects(client.json({ path: '/', signal: never() }), failsWith('malformed', message));
  }
});

test('a redirect is not followed', async (t) => {
  await using elsewhere = await scriptedServer((_, response) => answer(response, 200, {}));
  await using server = await scriptedServer((_, response) =>
    response.writeHead(307, { location: elsewhere.url }).end(),
  );
  const client = clientFor(t, accessTo(server.url));
  await assert.rejects(client.json({ path: '/', signal: never() }), failsWith('malformed', /307/));
  assert.equal(elsewhere.requests.length, 0);
});

test('an answer that is cut short is unreachable, with a length and without one', async (t) => {
  for (const headers of [{ 'content-length': '100' }, { 'transfer-encoding': 'chunked' }]) {
    await using server = await scriptedServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', ...headers });
      response.write('{"a":1', () => response.destroy());
    });
    const client = clientFor(t, accessTo(server.url));
    await assert.rejects(
      client.bytes({ path: '/', signal: never() }),
      failsWith('unreachable', /closed the connection/),
    );
  }
});

test('a server that is not there is unreachable, and is named', async (t) => {
  const server = await scriptedServer(() => {});
  await server[Symbol.asyncDispose]();
  const client = clientFor(t, accessTo(server.url));
  const message = new RegExp(`^${server.url} refused the connection`);
  await assert.rejects(client.json({ path: '/', signal: never() }), failsWith('unreachable', message));
});

test('a request that is not answered within its time is timedOut', async (t) => {
  await using server = await scriptedServer(() => {});
  const client = clientFor(t, accessTo(server.url));
  await assert.rejects(
    client.json({ path: '/slow', signal: never(), timeoutMs: 20 }),
    failsWith('timedOut', /GET \/slow was not answered in time/),
  );
});

test('a request can be aborted before and while it waits', async (t) => {
  await using server = await scriptedServer(() => aborter.abort());
  const client = clientFor(t, accessTo(server.url));
  const aborter = new AbortController();
  await assert.rejects(client.json({ path: '/', signal: aborter.signal, timeoutMs: 60_000 }), failsWith('aborted'));
  await assert.rejects(client.json({ path: '/', signal: AbortSignal.abort() }), failsWith('aborted'));
  assert.equal(server.requests.length, 1);
});

test('closing the client aborts what it is waiting for and all that comes later', async (t) => {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  await using server = await scriptedServer(() => resolve());
  const client = clientFor(t, accessTo(server.url));
  const waiting = client.json({ path: '/', signal: never() });
  await asked;
  const refused = assert.rejects(waiting, failsWith('aborted', /closed/));
  await client.close();
  await refused;
  await assert.rejects(client.json({ path: '/', signal: never() }), failsWith('aborted', /closed/));
});

test('a connection that a server dropped while idle is not used again', async (t) => {
  await using server = await scriptedServer((_, response) => answer(response, 200, {}));
  const client = clientFor(t, accessTo(server.url));
  await client.json({ path: '/', signal: never() });
  const [socket] = server.sockets;
  socket?.destroy();
  await once(socket ?? assert.fail(), 'close');
  await client.json({ path: '/', signal: never() });
  assert.equal(server.sockets.length, 2);
});
