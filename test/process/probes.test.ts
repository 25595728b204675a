import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { Gauge, Registry } from 'prom-client';
import { metricsHandler, probesHandler } from '../../src/process/probes.ts';
import { createStreamBoard, type StreamBoard } from '../../src/adapter/stream-board.ts';

type Ask = (path: string) => Promise<[status: number, text: string]>;

async function served(t: TestContext, handler: RequestListener): Promise<Ask> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return async (path) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return [response.status, await response.text()];
  };
}

function boardWith(...streams: string[]): StreamBoard {
  const board = createStreamBoard(() => undefined);
  for (const stream of streams) board.set(stream, { is: 'starting' });
  return board;
}

test('the process is healthy at once, and ready when every stream is established', async (t) => {
  const board = boardWith('pods.v1', 'nodes.v1');
  const ask = await served(t, probesHandler(board, new AbortController().signal));
  assert.deepEqual(await ask('/health'), [200, 'ok\n']);
  assert.deepEqual(await ask('/readiness'), [503, 'pods.v1: starting\nnodes.v1: starting\n']);
  board.set('pods.v1', { is: 'established' });
  board.set('nodes.v1', { is: 'failing', why: 'Forbidden.' });
  assert.deepEqual(await ask('/readiness'), [503, 'nodes.v1: Forbidden.\npods.v1: established\n']);
  assert.deepEqual(await ask('/health'), [200, 'ok\n']);
  board.set('nodes.v1', { is: 'established' });
  assert.deepEqual(await ask('/readiness?verbose'), [200, 'pods.v1: established\nnodes.v1: established\n']);
});

test('once it was asked to stop, it is neither healthy nor ready', async (t) => {
  const stopping = new AbortController();
  const ask = await served(t, probesHandler(boardWith(), stopping.signal));
  assert.deepEqual(await ask('/readiness'), [200, '']);
  stopping.abort();
  for (const path of ['/health', '/readiness']) {
    assert.deepEqual(await ask(path), [500, 'The process was asked to stop.\n']);
  }
});

test('other paths say which there are', async (t) => {
  const probes = await served(t, probesHandler(boardWith(), new AbortController().signal));
  const metrics = await served(t, metricsHandler(new Registry()));
  for (const path of ['/', '/healthz', '/health/', '//health', '/%68ealth']) {
    assert.deepEqual(await probes(path), [404, 'Only /health and /readiness are here.\n']);
  }
  assert.deepEqual(await metrics('/'), [404, 'Only /metrics is here.\n']);
});

test('metrics are served in the text format, and a failure to read them is no end of the process', async (t) => {
  const registry = new Registry();
  const gauge = new Gauge({ name: 'wide', help: 'Width.', registers: [registry] });
  gauge.set(7);
  const ask = await served(t, metricsHandler(registry));
  assert.deepEqual(await ask('/metrics?x'), [200, '# HELP wide Width.\n# TYPE wide gauge\nwide 7\n']);
  void new Gauge({
    name: 'broken',
    help: 'x',
    registers: [registry],
    collect: () => {
      throw new Error('cannot be measured');
    },
  });
  assert.deepEqual(await ask('/metrics'), [500, 'Error: cannot be measured\n']);
});
