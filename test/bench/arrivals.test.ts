import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHelper } from '../../bench/children.ts';
import { monotonicMicroseconds } from '../../bench/measure.ts';
import type { Arrivals, Listening } from '../../bench/messages.ts';

const LIMIT = { timeout: 10_000 };

test('the sink of the latency benchmark tells when each event came, and what it told not again', LIMIT, async () => {
  await using sink = startHelper('arrivals.ts', {});
  const { port } = await sink.receive<Listening>('listening');
  const post = async (version: number) => {
    const headers = { 'ce-resourceversion': String(version) };
    const { status } = await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: 'hello', headers });
    assert.equal(status, 204);
  };
  const ask = async () => {
    const answered = sink.receive<Arrivals>('arrivals');
    sink.send({});
    return (await answered).came;
  };
  const before = monotonicMicroseconds();
  await post(7);
  await post(9);
  const after = monotonicMicroseconds();
  const came = await ask();
  assert.deepEqual(
    came.map(([version]) => version),
    [7, 9],
  );
  for (const [, at] of came) assert.ok(at >= before && at <= after, `${at} is not from ${before} to ${after}`);
  await post(11);
  assert.deepEqual(
    (await ask()).map(([version]) => version),
    [11],
  );
});
