import { createServer, type Socket } from 'node:net';
import { monotonicMicroseconds } from './measure.ts';
import type { Await, Listening, Report, SinkOptions } from './messages.ts';
import { FIRST_VERSION } from './objects.ts';
import { createRequestReader } from './requests.ts';
import { createTally } from './tally.ts';

/**
 * The sink of the benchmark, a process of its own: answers every request with 204 and keeps a tally. It works on
 * sockets, because node:http costs more per request than the adapter that is measured.
 */
const ANSWER = 'HTTP/1.1 204 No Content\r\n\r\n';

const options = JSON.parse(process.argv[2] ?? '{}') as SinkOptions;
const tally = createTally(options);
let awaited: number | undefined;
/** When the last new event came, in microseconds. */
let lastNew = monotonicMicroseconds();

function reportIfDone(): void {
  if (awaited === undefined) return;
  if (!tally.complete(awaited) && monotonicMicroseconds() - lastNew < options.patience * 1000) return;
  awaited = undefined;
  process.send?.({ kind: 'report', at: lastNew, ...tally.counts() } satisfies Report);
}

function serve(socket: Socket): void {
  socket.setNoDelay(true);
  let fresh = false;
  const reader = createRequestReader((version, bodyBytes) => {
    if (tally.add(version - FIRST_VERSION, bodyBytes)) fresh = true;
  });
  socket.on('data', (chunk) => {
    const ended = reader.read(chunk);
    if (ended === 0) return;
    if (fresh) lastNew = monotonicMicroseconds();
    fresh = false;
    if (options.delay === 0) socket.write(ANSWER.repeat(ended), 'latin1');
    else setTimeout(() => socket.write(ANSWER.repeat(ended), 'latin1'), options.delay);
    reportIfDone();
  });
  // A client that ends takes its connections with it; what it did not deliver shows in the tally.
  socket.on('error', () => socket.destroy());
}

process.on('message', ({ upTo }: Await) => {
  awaited = upTo;
  lastNew = monotonicMicroseconds();
  reportIfDone();
});
setInterval(reportIfDone, options.patience / 20);

const server = createServer(serve);
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The sink listens on no TCP port.');
  process.send?.({ kind: 'listening', port: address.port } satisfies Listening);
});
