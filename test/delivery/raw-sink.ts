import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import type { Identity } from '../controlplane/certificates.ts';

/** A request as its bytes were. */
export interface RawRequest {
  /** The request line and the headers as they were sent, a line each. */
  readonly lines: readonly string[];
  readonly body: string;
}

/** A server that reads requests and answers with whatever bytes a test likes. */
export interface RawSink {
  readonly url: URL;
  readonly requests: readonly RawRequest[];
  /** All connections that were ever made to it. */
  readonly sockets: readonly Socket[];
}

/** Does something to a connection on which request `number` (from 0, over all connections) has come. */
export type Script = (socket: Socket, number: number, request: RawRequest) => void;

/** Starts a sink on 127.0.0.1 that ends with the test. With an identity it speaks TLS. */
export async function rawSink(t: TestContext, script: Script, identity?: Identity): Promise<RawSink> {
  const requests: RawRequest[] = [];
  const sockets: Socket[] = [];
  const take = (socket: Socket): void => {
    sockets.push(socket);
    let bytes = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      for (let end = endOfRequest(bytes); end !== undefined; end = endOfRequest(bytes)) {
        const request = requestIn(bytes.subarray(0, end));
        bytes = bytes.subarray(end);
        requests.push(request);
        script(socket, requests.length - 1, request);
      }
    });
  };
  const server =
    identity === undefined
      ? createServer(take)
      : createTlsServer({ cert: identity.certPem, key: identity.keyPem }, take).on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`http${identity === undefined ? '' : 's'}://127.0.0.1:${port}/`), requests, sockets };
}

/** Starts a server that answers the first bytes of whatever is sent to it with `bytes`. */
export async function hastySink(t: TestContext, bytes: string): Promise<URL> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(bytes));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

/** Writes an answer and keeps the connection: `answer('204 No Content')`. */
export function answer(status: string, headers: readonly string[] = ['Content-Length: 0'], body = ''): Script {
  return (socket) => socket.write([`HTTP/1.1 ${status}`, ...headers, '', body].join('\r\n'));
}

function endOfRequest(bytes: Buffer): number | undefined {
  const endOfHead = bytes.indexOf('\r\n\r\n');
  if (endOfHead < 0) return undefined;
  const length = /^content-length: *(\d+)$/im.exec(bytes.toString('latin1', 0, endOfHead))?.[1] ?? '0';
  const end = endOfHead + 4 + Number(length);
  return bytes.length < end ? undefined : end;
}

function requestIn(bytes: Buffer): RawRequest {
  const endOfHead = bytes.indexOf('\r\n\r\n');
  return { lines: bytes.toString('latin1', 0, endOfHead).split('\r\n'), body: bytes.toString('utf8', endOfHead + 4) };
}
