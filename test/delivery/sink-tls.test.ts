import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { Worker } from 'node:worker_threads';
import type { Outcome } from '../../src/delivery/outcome.ts';
import { createSink } from '../../src/delivery/sink.ts';
import { createAuthority, type Identity, issueServer } from '../controlplane/certificates.ts';
import { answer, hastySink, rawSink } from './raw-sink.ts';

const OURS = createAuthority();
const OTHER = createAuthority();
const [PUBLIC = ''] = getCACertificates('bundled');

async function attempt(t: TestContext, url: URL, ca: readonly string[]): Promise<Outcome> {
  const options = { connections: 1, timeoutMs: 10_000, contentMode: 'binary', headers: [] } as const;
  const sink = createSink({ ...options, url, ca });
  t.after(() => sink.close());
  return await new Promise((resolve) => sink.post({ id: '1', source: '/s', type: 't', extensions: {} }, resolve));
}

async function tlsSink(t: TestContext, identity: Identity): Promise<URL> {
  return (await rawSink(t, answer('202 Accepted'), identity)).url;
}

test('a sink is trusted when its certificate is for its host and signed by an authority that was given', async (t) => {
  const url = await tlsSink(t, issueServer(OURS, ['127.0.0.1']));
  const elsewhere = await tlsSink(t, issueServer(OURS, ['sink.shop.svc']));
  const rows: [what: string, URL, ca: string[], result: number | string][] = [
    ['its authority', url, [OURS.certPem], 202],
    ['its authority among others', url, [PUBLIC, OURS.certPem], 202],
    ['two in one text', url, [`${PUBLIC}\n${OURS.certPem}`], 202],
    ['another authority', url, [OTHER.certPem], 'tls'],
    ['none', url, [], 'tls'],
    ['a certificate for another host', elsewhere, [OURS.certPem], 'tls'],
  ];
  for (const [what, target, ca, result] of rows) {
    const outcome = await attempt(t, target, ca);
    assert.equal(outcome.is === 'answered' ? outcome.status : outcome.reason, result, what);
  }
});

test('authorities that were given are trusted beside those of Node.js, not instead of them', async (t) => {
  const before = getCACertificates('default');
  t.after(() => setDefaultCACertificates(before));
  setDefaultCACertificates([OURS.certPem]);
  const url = await tlsSink(t, issueServer(OURS, ['127.0.0.1']));
  const outcome = await attempt(t, url, [OTHER.certPem]);
  assert.equal(outcome.is === 'answered' ? outcome.status : outcome.reason, 202);
});

/** A sink in a thread of its own, so that it answers some requests while others are still being written. */
const SINK_THREAD = `
const { parentPort, workerData } = require('node:worker_threads');
const server = require('node:https').createServer(workerData, (request, response) => {
  request.resume().on('end', () => response.writeHead(202).end());
});
server.on('secureConnection', () => parentPort.postMessage('connection'));
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

test('connections over TLS are kept, also where an answer comes before Node.js knows that the request is written', async (t) => {
  const { certPem: cert, keyPem: key } = issueServer(OURS, ['127.0.0.1']);
  const thread = new Worker(SINK_THREAD, { eval: true, workerData: { cert, key } });
  t.after(() => thread.terminate());
  const [port] = (await once(thread, 'message')) as [number];
  let connections = 0;
  thread.on('message', () => connections++);
  const options = { connections: 16, timeoutMs: 10_000, contentMode: 'binary', headers: [] } as const;
  const sink = createSink({ ...options, url: new URL(`https://127.0.0.1:${port}/`), ca: [OURS.certPem] });
  t.after(() => sink.close());
  const event = { id: '1', source: '/s', type: 't', extensions: {}, data: Buffer.alloc(3_000) };
  for (let round = 0; round < 100; round++) {
    const outcomes = Array.from({ length: 16 }, () => new Promise<Outcome>((resolve) => sink.post(event, resolve)));
    for (const outcome of await Promise.all(outcomes)) assert.equal(outcome.is === 'answered' && outcome.status, 202);
  }
  assert.equal(connections, 16);
});

test('a URL with the wrong scheme for its port fails', async (t) => {
  const plain = await hastySink(t, 'HTTP/1.1 400 Bad Request\r\n\r\n');
  const overTls = await attempt(t, new URL(`https://${plain.host}/`), []);
  assert.equal(overTls.is === 'failed' && overTls.reason, 'tls');
  const encrypted = await tlsSink(t, issueServer(OURS, ['127.0.0.1']));
  const overPlain = await attempt(t, new URL(`http://${encrypted.host}/`), [OURS.certPem]);
  assert.ok(overPlain.is === 'failed' && ['reset', 'protocol'].includes(overPlain.reason), JSON.stringify(overPlain));
});
