import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { makeAuthority, namesOf, readPair, signServer } from '../../../src/sources/sinkbinding/webhook/certificates.ts';

const NAMES = ['watchbridge-webhook.watchbridge-system.svc', '127.0.0.1'];

test('a server certificate is checked by the authority that signed it, for its names, and by no other', async (t) => {
  const now = Date.now();
  const [old, fresh] = [await makeAuthority(now - 1_000), await makeAuthority(now)];
  const pair = await signServer(fresh, NAMES, now);
  const certificate = readPair(pair.cert, pair.key);
  assert.ok(certificate !== undefined);
  assert.deepEqual(namesOf(certificate), NAMES);
  assert.equal(certificate.verify(new X509Certificate(fresh.cert).publicKey), true);
  assert.equal(certificate.verify(new X509Certificate(old.cert).publicKey), false);

  const server = createServer(pair);
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const check = async (ca: string): Promise<string> =>
    await new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, ca }, () => {
        resolve('trusted');
        socket.destroy();
      });
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
    });
  assert.equal(await check(old.cert + fresh.cert), 'trusted');
  assert.notEqual(await check(old.cert), 'trusted');
});

test('a key of another certificate, and what is none, is not taken', async () => {
  const now = Date.now();
  const [a, b] = [await makeAuthority(now), await makeAuthority(now)];
  assert.equal(readPair(a.cert, b.key), undefined);
  assert.equal(readPair('', ''), undefined);
  assert.ok(readPair(a.cert, a.key) !== undefined);
});
