import { createServer } from 'node:net';
import type { Listening } from './messages.ts';
import { quantile } from './quantile.ts';

/**
 * The sink of the benchmark of PingSources, a process of its own: answers every request with 204 and keeps which events
 * came, and how long after their time. Asked about a time, it tells what came for it. It works on sockets, because
 * node:http costs as much as the adapter that is measured.
 */

/** To the sink: what came for this time, in milliseconds since the epoch? */
export interface AskMinute {
  readonly kind: 'minute';
  readonly time: number;
}

export interface Minute {
  readonly kind: 'minute';
  readonly time: number;
  /** Different events. */
  readonly events: number;
  /** Requests that brought an event again. */
  readonly twice: number;
  /** Milliseconds from the time until the first arrival of an event: of half of them, of 99 %, of the last. */
  readonly p50: number;
  readonly p99: number;
  readonly last: number;
}

interface Came {
  readonly ids: Set<string>;
  readonly delays: number[];
  twice: number;
}

const HEAD_END = '\r\n\r\n';
const ANSWER = 'HTTP/1.1 204 No Content\r\n\r\n';
const cameFor = new Map<number, Came>();

function take(head: string): void {
  const id = /\r\nce-id: (.*)\r\n/i.exec(head)?.[1] ?? '';
  // The id ends with the time by the schedule (docs/adr/0024-missed-pings.md).
  const time = Number(id.slice(id.lastIndexOf('.') + 1)) * 1_000;
  let came = cameFor.get(time);
  if (came === undefined) cameFor.set(time, (came = { ids: new Set(), delays: [], twice: 0 }));
  if (came.ids.has(id)) {
    came.twice++;
    return;
  }
  came.ids.add(id);
  came.delays.push(Date.now() - time);
}

/** Takes the requests that are complete. @returns how many there were, and what is left of the text */
function takeAll(text: string): readonly [number, string] {
  let [count, at] = [0, 0];
  for (;;) {
    const end = text.indexOf(HEAD_END, at);
    if (end < 0) break;
    const head = text.slice(at, end + 2);
    const next = end + HEAD_END.length + Number(/\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1] ?? 0);
    if (next > text.length) break;
    take(head);
    count++;
    at = next;
  }
  return [count, text.slice(at)];
}

const server = createServer((socket) => {
  socket.setNoDelay(true);
  let torn = '';
  socket.on('data', (chunk) => {
    const [count, rest] = takeAll(torn + chunk.toString('latin1'));
    torn = rest;
    if (count > 0 && !socket.destroyed) socket.write(ANSWER.repeat(count), 'latin1');
  });
  socket.on('error', () => socket.destroy());
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The sink listens on no TCP port.');
  process.send?.({ kind: 'listening', port: address.port } satisfies Listening);
});

process.on('message', ({ time }: AskMinute) => {
  const { ids, delays, twice } = cameFor.get(time) ?? { ids: new Set(), delays: [], twice: 0 };
  const [p50 = NaN, p99 = NaN, last = NaN] = [0.5, 0.99, 1].map((q) => quantile(delays, q));
  process.send?.({ kind: 'minute', time, events: ids.size, twice, p50, p99, last } satisfies Minute);
});
