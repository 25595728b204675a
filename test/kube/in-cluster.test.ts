import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { inClusterAccess } from '../../src/kube/in-cluster.ts';
import { createAuthority, issueServer } from '../controlplane/certificates.ts';
import { manualClock } from './manual-clock.ts';
import { answer, clientFor, never, scriptedServer } from './scripted-server.ts';

/** The files that a kubelet would write, to be written by the test. */
async function serviceAccount(t: TestContext, files: Readonly<Record<string, string>>) {
  const directory = await mkdtemp(path.join(tmpdir(), 'service-account-'));
  t.after(() => rm(directory, { recursive: true }));
  const write = (name: string, text: string) => writeFile(path.join(directory, name), text);
  for (const [name, text] of Object.entries(files)) await write(name, text);
  return { directory, write };
}

test('the server is the one of the environment, an IPv6 address in brackets', async (t) => {
  const { directory } = await serviceAccount(t, {});
  const clock = manualClock();
  const serverFor = async (host: string) => (await inClusterAccess({ host, port: '443', directory, clock })).server;
  assert.equal(await serverFor('10.96.0.1'), 'https://10.96.0.1:443');
  assert.equal(await serverFor('fd00::1'), 'https://[fd00::1]:443');
  assert.equal(await serverFor('kubernetes.default.svc'), 'https://kubernetes.default.svc:443');
});

test('the namespace is that of the file, or "default"', async (t) => {
  const clock = manualClock();
  for (const [files, namespace] of [
    [{ namespace: 'shop\n' }, 'shop'],
    [{ namespace: '' }, 'default'],
    [{}, 'default'],
  ] as const) {
    const { directory } = await serviceAccount(t, files);
    assert.equal((await inClusterAccess({ host: 'a', port: '1', directory, clock })).namespace, namespace);
  }
});

test('a Pod without its files cannot have credentials, and is told which file is missing', async (t) => {
  const { directory } = await serviceAccount(t, {});
  const access = await inClusterAccess({ host: 'a', port: '1', directory, clock: manualClock() });
  await assert.rejects(access.credentials(never()), { code: 'credentials', message: /ca\.crt cannot be used: ENOENT/ });
});

test('a rotated token is used after a 401 at once, and otherwise after a minute', async (t) => {
  const authority = createAuthority();
  let valid = 'one';
  await using server = await scriptedServer(
    (request, response) => {
      const good = request.headers.authorization === `Bearer ${valid}`;
      answer(response, good ? 200 : 401, good ? {} : { reason: 'Unauthorized' });
    },
    issueServer(authority, ['127.0.0.1']),
  );
  const { directory, write } = await serviceAccount(t, { token: 'one\n', 'ca.crt': authority.certPem });
  const clock = manualClock();
  const { port } = new URL(server.url);
  const client = clientFor(t, await inClusterAccess({ host: '127.0.0.1', port, directory, clock }));
  const ask = () => client.json({ path: '/', signal: never() });

  await ask();
  await write('token', 'two\n');
  await ask();
  valid = 'two';
  await ask();
  assert.deepEqual(
    server.requests.map(({ headers }) => headers.authorization),
    ['Bearer one', 'Bearer one', 'Bearer one', 'Bearer two'],
  );
  await write('token', 'three\n');
  valid = 'three';
  clock.advance(60_000);
  await ask();
  assert.equal(server.requests.length, 5);
});

test('a rotated certificate authority is trusted after a minute, and streams on old connections live on', async (t) => {
  const [before, after] = [createAuthority(), createAuthority()];
  const identity = issueServer(before, ['127.0.0.1']);
  let send: ((text: string) => void) | undefined;
  await using server = await scriptedServer((request, response) => {
    if (request.url === '/') return answer(response, 200, {});
    send = (text) => response.write(text);
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
  }, identity);
  const { directory, write } = await serviceAccount(t, { token: 'x', 'ca.crt': before.certPem });
  const clock = manualClock();
  const { port } = new URL(server.url);
  const client = clientFor(t, await inClusterAccess({ host: '127.0.0.1', port, directory, clock }));
  const ask = () => client.json({ path: '/', signal: never() });

  await ask();
  const stream = await client.stream({ path: '/watch', signal: never(), idleMs: 60_000 });
  const { certPem: cert, keyPem: key } = issueServer(after, ['127.0.0.1']);
  if (!('setSecureContext' in server.server)) assert.fail();
  server.server.setSecureContext({ cert, key });
  // Not yet noticed: the connection that is open is still good.
  await ask();

  await write('ca.crt', '');
  clock.advance(60_000);
  await ask();
  await write('ca.crt', after.certPem);
  clock.advance(60_000);
  await ask();
  assert.equal(server.sockets.length, 3, 'a request, a stream, and a request to the new authority');

  send?.('still here');
  for await (const pieces of stream.chunks) {
    assert.equal(Buffer.concat(pieces).toString(), 'still here');
    break;
  }
});

test('a server of an unknown authority, or under another name, is not trusted', async (t) => {
  const authority = createAuthority();
  const servers = [issueServer(createAuthority(), ['127.0.0.1']), issueServer(authority, ['127.0.0.2'])];
  for (const identity of servers) {
    await using server = await scriptedServer((_, response) => answer(response, 200, {}), identity);
    const { directory } = await serviceAccount(t, { token: 'x', 'ca.crt': authority.certPem });
    const { port } = new URL(server.url);
    const client = clientFor(t, await inClusterAccess({ host: '127.0.0.1', port, directory, clock: manualClock() }));
    await assert.rejects(client.json({ path: '/', signal: never() }), {
      code: 'unreachable',
      message: /could not prove who it is/,
    });
    assert.equal(server.requests.length, 0);
  }
});
