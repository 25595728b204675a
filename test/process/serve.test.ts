import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { ListenError, serve } from '../../src/process/serve.ts';

const PROBES = { port: 0, purpose: 'probes' };

test('it listens on a free port until it is closed', async () => {
  const server = await serve({ ...PROBES, handler: (request, response) => response.end(`at ${request.url ?? ''}`) });
  assert.notEqual(server.port, 0);
  const response = await fetch(`http://127.0.0.1:${server.port}/x`);
  assert.equal(await response.text(), 'at /x');
  await server.close();
  await assert.rejects(fetch(`http://127.0.0.1:${server.port}/`));
});

test('a port that is taken is named, with what it was wanted for', async (t) => {
  const first = await serve({ ...PROBES, handler: () => undefined });
  t.after(() => first.close());
  const { port } = first;
  await assert.rejects(serve({ port, purpose: 'metrics', handler: () => undefined }), (error) => {
    assert.ok(error instanceof ListenError);
    assert.equal(error.message, `Port ${port} cannot be used for metrics: another program listens there.`);
    assert.equal((error.cause as NodeJS.ErrnoException).code, 'EADDRINUSE');
    return true;
  });
});

test('closing waits for nobody: neither for a request without an answer nor for an idle connection', async () => {
  let asked: () => void = () => undefined;
  const request = new Promise<void>((resolve) => (asked = resolve));
  const server = await serve({ ...PROBES, handler: () => asked() });
  const idle = connect(server.port, '127.0.0.1');
  await once(idle, 'connect');
  const answer = fetch(`http://127.0.0.1:${server.port}/`).then(
    () => 'answered',
    () => 'failed',
  );
  await request;
  await server.close();
  assert.equal(await answer, 'failed');
  idle.destroy();
});
