import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Scope } from './scope.ts';

/** What happens to a connection. */
export type Rule =
  | 'pass'
  /** It stays open, and no byte passes either way. */
  | 'stall'
  /** It is reset at once, be it new or open. */
  | 'refuse'
  /** It is reset after so many bytes have passed to the client. */
  | { readonly cutAfter: number };

/** A connection that was made through the proxy. */
export interface Connection {
  readonly open: boolean;
  /** How many bytes have passed to the client. */
  readonly bytes: number;
  /** Changes what happens to it from here on. */
  obey(rule: Rule): void;
}

/** Passes bytes between a client and a server as they are, TLS included, and fails where it is told to. */
export interface TcpProxy {
  /** Where it stands for the server, with the server's scheme. */
  readonly url: string;
  /** All connections so far, in the order they were made. */
  readonly connections: readonly Connection[];
  /** How many of them were cut or refused by a rule. */
  readonly broken: number;
  /** Decides what happens to each new connection; the number counts connections from 0. At first: pass. */
  rule(decide: (number: number) => Rule): void;
  /** Has all open connections obey. */
  obey(rule: Rule): void;
}

/** Starts a proxy to `server`, a URL with a port, that ends with the test. */
export async function tcpProxy(t: Scope, server: string): Promise<TcpProxy> {
  const { protocol, hostname, port } = new URL(server);
  const connections: Connection[] = [];
  let decide: (number: number) => Rule = () => 'pass';
  let broken = 0;
  const listener = createServer((client) => {
    const connection = join(client, connect(Number(port), hostname), () => {
      broken++;
    });
    connections.push(connection);
    connection.obey(decide(connections.length - 1));
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  t.after(() => {
    listener.close();
    for (const connection of connections) connection.obey('refuse');
  });
  return {
    url: `${protocol}//127.0.0.1:${(listener.address() as AddressInfo).port}`,
    connections,
    get broken() {
      return broken;
    },
    rule: (next) => {
      decide = next;
    },
    obey: (rule) => {
      for (const connection of connections) connection.obey(rule);
    },
  };
}

function join(client: Socket, server: Socket, onBroken: () => void): Connection {
  let stalled = false;
  let bytes = 0;
  /** How many bytes may still pass to the client. */
  let left = Number.POSITIVE_INFINITY;
  const breakOff = (): void => {
    if (client.destroyed) return;
    onBroken();
    client.resetAndDestroy();
    server.resetAndDestroy();
  };
  const pump = (from: Socket, to: Socket, most: () => number): void => {
    from.on('data', (chunk: Buffer) => {
      const allowed = chunk.subarray(0, most());
      if (to === client) {
        bytes += allowed.length;
        left -= allowed.length;
      }
      if (allowed.length < chunk.length) to.write(allowed, breakOff);
      else if (!to.write(allowed)) from.pause();
    });
    to.on('drain', () => {
      if (!stalled) from.resume();
    });
    from.on('end', () => to.end());
    // Whatever ends one side ends the other: an error is followed by a close.
    from.on('error', () => undefined);
    from.on('close', () => to.destroy());
  };
  pump(client, server, () => Number.POSITIVE_INFINITY);
  pump(server, client, () => left);
  return {
    get open() {
      return !client.destroyed;
    },
    get bytes() {
      return bytes;
    },
    obey: (rule) => {
      if (rule === 'refuse') {
        breakOff();
        return;
      }
      stalled = rule === 'stall';
      left = typeof rule === 'string' ? Number.POSITIVE_INFINITY : rule.cutAfter;
      for (const socket of [client, server]) {
        if (stalled) socket.pause();
        else socket.resume();
      }
    },
  };
}
