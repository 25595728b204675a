import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { RoundFailed, startChild } from '../../bench/children.ts';

/** Processes that do not do what is expected of them must not keep the test waiting. */
const LIMIT = { timeout: 10_000 };

const CHILDREN = new URL('../../bench/children.ts', import.meta.url).href;

test('a helper ends when the bench is killed', LIMIT, async () => {
  const program = `
    import { startHelper } from ${JSON.stringify(CHILDREN)};
    const sink = startHelper('sink.ts', { events: 1, bodyBytes: 1, delay: 0, patience: 1000 });
    const { port } = await sink.receive('listening');
    console.log(port);
  `;
  const bench = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = (await once(createInterface(bench.stdout), 'line')) as [string];
  const socket = connect(Number(port), '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  bench.kill('SIGKILL');
  await once(socket, 'close');
});

test('a process that ends by itself is reported with the last lines it printed', LIMIT, async () => {
  await using child = startChild('adapter', ['-e', 'console.log("no sink"); process.exit(3)'], {});
  await assert.rejects(child.died, (error) => {
    assert.ok(error instanceof RoundFailed);
    assert.match(error.message, /adapter .* 3/);
    assert.equal(error.lastLines, 'no sink\n');
    return true;
  });
});
