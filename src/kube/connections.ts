import { isDeepStrictEqual } from 'node:util';
import type { Transport } from './access.ts';
import { createDispatcher, type Dispatcher } from './http.ts';
import { createStreamDispatcher } from './http-stream.ts';
import { createProxiedDispatcher } from './proxied.ts';

/** The connections that a client holds to its API server. */
export interface Connections {
  /** For requests that end soon: few connections, kept open between requests. */
  readonly requests: Dispatcher;
  /** For streams: a connection each, so that a stream which nobody reads cannot stall another. */
  readonly watches: Dispatcher;
}

export interface ConnectionPool {
  /** The connections for this transport. Others, for an older one, close when the last stream on them has ended. */
  for(transport: Transport): Connections;
  /** Ends all connections at once, whatever they carry. */
  close(): Promise<void>;
}

const REQUEST_CONNECTIONS = 8;
const CONNECT_TIMEOUT_MS = 10_000;
/** For the headers of an answer, and between two pieces of its body. A LIST can keep the server busy for seconds. */
const ANSWER_TIMEOUT_MS = 30_000;
/** Below the 90 s after which an API server closes an idle connection, so that no request meets a closing one. */
const KEEP_ALIVE_MS = 45_000;
/** Load balancers drop connections that are silent for 60 s or more; client-go probes as often. */
const TCP_KEEP_ALIVE_MS = 30_000;

const LIMITS = {
  connectTimeout: CONNECT_TIMEOUT_MS,
  headersTimeout: ANSWER_TIMEOUT_MS,
  keepAliveTimeout: KEEP_ALIVE_MS,
  tcpKeepAlive: TCP_KEEP_ALIVE_MS,
};

export function createConnectionPool(): ConnectionPool {
  let current: { readonly transport: Transport; readonly connections: Connections } | undefined;
  const open = new Set<Dispatcher>();

  function openFor(transport: Transport): Connections {
    const connections = { requests: forRequests(transport), watches: forWatches(transport) };
    open.add(connections.requests).add(connections.watches);
    return connections;
  }

  async function retire(it: Dispatcher): Promise<void> {
    await it.close();
    open.delete(it);
  }

  return {
    for({ tls, proxy }) {
      const transport = proxy === undefined ? { tls } : { tls, proxy };
      if (current !== undefined && isDeepStrictEqual(current.transport, transport)) return current.connections;
      const old = current?.connections;
      current = { transport, connections: openFor(transport) };
      if (old !== undefined) void Promise.allSettled([retire(old.requests), retire(old.watches)]);
      return current.connections;
    },
    async close() {
      await Promise.all([...open].map((it) => it.destroy()));
      open.clear();
    },
  };
}

function forRequests({ tls, proxy }: Transport): Dispatcher {
  const limits = { ...LIMITS, connections: REQUEST_CONNECTIONS, bodyTimeout: ANSWER_TIMEOUT_MS };
  return proxy === undefined ? createDispatcher(tls, limits) : createProxiedDispatcher(proxy, tls, limits);
}

/** How long a stream may be silent is for its reader to say. */
function forWatches({ tls, proxy }: Transport): Dispatcher {
  if (proxy === undefined) return createStreamDispatcher(tls, LIMITS);
  return createProxiedDispatcher(proxy, tls, { ...LIMITS, connections: null, bodyTimeout: 0 });
}
