import type { Agent, ClientRequestArgs } from 'node:http';
import type { OnReadOpts } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * Lets all connections of `agent` read into `buffer`. Else each read takes memory of its own, 64 KB, for what mostly is
 * much less; that leaves the memory in holes (5 MB for a list of 100,000 objects). The parser of HTTP copies what
 * belongs to a body and keeps nothing else, so the buffer is free again when it has seen the bytes. Under TLS they are
 * decrypted into it.
 */
export function readingInto<A extends Agent>(buffer: Buffer, agent: A): A {
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, connected) => {
    const onread: OnReadOpts = {
      buffer,
      callback: (length) => {
        socket?.emit('data', buffer.subarray(0, length));
        return true;
      },
    };
    // The options of a connection are those of net.connect, which the types of an agent do not say.
    const withBuffer: ClientRequestArgs & { readonly onread: OnReadOpts } = { ...options, onread };
    const socket: Duplex | null | undefined = connect(withBuffer, connected);
    return socket;
  };
  return agent;
}
