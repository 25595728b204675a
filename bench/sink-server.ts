import { createServer, type Socket } from 'node:net';
import type { Listening } from './messages.ts';
import { createRequestReader } from './requests.ts';

/** What a sink does with requests: hears of each, and answers those of one read together. */
interface Requests {
  /** `version` is NaN when the request has no `ce-resourceversion`. */
  onRequest(version: number, bodyBytes: number): void;
  /** At least one request ended in what was read; `answer` answers them with 204. */
  onRead(answer: () => void): void;
}

interface SinkServer {
  /** Ends all connections and refuses new ones. */
  down(): void;
  /** Takes connections again, at the same port. */
  up(): void;
}

const ANSWER = 'HTTP/1.1 204 No Content\r\n\r\n';

/**
 * Listens on 127.0.0.1 and tells the bench its port. It works on sockets, because node:http costs more per request than
 * the adapter that is measured.
 */
export function serveSink({ onRequest, onRead }: Requests): SinkServer {
  const sockets = new Set<Socket>();
  let port = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    const reader = createRequestReader(onRequest);
    socket.on('data', (chunk) => {
      const ended = reader.read(chunk);
      if (ended > 0) onRead(() => void (socket.destroyed || socket.write(ANSWER.repeat(ended), 'latin1')));
    });
    // A client that ends takes its connections with it; what it did not deliver shows in what the sink counts.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  const up = () =>
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('The sink listens on no TCP port.');
      port = address.port;
      process.send?.({ kind: 'listening', port } satisfies Listening);
    });
  up();
  return {
    up,
    down: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
