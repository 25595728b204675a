import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { recordingSink } from '../support/recording-sink.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'examples', 'sample-source', 'adapter-main.ts');

interface Running {
  readonly process: ChildProcess;
  readonly written: { out: string; err: string };
  /** The messages of its log. */
  messages(): string[];
}

function start(t: TestContext, env: Record<string, string>): Running {
  const { PATH = '' } = process.env;
  const ports = { WATCHBRIDGE_PROBES_PORT: '0', WATCHBRIDGE_METRICS_PORT: '0' };
  const child = spawn(process.execPath, [MAIN], { env: { PATH, ...ports, ...env }, stdio: 'pipe' });
  const written = { out: '', err: '' };
  child.stdout.on('data', (text: Buffer) => (written.out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (written.err += text.toString()));
  t.after(() => child.kill('SIGKILL'));
  const messages = (): string[] =>
    written.out
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
  return { process: child, written, messages };
}

test('the sample adapter tells all that is wrong with its environment, and ends with 2', async (t) => {
  const adapter = start(t, { INTERVAL: 'often', K_CE_OVERRIDES: '[1]' });
  assert.deepEqual(await once(adapter.process, 'close'), [2, null]);
  const problems = adapter.written.err.trimEnd().split('\n');
  assert.deepEqual(
    problems.map((problem) => problem.split(' ')[0]),
    ['K_SINK', 'K_CE_OVERRIDES', 'INTERVAL'],
  );
  assert.equal(adapter.written.out, '');
});

test('the sample adapter loses no heartbeat while its sink is down, and ends with 0 when it is asked to', async (t) => {
  const sink = await recordingSink(t);
  await sink.refuse();
  const adapter = start(t, { K_SINK: sink.url, INTERVAL: '30ms', NAMESPACE: 'shop', NAME: 'ticks' });
  await eventually('the first attempt', () => adapter.messages().includes('Sending new event'));
  await delay(300);
  await sink.listen();
  await eventually('ten heartbeats', () => sink.accepted().length >= 10);
  adapter.process.kill('SIGTERM');
  assert.deepEqual(await once(adapter.process, 'close'), [0, null]);
  const data = sink.accepted().map(({ body }) => JSON.parse(body.toString()) as unknown);
  assert.deepEqual(
    data,
    data.map((_, sequence) => ({ sequence, heartbeat: '30ms' })),
  );
  const messages = adapter.messages();
  assert.deepEqual(messages.slice(0, 3), ['adapter started', 'Starting heartbeat', 'Sending new event']);
  assert.ok(messages.includes('Shutting down...'));
  // What was logged as sent came.
  assert.equal(messages.filter((message) => message === 'Sending new event').length, data.length);
});

test('a second signal ends the sample adapter at once', async (t) => {
  const sink = await recordingSink(t);
  sink.reply(() => 'hang');
  const adapter = start(t, { K_SINK: sink.url, INTERVAL: '10ms' });
  await eventually('a request', () => sink.received.length > 0);
  adapter.process.kill('SIGTERM');
  await eventually('the end to begin', () => adapter.process.kill(0) && adapter.messages().length > 0);
  await delay(200);
  adapter.process.kill('SIGTERM');
  assert.deepEqual(await once(adapter.process, 'close'), [1, null]);
});
