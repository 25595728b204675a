import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterAccess } from '../../src/kube/access.ts';
import type { KubeRequest } from '../../src/kube/client.ts';
import { answer, clientFor, never, scriptedServer } from './scripted-server.ts';

/** Access whose token is counted up at each refresh: `t1`, `t2`. */
function countingAccess(server: string): ClusterAccess & { refreshes(): number } {
  let tokens = 1;
  return {
    server,
    namespace: 'default',
    credentials: async () => ({ tls: {}, authorization: `Bearer t${tokens}` }),
    refresh: () => (tokens += 1),
    refreshes: () => tokens - 1,
  };
}

/** A server for which only one token is good. */
function guarded(good: string) {
  return scriptedServer((request, response) => {
    request.resume();
    const known = request.headers.authorization === `Bearer ${good}`;
    request.on('end', () =>
      answer(response, known ? 200 : 401, known ? {} : { reason: 'Unauthorized', message: 'no' }),
    );
  });
}

test('after a 401 a request of any kind is sent once more, as it was, with renewed credentials', async (t) => {
  const requests: Omit<KubeRequest, 'signal'>[] = [
    { path: '/a', query: { b: 1 } },
    { method: 'POST', path: '/a', body: { c: 1 } },
    { method: 'PUT', path: '/a', body: { c: 1 } },
    { method: 'PATCH', path: '/a', body: { c: 1 }, contentType: 'application/merge-patch+json' },
    { method: 'DELETE', path: '/a' },
  ];
  for (const request of requests) {
    await using server = await guarded('t2');
    const access = countingAccess(server.url);
    const client = clientFor(t, access);
    await client.json({ ...request, signal: never() });
    const [first, second, ...more] = server.requests.map(({ method, url, headers }) => {
      const { authorization, ...others } = headers;
      return { method, url, others, authorization };
    });
    assert.deepEqual([first?.authorization, second?.authorization, more], ['Bearer t1', 'Bearer t2', []]);
    assert.deepEqual({ ...second, authorization: '' }, { ...first, authorization: '' });
    assert.equal(access.refreshes(), 1);
  }
});

test('a stream is opened once more after a 401, too', async (t) => {
  await using server = await guarded('t2');
  const client = clientFor(t, countingAccess(server.url));
  const stream = await client.stream({ path: '/', signal: never(), idleMs: 1_000 });
  assert.equal(server.requests.length, 2);
  stream.close();
});

test('a second 401 is the end of it', async (t) => {
  await using server = await guarded('none');
  const access = countingAccess(server.url);
  const client = clientFor(t, access);
  await assert.rejects(client.json({ path: '/', signal: never() }), { code: 'unauthorized', advice: 'wait' });
  assert.equal(server.requests.length, 2);
  assert.equal(access.refreshes(), 1);
});

test('requests that are refused together renew the credentials once', async (t) => {
  await using server = await guarded('t2');
  const access = countingAccess(server.url);
  const client = clientFor(t, access);
  await Promise.all(Array.from({ length: 8 }, () => client.json({ path: '/', signal: never() })));
  assert.equal(access.refreshes(), 1);
});

test('no other refusal is repeated', async (t) => {
  for (const status of [400, 403, 404, 409, 429, 500, 503]) {
    await using server = await scriptedServer((_, response) => answer(response, status, {}));
    const access = countingAccess(server.url);
    const client = clientFor(t, access);
    await assert.rejects(client.json({ path: '/', signal: never() }), { status });
    assert.deepEqual([server.requests.length, access.refreshes()], [1, 0]);
  }
});
