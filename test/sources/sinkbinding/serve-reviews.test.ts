import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { Reviewed } from '../../../src/sources/sinkbinding/webhook/reviewer.ts';
import { reviewHandler } from '../../../src/sources/sinkbinding/webhook/serve-reviews.ts';
import { recordedLog } from '../../adapter/recorded-log.ts';
import { fakeClock } from '../../support/fake-clock.ts';

const REVIEW = JSON.stringify({
  request: {
    uid: 'u',
    kind: { group: 'apps', kind: 'Deployment' },
    namespace: 'a',
    object: { metadata: { name: 'web' } },
  },
});
const PATCH = [{ op: 'add', path: '/metadata/annotations', value: { ü: '1' } }] as const;
const JSON_TYPE = { 'content-type': 'application/json' };

async function stage(t: TestContext, reviewed: Reviewed = { is: 'unbound' }) {
  const clock = fakeClock();
  const outcomes: string[] = [];
  const deadlines: AbortSignal[] = [];
  const review = (_: unknown, deadline: AbortSignal): Promise<Reviewed> => {
    deadlines.push(deadline);
    return Promise.resolve(reviewed);
  };
  const metrics = { reviewed: (outcome: string) => void outcomes.push(outcome) };
  const server = createServer(reviewHandler({ review }, { clock, log: recordedLog().log, metrics }));
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const ask = async (init: RequestInit = {}, path = '/sinkbindings?timeout=2s'): Promise<Response> =>
    await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers: JSON_TYPE, body: REVIEW, ...init });
  return { clock, server, port, outcomes, deadlines, ask };
}

const REFUSED: readonly (readonly [what: string, status: number, init: RequestInit, path?: string])[] = [
  ['another path', 404, {}, '/'],
  ['another method', 405, { method: 'PUT' }],
  ['another type', 415, { headers: { 'content-type': 'text/plain' } }],
  ['no JSON', 400, { body: '{' }],
  ['no review', 400, { body: '{}' }],
  ['more than an object can be', 413, { body: 'x'.repeat(4 * 1024 * 1024 + 1) }],
];

for (const [what, status, init, path] of REFUSED) {
  test(`${what} is refused with ${status}`, async (t) => {
    const { ask, outcomes } = await stage(t);
    const answer = await ask(init, path);
    assert.equal(answer.status, status);
    assert.match(await answer.text(), /\.\n$/);
    assert.deepEqual(outcomes, ['unreadable']);
  });
}

test('a patch is answered as base64, in an answer that says how long it is', async (t) => {
  const { ask, outcomes } = await stage(t, { is: 'patched', patch: PATCH });
  const answer = await ask();
  const text = await answer.text();
  assert.equal(Number(answer.headers.get('content-length')), Buffer.byteLength(text));
  const { response } = JSON.parse(text) as { response: { uid: string; allowed: boolean; patch: string } };
  assert.equal(response.uid, 'u');
  assert.equal(response.allowed, true);
  assert.deepEqual(JSON.parse(Buffer.from(response.patch, 'base64').toString()), PATCH);
  assert.deepEqual(outcomes, ['patched']);
});

test('reviews of one moment have one deadline, and later ones another', async (t) => {
  const { ask, clock, deadlines } = await stage(t);
  await ask();
  await ask();
  await clock.advance(100);
  await ask();
  assert.equal(deadlines[0], deadlines[1]);
  assert.notEqual(deadlines[1], deadlines[2]);
});

test('a client that breaks off in the middle costs nobody else anything', async (t) => {
  const { ask, server, port, outcomes } = await stage(t);
  const headers = { ...JSON_TYPE, 'content-length': REVIEW.length };
  const broken = request({ port, host: '127.0.0.1', method: 'POST', path: '/sinkbindings', headers });
  broken.on('error', () => undefined);
  const arrived = once(server, 'request');
  broken.write(REVIEW.slice(0, 10));
  await arrived;
  broken.destroy();
  assert.equal((await ask()).status, 200);
  assert.deepEqual(outcomes.toSorted(), ['failed', 'unbound']);
});
