import { monotonicMicroseconds } from './measure.ts';
import type { Report, SinkOptions, ToSink } from './messages.ts';
import { FIRST_VERSION } from './objects.ts';
import { serveSink } from './sink-server.ts';
import { createTally } from './tally.ts';

/** The sink of the benchmark, a process of its own: answers every request with 204 and keeps a tally. */
const options = JSON.parse(process.argv[2] ?? '{}') as SinkOptions;
const tally = createTally(options);
let awaited: number | undefined;
/** When the last new event came, in microseconds. */
let lastNew = monotonicMicroseconds();
let fresh = false;

function reportIfDone(): void {
  if (awaited === undefined) return;
  if (!tally.complete(awaited) && monotonicMicroseconds() - lastNew < options.patience * 1000) return;
  awaited = undefined;
  process.send?.({ kind: 'report', at: lastNew, ...tally.counts() } satisfies Report);
}

const server = serveSink({
  onRequest: (version, bodyBytes) => {
    if (tally.add(version - FIRST_VERSION, bodyBytes)) fresh = true;
  },
  onRead: (answer) => {
    if (fresh) lastNew = monotonicMicroseconds();
    fresh = false;
    if (options.delay === 0) answer();
    else setTimeout(answer, options.delay);
    reportIfDone();
  },
});

process.on('message', (message: ToSink) => {
  switch (message.kind) {
    case 'await':
      awaited = message.upTo;
      lastNew = monotonicMicroseconds();
      reportIfDone();
      return;
    case 'down':
      server.down();
      return;
    case 'up':
      server.up();
  }
});
setInterval(reportIfDone, options.patience / 20);
