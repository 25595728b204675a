import type { ClusterAccess, Credentials } from './access.ts';
import { discard } from './answer.ts';
import { type Connections, createConnectionPool } from './connections.ts';
import type { HttpAnswer } from './http.ts';
import { httpRequest, type KubeRequest } from './request.ts';

/** Sends requests with the credentials of the moment. */
export interface Exchange {
  /**
   * The answer, whatever its status. After a 401 the credentials are renewed and the request, which the server did not
   * act on, is sent once more; nothing else is ever repeated here.
   */
  send(request: KubeRequest, over: keyof Connections, signal: AbortSignal): Promise<HttpAnswer>;
  /** Ends all requests at once. */
  close(): Promise<void>;
}

export function createExchange(access: ClusterAccess, userAgent: string): Exchange {
  const pool = createConnectionPool();
  const server = new URL(access.server);

  async function renewed(refused: Credentials, signal: AbortSignal): Promise<Credentials> {
    const present = await access.credentials(signal);
    // Of the requests that were refused together, the first renews the credentials for all.
    if (present.authorization !== refused.authorization) return present;
    access.refresh();
    return access.credentials(signal);
  }

  return {
    async send(request, over, signal) {
      const sendAs = (credentials: Credentials) => {
        const options = httpRequest(request, credentials, { server, userAgent });
        return pool.for(credentials)[over].request({ ...options, signal });
      };
      const credentials = await access.credentials(signal);
      const answer = await sendAs(credentials);
      if (answer.statusCode !== 401) return answer;
      await discard(answer);
      return sendAs(await renewed(credentials, signal));
    },
    close: () => pool.close(),
  };
}
