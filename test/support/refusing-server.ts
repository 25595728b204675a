import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { claimPort } from '../controlplane/ports.ts';
import type { Scope } from './scope.ts';

/** An HTTP server on 127.0.0.1 that can be away: nobody else is given its port meanwhile. */
export interface RefusingServer {
  readonly url: string;
  /** Ends all connections and refuses new ones, until `listen`. */
  refuse(): Promise<void>;
  /** Takes connections again. */
  listen(): Promise<void>;
}

/** Starts a server that ends with the test. */
export async function refusingServer(scope: Scope, handle: RequestListener): Promise<RefusingServer> {
  const server = createServer(handle);
  const port = await claimPort();
  const listen = async (): Promise<void> => {
    if (server.listening) return;
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const refuse = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  await listen();
  scope.after(refuse);
  return { url: `http://127.0.0.1:${port}/`, refuse, listen };
}

/** The body of a request; undefined where the sender went away before its end. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}
