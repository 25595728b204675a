import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A small HTTP server for probes, metrics and the like. */
export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** The port cannot be listened on; the message is for the person who chose it. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** Listens on all addresses. Port 0 takes any free one. @throws ListenError */
export async function serve(options: { port: number; purpose: string; handler: RequestListener }): Promise<Listening> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, options.handler);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', (error: NodeJS.ErrnoException) => {
    const why = error.code === 'EADDRINUSE' ? 'another program listens there' : error.message;
    reject(new ListenError(`Port ${options.port} cannot be used for ${options.purpose}: ${why}.`, { cause: error }));
  });
  server.listen(options.port, resolve);
  await promise;
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}
