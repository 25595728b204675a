import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Lease, microTime, readLease, writeLease } from '../../src/kube/lease.ts';
import { objectServer } from './object-server.ts';
import { never } from './scripted-server.ts';

const ADDRESS = { namespace: 'shop', name: 'web' };
const NEW: Lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: ADDRESS };

test('a time is written with microseconds, as Kubernetes does', () => {
  assert.equal(microTime(0), '1970-01-01T00:00:00.000000Z');
  assert.equal(microTime(Date.UTC(2026, 10, 20, 11, 22, 33, 45)), '2026-11-20T11:22:33.045000Z');
});

test('a Lease that was not read is created, and one that was is replaced', async (t) => {
  const { client, requests } = await objectServer(t);
  assert.equal(await readLease(client, ADDRESS, never()), undefined);
  const created = await writeLease(client, NEW, never());
  await writeLease(client, { ...created, spec: { holderIdentity: 'one' } }, never());
  assert.equal((await readLease(client, ADDRESS, never()))?.spec?.holderIdentity, 'one');
  assert.deepEqual(requests, ['GET web', 'PATCH web', 'PUT web', 'GET web']);
});

test('of two who write the same Lease, the second one is refused', async (t) => {
  const { client } = await objectServer(t);
  const created = await writeLease(client, NEW, never());
  await assert.rejects(writeLease(client, NEW, never()), { code: 'conflict' });
  await writeLease(client, created, never());
  await assert.rejects(writeLease(client, created, never()), { code: 'conflict' });
});

test('an answer is not waited for so long that a Lease is lost by one stalled connection', async (t) => {
  const { client } = await objectServer(t);
  const patience: (number | undefined)[] = [];
  const json: typeof client.json = (request) => {
    patience.push(request.timeoutMs);
    return client.json(request);
  };
  const created = await writeLease({ ...client, json }, NEW, never());
  await readLease({ ...client, json }, ADDRESS, never());
  await writeLease({ ...client, json }, created, never());
  assert.deepEqual(patience, [3_000, 3_000, 3_000]);
});
