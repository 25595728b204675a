import { once } from 'node:events';
import type { Server } from 'node:http';
import process from 'node:process';
import { createDisplayServer } from '../display/receive.ts';
import { REQUEST_LOGGING_WARNING } from '../display/request-log.ts';
import { systemClock } from '../process/clock.ts';
import { readFlags } from './flags.ts';

const HELP = `Usage: watchbridge event-display [--port 8080]

Receives CloudEvents over HTTP, on every path, and prints each one to standard
output.

  --port N    the port to listen on, 0 for any free one (default 8080)
  -h, --help  print this

Environment:
  REQUEST_LOGGING_ENABLED=true  write every request to standard error
  DISPLAY_VALIDATION=true       print the line "Validation: valid", as eventing 0.22
                                and older did
`;
/** How long requests in hand may take after the stop signal, in milliseconds: within the 30 s that a Pod is given. */
const GRACE = 20_000;

/**
 * Prints the CloudEvents that it receives, as Knative's event_display does, until `signal` is aborted; then it
 * finishes the requests in hand. Answers with the exit code: 0, 1 where it cannot listen or write, 2 for wrong flags.
 */
export async function eventDisplay(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<number> {
  const flags = readFlags(argv, { port: { type: 'string', default: '8080' } }, { arguments: 'none' });
  switch (flags.is) {
    case 'help':
      process.stdout.write(HELP);
      return 0;
    case 'wrong':
      return misused(flags.sentence);
    case 'run': {
      const { port } = flags.values;
      if (!/^\d+$/.test(port) || Number(port) > 65_535) {
        return misused(`--port must be a number from 0 to 65535, but is "${port}".`);
      }
      return await run(Number(port), env, signal);
    }
  }
}

function misused(sentence: string): number {
  say(`${sentence} See watchbridge event-display --help.`);
  return 2;
}

async function run(port: number, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  const { stdout, stderr } = process;
  const logRequests = isTrue(env['REQUEST_LOGGING_ENABLED']);
  if (logRequests) say(REQUEST_LOGGING_WARNING);
  const broken = new AbortController();
  stdout.on('error', (error) => {
    if (!broken.signal.aborted) say(`event-display cannot write to standard output: ${error.message}. It stops.`);
    broken.abort();
  });
  const server = createDisplayServer({
    stdout,
    stderr,
    logRequests,
    validationLine: isTrue(env['DISPLAY_VALIDATION']),
  });
  const failure = await listen(server, port);
  if (failure !== undefined) {
    say(failure);
    return 1;
  }
  const address = server.address();
  say(`event-display listens on http://0.0.0.0:${typeof address === 'object' ? address?.port : address}`);
  await abortOf(AbortSignal.any([signal, broken.signal]));
  await close(server);
  return broken.signal.aborted ? 1 : 0;
}

/** Listens on every address of the machine. Answers with a sentence where that fails. */
async function listen(server: Server, port: number): Promise<string | undefined> {
  try {
    server.listen(port);
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'another process listens there' : message;
    return `event-display cannot listen on port ${port}: ${reason}. Choose another port with --port.`;
  }
}

/** Takes no more connections and waits for the requests in hand, for {@link GRACE} at most. */
async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  const done = new AbortController();
  await Promise.race([closed, systemClock.sleep(GRACE, done.signal)]);
  done.abort();
  server.closeAllConnections();
}

async function abortOf(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** The forms of true that Go's `strconv.ParseBool` takes. */
function isTrue(value: string | undefined): boolean {
  return ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value ?? '');
}

function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}
