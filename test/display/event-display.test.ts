import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { test, type TestContext } from 'node:test';

const COMMAND = new URL('../../src/commands/event-display.ts', import.meta.url);
/** What a process around the command does: a stop signal aborts it, its result is the exit code. */
const SCRIPT = `
  import { eventDisplay } from '${COMMAND.href}';
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT']) process.on(name, () => stop.abort());
  process.exitCode = await eventDisplay(process.argv.slice(1), process.env, stop.signal);
`;
const EVENT = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't' };
const BLOCK = '☁️  cloudevents.Event\nContext Attributes,\n  specversion: 1.0\n  type: t\n  source: /s\n  id: 1\n';

/** A process, what it has written so far, and its exit code. */
interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly exitCode: Promise<unknown>;
}

function run(t: TestContext, args: readonly string[], env: NodeJS.ProcessEnv = {}): Started {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', SCRIPT, '--', ...args], { env });
  t.after(() => child.kill('SIGKILL'));
  const written = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (written.stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (written.stderr += chunk));
  const exitCode = once(child, 'close').then(([code]) => code as unknown);
  return { child, stdout: () => written.stdout, stderr: () => written.stderr, exitCode };
}

/** The address that a display says it listens on. */
async function addressOf({ child, stderr }: Started): Promise<string> {
  for (;;) {
    const port = /listens on http:\/\/0\.0\.0\.0:(\d+)\n/.exec(stderr())?.[1];
    if (port !== undefined) return `http://127.0.0.1:${port}`;
    await once(child.stderr, 'data');
  }
}

async function isListening(address: string): Promise<boolean> {
  const socket = connect(Number(new URL(address).port), '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`events are printed until ${signal}, which ends the process with 0`, async (t) => {
    const display = run(t, ['--port', '0']);
    const address = await addressOf(display);
    const { status } = await fetch(address, { method: 'POST', headers: EVENT });
    display.child.kill(signal);
    assert.equal(await display.exitCode, 0);
    assert.equal(status, 200);
    assert.equal(display.stdout(), BLOCK);
    assert.match(display.stderr(), /^event-display listens on http:\/\/0\.0\.0\.0:\d+\n$/);
  });
}

test('a request in hand is finished after SIGTERM, new connections are refused', async (t) => {
  const display = run(t, ['--port=0']);
  const address = await addressOf(display);
  const socket = connect(Number(new URL(address).port), '127.0.0.1');
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nce-specversion: 1.0\r\nce-id: 1\r\nce-source: /s\r\nce-type: t\r\n');
  socket.write('Content-Length: 4\r\nExpect: 100-continue\r\n\r\n');
  await once(socket, 'data');
  display.child.kill('SIGTERM');
  for (let listens = true; listens;) listens = await isListening(address);
  socket.write('data');
  const [answer] = await once(socket, 'data');
  assert.match(String(answer), /^HTTP\/1\.1 200 OK\r\n/);
  assert.equal(await display.exitCode, 0);
  assert.equal(display.stdout(), `${BLOCK}Data,\n  data\n`);
});

test('a port that is taken is told in a sentence, exit code 1', async (t) => {
  const holder = createServer().listen(0);
  await once(holder, 'listening');
  t.after(() => holder.close());
  const { port } = holder.address() as AddressInfo;
  const display = run(t, ['--port', String(port)]);
  assert.equal(await display.exitCode, 1);
  assert.equal(
    display.stderr(),
    `event-display cannot listen on port ${port}: another process listens there. Choose another port with --port.\n`,
  );
});

const wrong: readonly (readonly [args: readonly string[], sentence: string])[] = [
  [['--prot', '1'], "Unknown option '--prot'."],
  [['stray'], "Unexpected argument 'stray'."],
  [['--port'], "Option '--port <value>' argument missing."],
  [['--port', 'http'], '--port must be a number from 0 to 65535, but is "http".'],
  [['--port', '65536'], '--port must be a number from 0 to 65535, but is "65536".'],
];
for (const [args, sentence] of wrong) {
  test(`${args.join(' ')} is told in a sentence, exit code 2`, async (t) => {
    const display = run(t, args);
    assert.equal(await display.exitCode, 2);
    assert.equal(display.stderr(), `${sentence} See watchbridge event-display --help.\n`);
    assert.equal(display.stdout(), '');
  });
}

test('--help goes to standard output, exit code 0', async (t) => {
  const display = run(t, ['--help']);
  assert.equal(await display.exitCode, 0);
  assert.match(display.stdout(), /^Usage: watchbridge event-display /);
});

test('the environment switches the validation line and request logging on', async (t) => {
  const display = run(t, ['--port', '0'], { DISPLAY_VALIDATION: 'true', REQUEST_LOGGING_ENABLED: 'T' });
  await fetch(await addressOf(display), { method: 'POST', headers: EVENT });
  display.child.kill('SIGTERM');
  await display.exitCode;
  assert.equal(display.stdout(), BLOCK.replace('\n', '\nValidation: valid\n'));
  assert.match(
    display.stderr(),
    /^Request logging enabled, .*\nevent-display listens on .*\n\{\n {2}"method": "POST",\n/,
  );
});

test('without a reader of its output the display says so and ends with 1', async (t) => {
  const display = run(t, ['--port', '0']);
  const address = await addressOf(display);
  display.child.stdout.destroy();
  await fetch(address, { method: 'POST', headers: EVENT });
  assert.equal(await display.exitCode, 1);
  assert.match(display.stderr(), /event-display cannot write to standard output: write EPIPE\. It stops\.\n/);
});
