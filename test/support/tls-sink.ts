import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority, issueServer } from '../controlplane/certificates.ts';
import type { Scope } from './scope.ts';

/** A place for events on 127.0.0.1 that speaks TLS, and takes what comes. */
export interface TlsSink {
  readonly url: string;
  /** Of the authority that signed its certificate. */
  readonly caPem: string;
  /** The headers of each request. */
  readonly received: readonly IncomingHttpHeaders[];
}

/** Starts a sink that ends with the test. */
export async function tlsSink(t: Scope): Promise<TlsSink> {
  const authority = createAuthority();
  const { certPem, keyPem } = issueServer(authority, ['127.0.0.1']);
  const received: IncomingHttpHeaders[] = [];
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
    request.resume().once('end', () => {
      received.push(request.headers);
      response.writeHead(202).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `https://127.0.0.1:${port}/`, caPem: authority.certPem, received };
}
