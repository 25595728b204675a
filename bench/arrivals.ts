import { monotonicMicroseconds } from './measure.ts';
import type { Arrivals } from './messages.ts';
import { serveSink } from './sink-server.ts';

/**
 * The sink of the latency benchmark, a process of its own: answers every request with 204 and keeps when it came. Asked
 * for anything, it reports what came since it was asked before.
 */
let came: [version: number, at: number][] = [];

serveSink({
  onRequest: (version) => void came.push([version, monotonicMicroseconds()]),
  onRead: (answer) => answer(),
});

process.on('message', () => {
  process.send?.({ kind: 'arrivals', came } satisfies Arrivals);
  came = [];
});
