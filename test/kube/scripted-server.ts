import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { ClusterAccess, Credentials } from '../../src/kube/access.ts';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';

/** An HTTP server on 127.0.0.1 that does as a test says, so that it can misbehave as no API server would. */
export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  /** All connections that were ever made to it. */
  readonly sockets: readonly Socket[];
  /** All requests so far, in order of arrival. */
  readonly requests: readonly http.IncomingMessage[];
  readonly server: http.Server | https.Server;
}

/** The server speaks TLS; with `clientsOf` it asks its clients for a certificate of that authority. */
interface ServerIdentity {
  readonly certPem: string;
  readonly keyPem: string;
  readonly clientsOf?: string;
}

export async function scriptedServer(
  handle: (request: http.IncomingMessage, response: http.ServerResponse) => void,
  identity?: ServerIdentity,
): Promise<ScriptedServer> {
  const requests: http.IncomingMessage[] = [];
  const sockets: Socket[] = [];
  const listener: http.RequestListener = (request, response) => {
    requests.push(request);
    handle(request, response);
  };
  const server = identity === undefined ? http.createServer(listener) : https.createServer(tlsOf(identity), listener);
  server.on(identity === undefined ? 'connection' : 'secureConnection', (socket: Socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `${identity === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    sockets,
    requests,
    server,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function tlsOf({ certPem: cert, keyPem: key, clientsOf }: ServerIdentity): https.ServerOptions {
  return { cert, key, ...(clientsOf !== undefined && { requestCert: true, ca: clientsOf }) };
}

/** Answers with JSON. */
export function answer(response: http.ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** Access to a server with fixed credentials. */
export function accessTo(server: string, credentials: Credentials = { tls: {} }): ClusterAccess {
  return { server, namespace: 'default', credentials: async () => credentials, refresh: () => {} };
}

/** A client that is closed at the end of the test. */
export function clientFor(t: TestContext, access: ClusterAccess): KubeClient {
  const client = createKubeClient(access, { userAgent: USER_AGENT });
  t.after(() => client.close());
  return client;
}

export const USER_AGENT = 'watchbridge-test/1';

/** A signal that nobody aborts. */
export function never(): AbortSignal {
  return new AbortController().signal;
}
